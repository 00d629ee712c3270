// Overall quality on the 1 to 7 scale and the rates of the binary labels.
import { bootstrap, bootstrapShare, clusters } from "./intervals.ts";
import type { Estimate } from "./intervals.ts";

/** One answer as one labeler rated it. */
export interface RatedAnswer {
  readonly prompt: string;
  readonly labeler: string;
  /** Overall quality, 1 to 7. */
  readonly rating: number;
  /** Binary labels by name; null or absent: the label does not apply to the prompt. */
  readonly labels: Readonly<Record<string, boolean | null>>;
}

/** Mean rating with the interval of a bootstrap over prompts. */
export function meanRating(answers: readonly RatedAnswer[], draws = 1000, seed = 1): Estimate {
  return bootstrap(
    clusters(
      answers,
      (one) => one.prompt,
      (one) => one.rating,
    ),
    draws,
    seed,
  );
}

/** Share of each rating from 1 to 7. */
export function ratingShares(answers: readonly RatedAnswer[]): number[] {
  return Array.from(
    { length: 7 },
    (_, i) => answers.filter((one) => one.rating === i + 1).length / answers.length,
  );
}

/** Share of answers that carry a label, among those to which it applies, with its interval. */
export function labelRate(
  answers: readonly RatedAnswer[],
  name: string,
  draws = 1000,
  seed = 1,
): Estimate {
  const applies = answers.filter((one) => (one.labels[name] ?? null) !== null);
  const groups = clusters(
    applies,
    (one) => one.prompt,
    (one) => (one.labels[name] === true ? 1 : 0),
  );
  return bootstrapShare(groups, draws, seed);
}
