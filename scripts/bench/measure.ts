// Timing of repeated work: one untimed run, then a bounded number of repeats; never an unbounded loop.
import type { CompiledPlan, Engine } from "../../src/plan/engine.ts";
import { theHost } from "./host.ts";

/** Milliseconds of one run of some work. */
export interface Timing {
  readonly min: number;
  readonly median: number;
  /** mean processor time, a software adapter's threads included; it survives a busy machine */
  readonly cpu: number;
  /** timed samples; each may hold several runs where a run is short */
  readonly repeats: number;
}

export interface Limits {
  /** most samples */
  readonly repeats: number;
  /** no further sample starts after so many seconds; the first one always does */
  readonly seconds: number;
}

/** A sample lasts about so long at least, so that the clock and the submit do not show. */
const SAMPLE_MS = 20;
const MOST_RUNS = 200;
/** A coarse clock of processor time is read over so many of its steps at least. */
const CLOCK_STEPS = 20;

/** Middle of the sorted values; the mean of both middles when their number is even. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return NaN;
  return ((sorted[Math.ceil(half) - 1] ?? NaN) + (sorted[Math.floor(half)] ?? NaN)) / 2;
}

/** Times `work`, which must have finished when its promise resolves. The warm-up is the caller's. */
export async function measure(work: () => Promise<unknown>, limits: Limits): Promise<Timing> {
  const samples: number[] = [];
  const host = theHost();
  const used = await host.cpuMs();
  const started = performance.now();
  const wanted = (): boolean => {
    const elapsed = performance.now() - started;
    if (elapsed >= 1000 * limits.seconds) return false;
    // one busy core moves the clock by `elapsed`
    return samples.length < limits.repeats || elapsed < CLOCK_STEPS * host.cpuStep;
  };
  do {
    const from = performance.now();
    await work();
    samples.push(performance.now() - from);
  } while (wanted());
  const cpu = ((await host.cpuMs()) - used) / samples.length;
  return { min: Math.min(...samples), median: median(samples), cpu, repeats: samples.length };
}

/**
 * Times one run of plans on an engine. The first run is not timed, because drivers finish compiling in it.
 * Short plans run several times per sample, and the time is divided.
 */
export async function measurePlans(
  engine: Engine,
  plans: readonly CompiledPlan[],
  limits: Limits,
): Promise<Timing> {
  const once = async (): Promise<number> => {
    const from = performance.now();
    engine.run(...plans);
    await engine.idle();
    return performance.now() - from;
  };
  await once();
  const second = await once();
  const runs = Math.max(1, Math.min(MOST_RUNS, Math.floor(SAMPLE_MS / Math.max(second, 1e-3))));
  const many = Array.from({ length: runs }, () => plans).flat();
  const timing = await measure(async () => {
    engine.run(...many);
    await engine.idle();
  }, limits);
  const { min, median: middle, cpu, repeats } = timing;
  return { min: min / runs, median: middle / runs, cpu: cpu / runs, repeats };
}
