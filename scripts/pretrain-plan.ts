// What a pre-training run will take before anything is allocated: bytes by tensor class, operations, and what would fit.
import type { GptConfig } from "../src/model/gpt.ts";
import { gptSpecs } from "../src/model/gpt.ts";
import { checkModel } from "../src/model/limits.ts";
import { layOut } from "../src/model/parameters.ts";
import { DryEngine } from "../src/plan/dry-engine.ts";
import { checkFits } from "../src/plan/fits.ts";
import type { Limits } from "../src/plan/fits.ts";
import { memoryPlan, printMemory } from "../src/plan/memory-plan.ts";
import type { Demand } from "../src/plan/memory-plan.ts";
import { declaredFlops } from "../src/plan/work.ts";
import { LmTrainer } from "../src/rlhf/session/lm-trainer.ts";
import type { LmTraining } from "../src/rlhf/session/lm-trainer.ts";
import { UsageError } from "./options.ts";

/** A run as the planner sees it. */
export interface Planned {
  readonly config: GptConfig;
  /** token positions of an update */
  readonly positions: number;
  /** row lengths that get plans */
  readonly lengths: readonly number[];
  readonly training: LmTraining;
}

/** Everything that a run asks of an engine, noted on one that holds nothing. */
async function demandOf({ config, positions, lengths, training }: Planned): Promise<Demand> {
  const engine = new DryEngine();
  const parameters = layOut("policy", gptSpecs(config), true);
  const trainer = new LmTrainer(engine, config, parameters, positions, training);
  for (const T of lengths) await trainer.prepare(T);
  return engine.demand();
}

/** The table of bytes, and the operations of one update of the longest rows. */
export async function describePlan(planned: Planned): Promise<string> {
  const { accumulate = 1 } = planned.training;
  const demand = await demandOf(planned);
  const longest = Math.max(...planned.lengths);
  const one = await demandOf({ ...planned, lengths: [longest] });
  const training = one.plans.filter(({ label }) => !label.includes(" loss "));
  const flops = training.reduce((sum, { label, calls }) => {
    return sum + declaredFlops(calls) * (label.endsWith("micro-batch") ? accumulate : 1);
  }, 0);
  const rate = `${(flops / 1e9).toFixed(2)} GFLOP in the matrix products and attention of an update`;
  return `${printMemory(memoryPlan(demand))}${rate} of ${String(planned.positions)} positions in rows of ${String(longest)}\n`;
}

function problemOf(demand: Demand, limits: Limits): string | undefined {
  try {
    checkFits(demand, limits);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Options that take less memory, the cheapest in time first. */
function* remedies({ positions, lengths, training }: Planned): Generator<[string, LmTraining]> {
  const most = Math.floor(positions / Math.max(...lengths));
  for (const recompute of training.recompute === true ? [true] : [false, true]) {
    for (let accumulate = training.accumulate ?? 1; accumulate <= most; accumulate *= 2) {
      const named = [
        ...(recompute ? ["--recompute"] : []),
        ...(accumulate > 1 ? [`--accumulate ${String(accumulate)}`] : []),
      ];
      yield [named.join(" "), { ...training, recompute, accumulate }];
    }
  }
}

/**
 * Refuses a run that cannot be on a device.
 * @throws UsageError with one sentence: the rule, the numbers, and the options with which it would fit
 */
export async function checkPlan(planned: Planned, limits: Limits): Promise<void> {
  try {
    checkModel("pretrain", planned.config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const problem = problemOf(await demandOf(planned), limits);
  if (problem === undefined) return;
  for (const [options, training] of remedies(planned)) {
    if (problemOf(await demandOf({ ...planned, training }), limits) !== undefined) continue;
    throw new UsageError(
      `${problem.replace(/; nothing.*$/, "")}; nothing was allocated, with ${options} it would fit.`,
    );
  }
  throw new UsageError(problem);
}
