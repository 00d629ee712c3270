// Every hyper-parameter: default, range, live or structural, one sentence. Sliders, URL, validation and docs derive from these rows.

export interface Parameter {
  readonly name: keyof RunConfig;
  readonly label: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** live ones are scalars on the GPU; structural ones rebuild plans */
  readonly live: boolean;
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
}

export interface RunConfig extends Knobs {
  readonly seed: number;
  /** prompts per PPO iteration */
  readonly batch: number;
  /** policy minibatches per iteration */
  readonly minibatches: number;
  /** value epochs per iteration */
  readonly valueEpochs: number;
  readonly iterations: number;
}

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
    default: 0.5,
    min: 0,
    max: 27.8,
    live: true,
    sentence: "Mix in old homework so that old skills stay.",
  },
  {
    name: "learningRate",
    label: "Learning strength",
    default: 3e-4,
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
    default: 32,
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
    default: 2,
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
];

export const DEFAULTS: RunConfig = Object.fromEntries(
  PARAMETERS.map((parameter) => [parameter.name, parameter.default]),
) as unknown as RunConfig;

/** Clamps a value to its row's range. */
export function clampParameter(parameter: Parameter, value: number): number {
  if (!Number.isFinite(value)) return parameter.default;
  return Math.min(parameter.max, Math.max(parameter.min, value));
}
