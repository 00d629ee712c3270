// What every section of the bench works with: the engine, its limits of time, and what was left out.
import type { CompiledPlan, Engine } from "../../src/plan/engine.ts";
import type { Call } from "../../src/plan/tape.ts";
import { Executor } from "../../src/gpu/executor.ts";
import { tune } from "../../src/gpu/tuner.ts";
import type { TuningCache } from "../../src/gpu/tuner.ts";
import { measurePlans } from "./measure.ts";
import type { Limits, Timing } from "./measure.ts";
import type { Peak } from "./peak.ts";
import type { Table } from "./table.ts";

/** One part of the bench. */
export interface Section {
  readonly name: string;
  /** one line for the help */
  readonly help: string;
  run(bench: Bench): Promise<Table[]>;
}

export interface BenchOptions {
  readonly limits: Limits;
  /** adds the sizes that take minutes on a software adapter */
  readonly large: boolean;
  /** for everything together */
  readonly minutes: number;
}

/** Choices of this run alone. */
function memoryCache(): TuningCache {
  const titles = new Map<string, string>();
  return {
    get: (key) => Promise.resolve(titles.get(key)),
    set: (key, title) => Promise.resolve(void titles.set(key, title)),
  };
}

/** A row whose time is foreseen to be longer than what is left runs this often at least. */
const RUNS = 3;

/** An engine, and how to let go of its memory. */
export interface Opened {
  readonly engine: Engine;
  readonly kind: "gpu" | "cpu";
  /** computed by the processor, so that its time is the steadier measure */
  readonly software: boolean;
  readonly destroy: () => void;
}

export class Bench {
  readonly options: BenchOptions;
  /** measured peak of the adapter; undefined on the CPU engine, for which none is measured */
  readonly peak: Peak | undefined;
  private opened: Opened;
  private readonly open: () => Promise<Opened>;
  private readonly cache: TuningCache;
  private readonly until: number;
  private readonly left: string[] = [];
  /** slowest rate seen so far in operations per millisecond */
  private rate = Infinity;
  /** milliseconds that the latest tuning took; next to nothing where the choices were known */
  private tuning = 0;

  constructor(
    first: {
      readonly opened: Opened;
      readonly peak: Peak | undefined;
      readonly open: () => Promise<Opened>;
      /** keeps the choices of the tuning from run to run */
      readonly cache?: TuningCache | undefined;
    },
    options: BenchOptions,
  ) {
    this.opened = first.opened;
    this.open = first.open;
    this.cache = first.cache ?? memoryCache();
    this.peak = first.peak;
    this.options = options;
    this.until = performance.now() + 60000 * options.minutes;
  }

  get engine(): Engine {
    return this.opened.engine;
  }

  get kind(): "gpu" | "cpu" {
    return this.opened.kind;
  }

  get software(): boolean {
    return this.opened.software;
  }

  /** Lets go of everything that the last section made, and opens the same engine again. */
  async fresh(): Promise<void> {
    this.close();
    this.opened = await this.open();
  }

  close(): void {
    this.opened.destroy();
  }

  /** Chooses the kernels of plans by measurement, as the page does on a GPU. */
  async tune(plans: readonly CompiledPlan[]): Promise<void> {
    const started = performance.now();
    await this.tuneCalls(plans.flatMap((plan) => [...plan.calls]));
    this.tuning = performance.now() - started;
  }

  /** The same for calls of plans that are not compiled yet; what is chosen outlives `fresh`. */
  async tuneCalls(calls: readonly Call[]): Promise<void> {
    const { engine, cache } = this;
    if (engine instanceof Executor) await tune(engine, calls, { budget: Infinity, cache });
  }

  /** Times tuned plans that do so many operations, and remembers the rate. */
  async time(plans: readonly CompiledPlan[], flops: number): Promise<Timing> {
    await this.tune(plans);
    const timing = await measurePlans(this.engine, plans, this.options.limits);
    this.learn(flops, timing.median);
    return timing;
  }

  /** Remembers that `flops` operations took so many milliseconds. Small work says nothing about large work. */
  learn(flops: number, milliseconds: number): void {
    if (flops > 1e8) this.rate = Math.min(this.rate, flops / milliseconds);
  }

  /** Whether work of so many operations fits into the time left; what does not is reported, never dropped silently. */
  fits(what: string, flops: number): boolean {
    const left = this.until - performance.now();
    const foreseen = this.tuning + (RUNS * flops) / this.rate;
    if (left > 0 && foreseen < left) return true;
    const seconds = (ms: number): string => Math.max(0, ms / 1000).toFixed(0);
    this.leaveOut(
      what,
      `it needs about ${seconds(foreseen)} s at the rate and with the tuning seen so far, and ${seconds(left)} s are left of --minutes ${String(this.options.minutes)}`,
    );
    return false;
  }

  leaveOut(what: string, why: string): void {
    this.left.push(`Left out: ${what}, because ${why}.`);
  }

  /** What was left out since the last call. */
  takeLeftOut(): string[] {
    return this.left.splice(0);
  }

  /** Share of the measured peak in per cent, where there is one. */
  ofPeak(flops: number, timing: Pick<Timing, "median" | "cpu">): Record<string, number> {
    const { peak } = this;
    if (peak === undefined) return {};
    return { "% of peak": (100 * flops) / this.busy(timing) / 1e6 / peak.gflops };
  }

  /** Share of the measured bandwidth in per cent, where there is one. */
  ofBandwidth(bytes: number, timing: Pick<Timing, "median" | "cpu">): Record<string, number> {
    const { peak } = this;
    if (peak === undefined) return {};
    return { "% of bandwidth": (100 * bytes) / this.busy(timing) / 1e6 / peak.gigabytes };
  }

  /** The milliseconds that shares count: those of the clock that the peak was measured with. */
  private busy({ median, cpu }: Pick<Timing, "median" | "cpu">): number {
    return this.peak?.perCpuSecond === true ? cpu : median;
  }
}

/** Columns of a timing. */
export function timed({ min, median, cpu, repeats }: Timing): Record<string, number> {
  return { "min ms": min, "median ms": median, "CPU ms": cpu, repeats };
}

/** Billions of operations per second. */
export function gflops(flops: number, { median }: Timing): number {
  return flops / median / 1e6;
}
