// The methods of reinforcement that a run can use, and what a run chooses before its first step.
import type { Knobs } from "../config.ts";
import type { DpoKind } from "../losses/dpo.ts";

/** PPO (InstructGPT), group-relative PPO, leave-one-out REINFORCE, or direct preference optimisation. */
export const METHODS = ["ppo", "grpo", "rloo", "dpo"] as const;
export type Method = (typeof METHODS)[number];
/** `ipo` is the squared loss of Azar et al. 2024; labelSmoothing above 0 makes `sigmoid` cDPO. */
export const DPO_KINDS: readonly DpoKind[] = ["sigmoid", "ipo", "hinge"];

/** What is fixed for a whole run. */
export interface RunOptions {
  readonly method: Method;
  /** answers per prompt of GRPO and RLOO */
  readonly answers: number;
  /** decay of the policy's moving average per update (InstructGPT C.4: 0.992); 0 = none is kept */
  readonly emaDecay: number;
  readonly dpoKind: DpoKind;
  /** how strongly DPO holds to the reference: its implicit reward is dpoBeta · log ratio */
  readonly dpoBeta: number;
  /** share of rankings that DPO takes to be mistaken (cDPO), below 0.5 */
  readonly labelSmoothing: number;
}

export const RUN_OPTIONS: RunOptions = {
  method: "ppo",
  answers: 4,
  emaDecay: 0,
  dpoKind: "sigmoid",
  dpoBeta: 0.1,
  labelSmoothing: 0,
};

/** Live settings that suit a method better than the defaults, which are PPO's (docs/LOG.md). */
export const METHOD_SETTINGS: Readonly<Record<Method, Partial<Knobs>>> = {
  ppo: {},
  grpo: { learningRate: 1.5e-4 },
  rloo: { learningRate: 1.5e-4, klCoefficient: 0.1 },
  dpo: { learningRate: 1e-4 },
};

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new RangeError(
    `${name} is "${value}", expected one of ${known.join(", ")}; nothing was run.`,
  );
}

function within(name: string, value: number, least: number, below: number): void {
  if (value >= least && value < below) return;
  throw new RangeError(
    `${name} is ${String(value)}, expected a number from ${String(least)} to less than ${String(below)}; nothing was run.`,
  );
}

/**
 * The options of a run with defaults filled in.
 * @param batch answers per iteration, of which the group size must be a divisor
 * @throws RangeError with one sentence for a value that no run can have
 */
export function runOptions(wanted: Partial<RunOptions>, batch: number): RunOptions {
  const options = { ...RUN_OPTIONS, ...wanted };
  oneOf("method", options.method, METHODS);
  oneOf("dpoKind", options.dpoKind, DPO_KINDS);
  within("emaDecay", options.emaDecay, 0, 1);
  within("labelSmoothing", options.labelSmoothing, 0, 0.5);
  if (!(options.dpoBeta > 0)) {
    throw new RangeError(
      `dpoBeta is ${String(options.dpoBeta)}, expected more than 0; nothing was run.`,
    );
  }
  const { answers } = options;
  if (!Number.isInteger(answers) || answers < 2 || batch % answers !== 0) {
    throw new RangeError(
      `answers is ${String(answers)}, expected at least 2 and a divisor of the ${String(batch)} answers per step; nothing was run.`,
    );
  }
  return options;
}

/** True if a method compares several answers to one prompt instead of learning values. */
export function isGrouped(method: Method): boolean {
  return method === "grpo" || method === "rloo";
}
