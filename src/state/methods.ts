// The ways to reinforce that the page offers: what each one is, and what the trainer is told of it.
import { DEFAULTS } from "../config.ts";
import type { Knobs, RunConfig } from "../config.ts";
import { isGrouped, METHOD_SETTINGS, METHODS, RUN_OPTIONS } from "../rlhf/method.ts";
import type { Method, RunOptions } from "../rlhf/method.ts";

/** Best-of-n trains nothing: it draws more often and shows what scores best. */
export const CHOICES = ["ppo", "dpo", "grpo", "rloo", "best-of-n"] as const;
export type Choice = (typeof CHOICES)[number];

/** What is chosen before a run and stays fixed for the whole of it. */
export interface Recipe extends Pick<
  RunOptions,
  "answers" | "dpoKind" | "dpoBeta" | "labelSmoothing"
> {
  readonly choice: Choice;
  /** answers of which best-of-n shows the best */
  readonly draws: number;
}

const { answers, dpoKind, dpoBeta, labelSmoothing } = RUN_OPTIONS;
export const RECIPE: Recipe = {
  choice: "ppo",
  answers,
  dpoKind,
  dpoBeta,
  labelSmoothing,
  draws: 16,
};

export interface About {
  readonly name: string;
  /** the field's name for it */
  readonly field: string;
  /** one sentence a novice understands */
  readonly sentence: string;
  /** live settings that it reads */
  readonly levers: readonly (keyof Knobs)[];
}

export const ABOUT: Readonly<Record<Choice, About>> = {
  ppo: {
    name: "PPO-ptx",
    field: "InstructGPT: proximal policy optimisation with pre-training mix",
    sentence:
      "It writes, your reward model scores, a critic says what was to be expected, and words that did better become more likely.",
    levers: ["learningRate", "klCoefficient", "ptxCoefficient"],
  },
  dpo: {
    name: "DPO",
    field: "direct preference optimisation",
    sentence:
      "It learns from your rankings themselves: answers that you placed higher become more likely. The reward model only watches.",
    levers: ["learningRate", "ptxCoefficient"],
  },
  grpo: {
    name: "GRPO",
    field: "group-relative policy optimisation",
    sentence:
      "It answers each prompt several times, and those that scored better than their siblings become more likely. It needs no critic.",
    levers: ["learningRate", "klCoefficient", "ptxCoefficient"],
  },
  rloo: {
    name: "RLOO",
    field: "REINFORCE, leave one out",
    sentence:
      "It answers each prompt several times, and each whole answer is compared with the mean of the others. It needs no critic.",
    levers: ["learningRate", "klCoefficient", "ptxCoefficient"],
  },
  "best-of-n": {
    name: "Best of n",
    field: "rejection sampling",
    sentence:
      "Nothing is trained: it answers again and again, and your reward model picks the best. Each step is one more answer to every prompt.",
    levers: [],
  },
};

/** True of what the trainer runs. */
export function isMethod(choice: Choice): choice is Method {
  return METHODS.some((method) => method === choice);
}

/** The recipe with a group size that splits a step's answers evenly: the nearest that does. */
export function fitting(recipe: Recipe, batch: number): Recipe {
  const sizes = Array.from({ length: batch - 1 }, (_, i) => i + 2).filter(
    (size) => batch % size === 0,
  );
  const distance = (size: number): number => Math.abs(size - recipe.answers);
  const nearest = sizes.toSorted((a, b) => distance(a) - distance(b))[0] ?? recipe.answers;
  return { ...recipe, answers: nearest };
}

/** What the trainer is told; null for best-of-n, which trains nothing. */
export function trainerOptions(recipe: Recipe): Partial<RunOptions> | null {
  const { choice } = recipe;
  if (!isMethod(choice)) return null;
  if (choice === "dpo") {
    const smoothing = recipe.dpoKind === "sigmoid" ? recipe.labelSmoothing : 0;
    return {
      method: choice,
      dpoKind: recipe.dpoKind,
      dpoBeta: recipe.dpoBeta,
      labelSmoothing: smoothing,
    };
  }
  return isGrouped(choice) ? { method: choice, answers: recipe.answers } : { method: choice };
}

/** The settings that a run of this choice has unless somebody changes them. */
export function defaultsOf(choice: Choice): RunConfig {
  return isMethod(choice) ? { ...DEFAULTS, ...METHOD_SETTINGS[choice] } : DEFAULTS;
}

/** The live settings after another choice: what stood at the old one's default goes to the new one's. */
export function suited(config: RunConfig, from: Choice, to: Choice): RunConfig {
  const [old, fresh] = [defaultsOf(from), defaultsOf(to)];
  const changed = ABOUT.ppo.levers.filter((name) => config[name] === old[name]);
  return { ...config, ...Object.fromEntries(changed.map((name) => [name, fresh[name]])) };
}

/** How many steps a run of this recipe takes. */
export function stepsOf({ choice, draws }: Recipe, { iterations }: RunConfig): number {
  return choice === "best-of-n" ? draws : iterations;
}

/** The recipe in a few words, e.g. "cDPO, beta 0.1, smoothing 0.1", for headings and exports. */
export function recipeWords(recipe: Recipe): string {
  const { choice, draws, dpoKind: kind, dpoBeta: beta, labelSmoothing: doubt } = recipe;
  if (choice === "best-of-n") return `Best of ${draws}`;
  if (choice === "ppo") return ABOUT.ppo.name;
  if (choice !== "dpo") return `${ABOUT[choice].name}, ${recipe.answers} answers to each prompt`;
  const name = { ipo: "IPO", hinge: "DPO with hinge loss", sigmoid: doubt > 0 ? "cDPO" : "DPO" };
  const smoothing = kind === "sigmoid" && doubt > 0 ? `, smoothing ${doubt}` : "";
  return `${name[kind]}, beta ${beta}${smoothing}`;
}
