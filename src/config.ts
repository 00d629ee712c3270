// Every hyper-parameter: default, range, live or structural, one sentence. Sliders, URL, validation and docs derive from these rows.

export interface Parameter {
  readonly name: keyof RunConfig;
  readonly label: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** live ones are scalars on the GPU; structural ones rebuild plans */
  readonly live: boolean;
  /** a live one that is a whole number; structural ones all are */
  readonly whole?: true;
  /** one sentence a novice understands */
  readonly sentence: string;
}

/** Live scalars. */
export interface Knobs {
  /** per-token KL penalty coefficient beta (InstructGPT C.4: 0.02) */
  readonly klCoefficient: number;
  /** pre-training coefficient gamma of PPO-ptx, for token-mean losses */
  readonly ptxCoefficient: number;
  /** policy learning rate */
  readonly learningRate: number;
  /** value learning rate */
  readonly valueLearningRate: number;
  /** PPO clip epsilon (C.4: 0.2) */
  readonly clip: number;
  /** target of the adaptive KL controller in nats per sequence; 0 = fixed coefficient */
  readonly klTarget: number;
  /** stop when objective/kl exceeds this; 0 = never */
  readonly klStop: number;
  /** of answers that people see; training always draws from the full distribution at temperature 1 */
  readonly shownTemperature: number;
  /** most likely tokens that shown answers are drawn from; 0 = all */
  readonly shownTopK: number;
  /** share of the probability that shown answers are drawn from; 1 = all */
  readonly shownTopP: number;
}

export interface RunConfig extends Knobs {
  readonly seed: number;
  /** prompts per PPO iteration */
  readonly batch: number;
  /** policy minibatches per iteration */
  readonly minibatches: number;
  /** value epochs per iteration */
  readonly valueEpochs: number;
  /** iterations of a run, over whose second half the policy's learning rate falls */
  readonly iterations: number;
  /** normalised rewards beyond this many standard deviations count no more */
  readonly rewardLimit: number;
  /** share of ptx rows that are demonstrations; the others are pre-training text (the paper's: 0) */
  readonly ptxDemonstrations: number;
}

/** What can be changed while a run goes on: the live scalars, and how many iterations it has in all. */
export type Tunable = Knobs & Pick<RunConfig, "iterations">;

export const PARAMETERS: readonly Parameter[] = [
  {
    name: "klCoefficient",
    label: "Leash",
    default: 0.03,
    min: 0,
    max: 2,
    live: true,
    sentence: "How hard each word is pulled back to the copied model.",
  },
  {
    name: "ptxCoefficient",
    label: "Remember old skills",
    default: 0.3,
    min: 0,
    max: 27.8,
    live: true,
    sentence: "Mix in old homework so that old skills stay.",
  },
  {
    name: "learningRate",
    label: "Learning strength",
    default: 5e-4,
    min: 1e-6,
    max: 1e-2,
    live: true,
    sentence: "Size of each step of the policy.",
  },
  {
    name: "valueLearningRate",
    label: "Critic strength",
    default: 1e-3,
    min: 1e-6,
    max: 1e-2,
    live: true,
    sentence: "Size of each step of the value model.",
  },
  {
    name: "clip",
    label: "Clip",
    default: 0.2,
    min: 0.05,
    max: 0.5,
    live: true,
    sentence: "One update may change a word's odds by at most this share.",
  },
  {
    name: "klTarget",
    label: "Leash target",
    default: 0,
    min: 0,
    max: 50,
    live: true,
    sentence: "Lets the leash adjust itself to keep this distance; 0 keeps it fixed.",
  },
  {
    name: "klStop",
    label: "Stop at distance",
    default: 0,
    min: 0,
    max: 100,
    live: true,
    sentence: "Stops the run when the model has moved this far; 0 never stops.",
  },
  {
    name: "shownTemperature",
    label: "Temperature",
    default: 1,
    min: 0,
    max: 2,
    live: true,
    sentence: "How daring the answers you see are; 0 always takes the likeliest word.",
  },
  {
    name: "shownTopK",
    label: "Top-k",
    default: 0,
    min: 0,
    max: 1000,
    live: true,
    whole: true,
    sentence: "The answers you see are drawn from this many of the likeliest words; 0 means all.",
  },
  {
    name: "shownTopP",
    label: "Top-p",
    default: 1,
    min: 0.05,
    max: 1,
    live: true,
    sentence: "The answers you see leave out the unlikeliest words beyond this share; 1 keeps all.",
  },
  {
    name: "seed",
    label: "Seed",
    default: 1,
    min: 0,
    max: 4294967295,
    live: false,
    sentence: "The dice: the same seed gives the same run on the same adapter.",
  },
  {
    name: "batch",
    label: "Answers per step",
    default: 64,
    min: 4,
    max: 256,
    live: false,
    sentence: "How many answers the model tries per step.",
  },
  {
    name: "minibatches",
    label: "Minibatches",
    default: 2,
    min: 1,
    max: 8,
    live: false,
    sentence: "Into how many updates each batch is split.",
  },
  {
    name: "valueEpochs",
    label: "Critic epochs",
    default: 1,
    min: 1,
    max: 8,
    live: false,
    sentence: "How often the critic sees each batch.",
  },
  {
    name: "iterations",
    label: "Steps",
    default: 45,
    min: 1,
    max: 1000,
    live: false,
    sentence: "How many steps a run takes.",
  },
  {
    name: "rewardLimit",
    label: "Reward limit",
    default: 1,
    min: 0.25,
    max: 10,
    live: false,
    sentence:
      "An answer better than this counts as this, so that no single trick pays without end.",
  },
  {
    name: "ptxDemonstrations",
    label: "Demonstrations in homework",
    default: 1,
    min: 0,
    max: 1,
    live: false,
    sentence:
      "Share of the old homework that is demonstrations; the rest is text it was pre-trained on.",
  },
];

export const DEFAULTS: RunConfig = Object.fromEntries(
  PARAMETERS.map((parameter) => [parameter.name, parameter.default]),
) as unknown as RunConfig;

/** Clamps a value to its row's range, and rounds it where only whole numbers make sense. */
export function clampParameter(parameter: Parameter, value: number): number {
  if (!Number.isFinite(value)) return parameter.default;
  const clamped = Math.min(parameter.max, Math.max(parameter.min, value));
  return parameter.whole === true ? Math.round(clamped) : clamped;
}
