// A few supervised steps on a person's own demonstrations, before any reinforcement.
import { adamwKnobs } from "../../kernels/adamw.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import type { Row } from "../language-model.ts";
import { writeRows } from "../language-model.ts";
import type { RunState } from "./state.ts";

/** Enough updates to echo a demonstration, few enough to keep the rest. */
const STEPS = 12;
const LEARNING_RATE = 5e-4;

/** Trains the policy on the first rows that fit a ptx minibatch; its optimiser must be fresh. */
export async function demonstrate(
  engine: Engine,
  plan: CompiledPlan,
  { ptx, policyOptimiser }: RunState,
  rows: readonly Row[],
): Promise<{ lossBefore: number; lossAfter: number }> {
  writeRows(engine.memory, ptx.input, rows.slice(0, ptx.input.B));
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const settings = { learningRate: LEARNING_RATE, beta2: 0.99, maxNorm: 1 };
    engine.memory.write(policyOptimiser.knobs, adamwKnobs(step, settings));
    engine.run(plan);
    const [measured] = await engine.memory.read([ptx.stats]);
    losses.push(measured?.[0] ?? NaN);
  }
  return { lossBefore: losses[0] ?? NaN, lossAfter: losses.at(-1) ?? NaN };
}
