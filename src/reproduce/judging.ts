// How simulated labelers judge answers: rankings for training, ratings and choices in evaluations.
import type { Comparison } from "../evaluation/preference.ts";
import type { RatedAnswer } from "../evaluation/ratings.ts";
import { judge, labelsOf, tickedLabels, utilityUnder, verdictOf } from "../world/dataset/index.ts";
import type { DataPrompt, Guideline, Labeler } from "../world/dataset/index.ts";
import { Rng } from "../world/index.ts";
import { hashText } from "../world/rng.ts";
import { tokenizer } from "./models.ts";

/** An answer as token ids. */
export type Tokens = readonly number[];

const streamOf = (name: string): Rng => new Rng(hashText(name));

/** One labeler's ranks of K answers to a prompt, by the guideline of training data. */
export function rankedBy(
  labelers: readonly Labeler[],
  prompt: DataPrompt,
  answers: readonly Tokens[],
  salt: string,
): { labeler: string; ranks: number[] } {
  const rng = streamOf(`${salt} ${prompt.id}`);
  const labeler = rng.pick(labelers);
  const verdicts = answers.map((tokens) => verdictOf(prompt, tokenizer.decode(tokens)));
  return { labeler: labeler.name, ranks: [...judge(rng, labeler, verdicts, "training").ranks] };
}

/** The gold labeler's utility, without noise. */
export function goldUtility(prompt: DataPrompt, tokens: Tokens, guideline: Guideline): number {
  return utilityUnder(guideline, verdictOf(prompt, tokenizer.decode(tokens)));
}

/** Who of a group judges a prompt: the same people for every pair of models. */
function judgesOf(prompt: DataPrompt, labelers: readonly Labeler[], n: number): Labeler[] {
  return streamOf(`judges ${prompt.id}`).sample(labelers, n);
}

/** Which of two models' answers `judges` labelers prefer, by the guideline of evaluations. */
export function compared(
  prompts: readonly DataPrompt[],
  mine: readonly Tokens[],
  other: readonly Tokens[],
  labelers: readonly Labeler[],
  judges: number,
): Comparison[] {
  return prompts.flatMap((prompt, i) => {
    const verdicts = [mine[i] ?? [], other[i] ?? []].map((tokens) =>
      verdictOf(prompt, tokenizer.decode(tokens)),
    );
    return judgesOf(prompt, labelers, judges).map((labeler): Comparison => {
      const rng = streamOf(`choice ${labeler.name} ${prompt.id}`);
      const { ranks } = judge(rng, labeler, verdicts, "evaluation");
      const [a = 1, b = 1] = ranks;
      const outcome = a === b ? "tie" : a < b ? "win" : "loss";
      return { prompt: prompt.id, labeler: labeler.name, outcome };
    });
  });
}

/** Ratings and ticked labels of one model's answers by `judges` labelers. */
export function rated(
  prompts: readonly DataPrompt[],
  answers: readonly Tokens[],
  labelers: readonly Labeler[],
  judges: number,
): RatedAnswer[] {
  return prompts.flatMap((prompt, i) => {
    const tokens = tokenizer.decode(answers[i] ?? []);
    const verdict = verdictOf(prompt, tokens);
    return judgesOf(prompt, labelers, judges).map((labeler): RatedAnswer => {
      const rng = streamOf(`rating ${labeler.name} ${prompt.id}`);
      const { ratings } = judge(rng, labeler, [verdict], "evaluation");
      const labels = tickedLabels(rng, labelsOf(prompt, tokens, verdict));
      return { prompt: prompt.id, labeler: labeler.name, rating: ratings[0] ?? NaN, labels };
    });
  });
}
