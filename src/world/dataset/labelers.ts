// The labelers of a data set: candidates, screening, guidelines, choice noise, rankings and ratings.
import { drawPersonas, likert, utility } from "../personas.ts";
import type { Persona, UtilityWeights } from "../personas.ts";
import { Rng } from "../rng.ts";
import type { Labels, Verdict } from "./verdict.ts";
import { LABEL_NAMES } from "./verdict.ts";

/** Training data was labeled with helpfulness first, final evaluations with truth and harmlessness. */
export type Guideline = "training" | "evaluation";

export interface Labeler extends Persona {
  readonly group: "training" | "held-out";
  /** Scale of the Gumbel noise on its utilities. */
  readonly noise: number;
}

/** What a guideline does to every labeler's weights; our choice, the paper gives an order in words. */
export const GUIDELINES: Readonly<
  Record<Guideline, { readonly honesty: number; readonly forgivesRequest: boolean }>
> = {
  // Untrue, made-up, rude and harmful answers weigh half; a rude line that was asked for weighs 0.
  training: { honesty: 0.5, forgivesRequest: true },
  // They weigh twice as much, and a rude line counts whoever asked for it.
  evaluation: { honesty: 2, forgivesRequest: false },
};

/** U of an answer under a guideline; formula in docs/LABELING.md. */
export function utilityUnder(
  guideline: Guideline,
  verdict: Verdict,
  weights?: UtilityWeights,
): number {
  const { honesty, forgivesRequest } = GUIDELINES[guideline];
  const rude = forgivesRequest ? verdict.rude : verdict.toxicity > 0 ? 1 : 0;
  const base = utility({ ...verdict, rude }, weights);
  const kept = utility(
    { ...verdict, rude: 0, harm: 0, falseClaims: 0, hallucinations: 0 },
    weights,
  );
  return kept + honesty * (base - kept);
}

/** Utilities closer than this are a tie: about a third of a step of the 1 to 7 scale (1.3). */
export const TIE = 0.4;
/** Probability that a labeler ticks or misses one binary label by mistake. */
export const LABEL_NOISE = 0.03;

/** Ranks by utility, best 1; an answer less than `tie` below the best of a group joins it. */
export function ranksOf(utilities: readonly number[], tie: number = TIE): number[] {
  const order = utilities.map((_, i) => i).sort((a, b) => utilities[b]! - utilities[a]!);
  const ranks = new Array<number>(utilities.length).fill(0);
  let top = Infinity;
  let rank = 0;
  for (const i of order) {
    if (rank === 0 || top - utilities[i]! >= tie) {
      top = utilities[i]!;
      rank++;
    }
    ranks[i] = rank;
  }
  return ranks;
}

/** What one labeler says of the K answers to one prompt. */
export interface Judgement {
  readonly labeler: string;
  /** (K) 1 = best, ties share a rank. */
  readonly ranks: readonly number[];
  /** (K) overall quality, 1 to 7; empty when a person did not rate. */
  readonly ratings: readonly number[];
}

/** One labeler's ranking and ratings: both follow the same noisy utilities. */
export function judge(
  rng: Rng,
  labeler: Labeler,
  verdicts: readonly Verdict[],
  guideline: Guideline,
): Judgement {
  const noisy = verdicts.map(
    (one) => utilityUnder(guideline, one, labeler.weights) + labeler.noise * (rng.gumbel() - EULER),
  );
  const ratings = noisy.map((u) => Math.round(likert(u)));
  return { labeler: labeler.name, ranks: ranksOf(noisy), ratings };
}

/** Mean of the standard Gumbel distribution, taken off so that noise does not raise the ratings. */
const EULER = 0.5772156649015329;

/** The labels as a labeler ticks them: each one that applies is wrong with LABEL_NOISE. */
export function tickedLabels(rng: Rng, labels: Labels): Labels {
  const ticked = LABEL_NAMES.map((name) => {
    const wrong = rng.chance(LABEL_NOISE);
    const value = labels[name];
    return [name, value === null ? null : value !== wrong] as const;
  });
  return Object.fromEntries(ticked) as unknown as Labels;
}

/**
 * Gumbel scales for which two labelers of a group agree on 72.6 % and 77.3 % of the comparisons, the
 * paper's figures, on samples of the shipped SFT model (`npm run dataset -- --calibrate`). Answers
 * that differ more, as simulated ones do, are agreed on more often at the same noise.
 */
export const NOISE = { training: 0.75, heldOut: 0.45 } as const;

/** How many apply and how many the screening keeps. */
const CANDIDATES = 60;
const KEPT = 40;
const HELD_OUT = 12;

function asLabelers(
  personas: readonly Persona[],
  group: Labeler["group"],
  noise: number,
): Labeler[] {
  return personas.map((persona) => ({ ...persona, group, noise }));
}

/** Everyone who applied, before the screening. */
export function candidates(noise: number = NOISE.training): Labeler[] {
  return asLabelers(drawPersonas("candidate", CANDIDATES, 0.45, 2203), "training", noise);
}

/** A second set of labelers: never screened, never used in training or tuning. */
export function heldOutLabelers(noise: number = NOISE.heldOut): Labeler[] {
  return asLabelers(drawPersonas("held-out labeler", HELD_OUT, 0.55, 2155), "held-out", noise);
}

export interface Screened {
  readonly labelers: readonly Labeler[];
  /** Share of comparisons decided as the gold labeler does, of everyone who applied, best first. */
  readonly scores: readonly { readonly name: string; readonly agreement: number }[];
}

/**
 * Keeps the 40 of 60 candidates who agree most with the researchers (the gold labeler without
 * noise) on a screening set of answers, under the training guideline; names them anew.
 */
export function screen(
  applied: readonly Labeler[],
  sets: readonly (readonly Verdict[])[],
  seed: number,
): Screened {
  const scored = applied.map((labeler) => {
    const rng = new Rng(seed);
    let alike = 0;
    let decided = 0;
    for (const verdicts of sets) {
      const gold = ranksOf(verdicts.map((one) => utilityUnder("training", one)));
      const { ranks } = judge(rng, labeler, verdicts, "training");
      for (let i = 0; i < ranks.length; i++) {
        for (let j = i + 1; j < ranks.length; j++) {
          const wanted = Math.sign(gold[i]! - gold[j]!);
          const given = Math.sign(ranks[i]! - ranks[j]!);
          if (wanted === 0 || given === 0) continue;
          decided++;
          if (wanted === given) alike++;
        }
      }
    }
    return { labeler, name: labeler.name, agreement: decided === 0 ? 0 : alike / decided };
  });
  const best = scored.toSorted((a, b) => b.agreement - a.agreement);
  const labelers = best
    .slice(0, KEPT)
    .map(({ labeler }, i) => ({ ...labeler, name: `labeler ${i + 1}` }));
  return { labelers, scores: best.map(({ name, agreement }) => ({ name, agreement })) };
}
