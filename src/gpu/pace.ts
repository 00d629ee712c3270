// How long the calls of a plan take on this adapter, so that smooth mode can cut runs into short submits.
import type { Call } from "../plan/tape.ts";
import { flopsOf } from "../plan/work.ts";

/** No submit should hold the GPU for longer: half a frame at 60 Hz. */
export const SMOOTH_MS = 8;
/** Submits are planned this full, because clocks and neighbours make the same call now faster, now slower. */
const FILL = 0.75;
/** Until something was measured the adapter counts as a slow one: 50 GFLOP/s. */
const FIRST_RATE = 1 / 50e6;
/** What a call takes however little it does. */
const CALL_MS = 0.005;
/** Timing by the clock ends after so much measured time, or so many runs. */
const ENOUGH_MS = 500;
const ENOUGH_RUNS = 16;

/** What is known about the time of one plan's calls. */
export interface Timing {
  /** operations of each call */
  readonly work: Float64Array;
  /** operations of the whole plan */
  readonly total: number;
  /** milliseconds of each call: estimated, later measured */
  readonly costs: Float64Array;
  /** the rate that `costs` was estimated with; NaN once measured */
  rate: number;
  runs: number;
  /** a measurement was made or is under way */
  timed: boolean;
}

/** Keeps the rate of one adapter. Estimates improve while plans run; nothing ever waits for them. */
export class Pace {
  /** milliseconds that smooth mode plans for one submit */
  readonly limit = FILL * SMOOTH_MS;
  private rate = FIRST_RATE;
  private milliseconds = 0;
  private work = 0;
  private observed = 0;
  private latest = 0;

  /** Timing of a plan that has not run. */
  timing(calls: readonly Call[]): Timing {
    const work = Float64Array.from(calls, flopsOf);
    const total = work.reduce((sum, value) => sum + value, 0);
    const costs = new Float64Array(work.length);
    return { work, total, costs, rate: 0, runs: 0, timed: false };
  }

  /** Milliseconds of each call, by the newest knowledge. */
  costs(timing: Timing): Float64Array {
    if (!Number.isNaN(timing.rate) && timing.rate !== this.rate) {
      timing.rate = this.rate;
      for (let i = 0; i < timing.costs.length; i++) {
        timing.costs[i] = CALL_MS + (timing.work[i] ?? 0) * this.rate;
      }
    }
    return timing.costs;
  }

  /** Puts measured milliseconds in the place of a plan's estimates. */
  measured(timing: Timing, milliseconds: Float64Array): void {
    // Browsers round time stamps to 0.1 ms: right in the sum, and 0 for many a short call.
    for (let i = 0; i < timing.costs.length; i++) {
      timing.costs[i] = Math.max(CALL_MS, milliseconds[i] ?? 0);
    }
    timing.rate = NaN;
    this.learn(
      milliseconds.reduce((sum, value) => sum + value, 0),
      timing.total,
    );
  }

  /** Whether runs should still be timed by the clock. */
  get watching(): boolean {
    return this.milliseconds < ENOUGH_MS && this.observed < ENOUGH_RUNS;
  }

  /** A run of `work` operations was submitted and finished at these times of the host's clock. */
  observe(work: number, submitted: number, finished: number): void {
    this.observed++;
    const elapsed = finished - Math.max(submitted, this.latest);
    this.latest = finished;
    this.learn(elapsed, work);
  }

  private learn(milliseconds: number, work: number): void {
    this.milliseconds += milliseconds;
    this.work += work;
    if (this.work > 0) this.rate = this.milliseconds / this.work;
  }
}
