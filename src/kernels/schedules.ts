// Schedules: learning rates as functions of the step, and the adaptive KL controller on host and GPU.
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

export interface CosineSchedule {
  readonly peak: number;
  /** steps until the rate rests at its final value */
  readonly total: number;
  /** final rate as a fraction of the peak */
  readonly finalFraction: number;
  /** steps of linear warm-up; default 0 */
  readonly warmup?: number;
  /** rate of step 0 as a fraction of the peak, when there is a warm-up; default 0 */
  readonly warmupStart?: number;
}

/** Learning rate of step 0, 1, …: linear warm-up, then half a cosine (Loshchilov & Hutter 2017, eq. 5). */
export function cosineLr(step: number, schedule: CosineSchedule): number {
  const { peak, total, finalFraction, warmup = 0, warmupStart = 0 } = schedule;
  if (step < warmup) return peak * (warmupStart + ((1 - warmupStart) * step) / warmup);
  const u = total > warmup ? Math.min(1, (step - warmup) / (total - warmup)) : 1;
  return peak * (finalFraction + (1 - finalFraction) * 0.5 * (1 + Math.cos(Math.PI * u)));
}

export interface PpoSchedule {
  readonly peak: number;
  /** iterations until the peak is reached (InstructGPT C.4: 10) */
  readonly warmup: number;
  /** rate of iteration 0 as a fraction of the peak (InstructGPT C.4: 0.1) */
  readonly start: number;
}

/** Learning rate of PPO iteration 0, 1, …: linear warm-up, then constant (InstructGPT C.4). */
export function ppoLr(iteration: number, { peak, warmup, start }: PpoSchedule): number {
  if (warmup <= 0) return peak;
  return peak * Math.min(1, start + ((1 - start) * iteration) / warmup);
}

export interface LinearDecay {
  /** iterations of a run; a run that goes on begins the schedule again */
  readonly total: number;
  /** share of the run in which the rate falls */
  readonly share: number;
  /** where it ends */
  readonly floor: number;
}

/** Factor of a learning rate at iteration 0, 1, …: 1, then linear down to a floor at the end of the run. */
export function linearDecay(iteration: number, { total, share, floor }: LinearDecay): number {
  const left = total - (iteration % total);
  return Math.max(floor, Math.min(1, left / (share * total)));
}

export interface KlController {
  /** wanted divergence in nats per sequence; 0 keeps the coefficient fixed */
  readonly target: number;
  /** episodes over which the coefficient may change by a factor of about e^0.2 */
  readonly horizon: number;
  /** episodes since the last update */
  readonly steps: number;
}

/** The KL coefficient after a measurement in nats per sequence (Ziegler et al. 2019, section 2.2). */
export function adaptiveKlCoefficient(
  coefficient: number,
  kl: number,
  { target, horizon, steps }: KlController,
): number {
  if (!Number.isFinite(kl) || target <= 0) return coefficient;
  const error = Math.min(0.2, Math.max(-0.2, kl / target - 1));
  return coefficient * (1 + (error * steps) / horizon);
}

interface Places {
  readonly [name: string]: number | boolean;
  readonly COEFFICIENT: number;
  readonly KL: number;
}

export const adaptiveKlUpdate: Kernel<"kl" | "knobs" | "state", Places> = {
  name: "adaptive_kl",
  writes: ["state"],
  grid: () => [1],
  reference({ kl, knobs, state }, { COEFFICIENT, KL }) {
    const [target = 0, horizon = 0, steps = 0] = knobs;
    const controller = { target, horizon, steps };
    state[COEFFICIENT] = adaptiveKlCoefficient(state[COEFFICIENT]!, kl[KL]!, controller);
  },
};

/**
 * The same update on the GPU: changes one element of `state` in place, so that a plan never waits for the host.
 * @param state any tensor that holds the coefficient at `places.coefficient`
 * @param kl any tensor that holds the measured divergence at `places.kl`
 * @param knobs (3): target, horizon, steps, as in KlController
 */
export function adaptiveKl(
  tape: Tape,
  state: Tensor,
  kl: Tensor,
  knobs: Tensor,
  places: { readonly coefficient?: number; readonly kl?: number } = {},
): void {
  const { coefficient: COEFFICIENT = 0, kl: KL = 0 } = places;
  check(
    COEFFICIENT < size(state.shape) && KL < size(kl.shape) && size(knobs.shape) === 3,
    `adaptiveKl: got ${describe(state)}, ${describe(kl)} and knobs ${describe(knobs)}, expected the places ${String(COEFFICIENT)} and ${String(KL)} to exist and 3 knobs`,
  );
  tape.call(adaptiveKlUpdate, { kl, knobs, state }, { COEFFICIENT, KL });
}
