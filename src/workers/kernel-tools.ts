// The worker's side of the kernels page: reads, checks, times and tunes the kernels of the open engine.
import { Executor } from "../gpu/executor.ts";
import { measurePeak } from "../gpu/peak.ts";
import type { Peak } from "../gpu/peak.ts";
import { tune } from "../gpu/tuner.ts";
import type { Candidate, Tuning } from "../gpu/tuner.ts";
import { programOf, variantsOf } from "../gpu/variants.ts";
import type { Engine } from "../plan/engine.ts";
import { checkCall } from "./kernel-check.ts";
import { measurePlan } from "./kernel-measure.ts";
import type {
  KernelApi,
  KernelCheck,
  KernelReport,
  PlanMeasure,
  TuneResult,
} from "./kernel-protocol.ts";
import { kindsOf, plansOf, reportOf, traitsOfEngine } from "./kernel-report.ts";
import type { Kind } from "./kernel-report.ts";

export class KernelTools implements KernelApi {
  private readonly engineOf: () => Engine;
  private readonly running: () => boolean;
  private readonly found = new Map<string, readonly Candidate[]>();
  private peak: Promise<Peak> | undefined;
  private stopping = new AbortController();

  /** @param running whether a run is going on, whose times and weights must be left alone */
  constructor(engineOf: () => Engine, running: () => boolean) {
    this.engineOf = engineOf;
    this.running = running;
  }

  /** Keeps what a tuner found, to be shown. */
  remember({ tuned }: Pick<Tuning, "tuned">): void {
    for (const { key, candidates } of tuned) this.found.set(key, candidates);
  }

  async report(): Promise<KernelReport> {
    return reportOf(this.engineOf(), this.found);
  }

  async code(kernel: string, key: string, title: string): Promise<string> {
    const engine = this.engineOf();
    const { call } = this.kind(kernel, (kind) => kind.key === key);
    const traits = traitsOfEngine(engine);
    const variant = variantsOf(call, traits).find((other) => other.title === title);
    return programOf(call, traits, variant).code;
  }

  async check(kernel: string): Promise<KernelCheck> {
    this.refuseDuringRun();
    return checkCall(this.engineOf(), this.kind(kernel).call);
  }

  async measure(label: string): Promise<PlanMeasure> {
    this.refuseDuringRun();
    const engine = this.engineOf();
    const plan = plansOf(engine).find((other) => other.label === label);
    if (plan === undefined) {
      throw new RangeError(`Kernels: there is no plan "${label}" any more; open the page again.`);
    }
    return measurePlan(engine, plan, await this.peakOf(engine));
  }

  async tune(onProgress: (done: number, total: number) => void): Promise<TuneResult> {
    this.refuseDuringRun();
    const engine = this.engineOf();
    if (!(engine instanceof Executor)) {
      throw new Error("Kernels: the CPU engine has one program per kernel; nothing was tuned.");
    }
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    const calls = engine.compiledCalls();
    const tuning = await tune(engine, calls, { budget: Infinity, signal, onProgress });
    this.remember(tuning);
    const { left, changed, milliseconds } = tuning;
    return { tuned: tuning.tuned.length, left, changed, milliseconds };
  }

  async stopTuning(): Promise<void> {
    this.stopping.abort();
  }

  /** The largest kind of call of a kernel that fits. @throws RangeError when there is none */
  private kind(kernel: string, fits: (kind: Kind) => boolean = () => true): Kind {
    const kinds = kindsOf(plansOf(this.engineOf()));
    const found = kinds.find((kind) => kind.call.kernel.name === kernel && fits(kind));
    if (found !== undefined) return found;
    throw new RangeError(`Kernels: no compiled plan calls ${kernel} like this; nothing was run.`);
  }

  private refuseDuringRun(): void {
    if (this.running()) throw new Error("Kernels: a run is going on; pause it first.");
  }

  /** Measured once; a failure is not remembered. */
  private peakOf(engine: Engine): Promise<Peak> | null {
    if (!(engine instanceof Executor)) return null;
    this.peak ??= measurePeak(engine.gpu).catch((error: unknown) => {
      this.peak = undefined;
      throw error;
    });
    return this.peak;
  }
}
