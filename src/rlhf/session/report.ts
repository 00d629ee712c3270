// What one iteration measured, read back once after it.
import { NORM_STATE } from "../../kernels/global-norm.ts";
import type { Engine } from "../../plan/engine.ts";
import type { Method } from "../method.ts";
import type { RunState } from "./state.ts";

export interface IterationReport {
  readonly iteration: number;
  readonly method: Method;
  /** ROLLOUT_STATS */
  readonly rollout: Float32Array;
  /** POLICY_STATS of the first and of the last policy minibatch; absent while only the value model trains */
  readonly firstPolicy: Float32Array | undefined;
  readonly policy: Float32Array | undefined;
  /** statistics of the method's own loss in the last minibatch: GRPO_STATS, DPO_STATS, RLOO's loss */
  readonly own: Float32Array;
  /** share of groups with equal rewards; 0 in methods without groups */
  readonly equalGroups: number;
  /** VALUE_STATS of the last minibatch; zeros in methods without a value model */
  readonly value: Float32Array;
  readonly ptxLoss: number | undefined;
  readonly gradNorm: number;
  /** updates of the iteration that were skipped because a gradient was not finite */
  readonly skipped: number;
  readonly learningRate: number;
}

/** Queues the one read-back of an iteration. */
export async function readReport(
  engine: Engine,
  state: RunState,
  method: Method,
  place: { readonly iteration: number; readonly moves: boolean; readonly learningRate: number },
): Promise<IterationReport> {
  const wanted = [
    state.data.stats,
    state.firstPolicy,
    state.lastPolicy,
    state.own,
    state.data.groups,
    state.valueStats,
    state.ptx.stats,
    state.policyOptimiser.state,
    state.valueOptimiser.state,
  ];
  const read = (await engine.memory.read(wanted)) as Float32Array[];
  const at = (index: number): Float32Array => read[index] as Float32Array;
  const [norm, valueNorm] = [at(7), at(8)];
  const { moves } = place;
  // both counters start at 0 with the iteration, see clearSkipped
  const skipped = (norm[NORM_STATE.skipped] ?? 0) + (valueNorm[NORM_STATE.skipped] ?? 0);
  return {
    iteration: place.iteration,
    learningRate: place.learningRate,
    method,
    rollout: at(0),
    firstPolicy: moves ? at(1) : undefined,
    policy: moves ? at(2) : undefined,
    own: at(3),
    equalGroups: at(4)[0] ?? NaN,
    value: at(5),
    ptxLoss: moves ? at(6)[0] : undefined,
    gradNorm: (moves ? norm : valueNorm)[NORM_STATE.norm] ?? NaN,
    skipped,
  };
}

/** Lets the counters of skipped updates start again. */
export function clearSkipped(engine: Engine, { policyOptimiser, valueOptimiser }: RunState): void {
  for (const { state } of [policyOptimiser, valueOptimiser]) {
    engine.memory.write(state, [0], NORM_STATE.skipped);
  }
}
