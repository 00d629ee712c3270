// Rankings of K answers by the labelers of a group, with ratings and labels, and their calibration.
import { agreement } from "../../evaluation/agreement.ts";
import type { RatedSet } from "../../evaluation/agreement.ts";
import type { Rng } from "../rng.ts";
import { simulatedAnswers } from "./answers.ts";
import type { SampledAnswer } from "./answers.ts";
import { buildDataset, streamOf } from "./build.ts";
import type { Dataset } from "./build.ts";
import { candidates, heldOutLabelers, judge, screen, tickedLabels } from "./labelers.ts";
import type { Guideline, Judgement, Labeler, Screened } from "./labelers.ts";
import type { DataPrompt } from "./records.ts";
import { labelsOf, verdictOf } from "./verdict.ts";
import type { Labels, Verdict } from "./verdict.ts";

/** One ranked prompt: several judgements where the agreement is measured, else one. */
export interface RankedPrompt {
  readonly promptId: string;
  readonly answers: readonly SampledAnswer[];
  readonly judgements: readonly Judgement[];
  /** (K) the labels that the first labeler ticked. */
  readonly labels: readonly Labels[];
}

/** The K answers to a prompt that are ranked. */
export type AnswerSource = (rng: Rng, prompt: DataPrompt, k: number) => readonly SampledAnswer[];

/** Answers made from the references of a data set: the stand-in while there is no model. */
export function simulatedSource(dataset: Dataset): AnswerSource {
  const responses = [...dataset.references.values()];
  return (rng, prompt, k) =>
    simulatedAnswers(rng, prompt, dataset.references.get(prompt.id) ?? "", responses, k);
}

/** Verdicts on K answers to each prompt: what labelers are compared on. */
export function verdictSets(
  rng: Rng,
  prompts: readonly DataPrompt[],
  source: AnswerSource,
  [least, most]: readonly [number, number],
): Verdict[][] {
  return prompts.map((prompt) => {
    const k = least + rng.int(most - least + 1);
    return source(rng, prompt, k).map(({ tokens }) => verdictOf(prompt, tokens));
  });
}

/** Ranks by `raters` different labelers of a group for each set of verdicts. */
export function ratedSets(
  rng: Rng,
  sets: readonly (readonly Verdict[])[],
  labelers: readonly Labeler[],
  guideline: Guideline,
  raters: number,
): RatedSet[] {
  return sets.map((verdicts) => {
    const judgements = rng
      .sample(labelers, raters)
      .map((labeler) => judge(rng, labeler, verdicts, guideline));
    return {
      labelers: judgements.map((one) => one.labeler),
      ranks: judgements.map((one) => one.ranks),
    };
  });
}

/** Ranks every prompt given, each by one labeler, and a share of them by several. */
export function rankPrompts(
  dataset: Dataset,
  prompts: readonly DataPrompt[],
  labelers: readonly Labeler[],
  source: AnswerSource = simulatedSource(dataset),
  guideline: Guideline = "training",
): RankedPrompt[] {
  const { seed, overlap, raters, answers } = dataset.config;
  return prompts.map((prompt) => {
    // A generator per prompt: the ranking of one does not depend on which others are ranked.
    const rng = streamOf(seed, `ranking ${prompt.id} ${guideline}`);
    const k = answers[0] + rng.int(answers[1] - answers[0] + 1);
    const shown = source(rng, prompt, k);
    const verdicts = shown.map(({ tokens }) => verdictOf(prompt, tokens));
    const chosen = rng.sample(labelers, rng.chance(overlap) ? raters : 1);
    const judgements = chosen.map((labeler) => judge(rng, labeler, verdicts, guideline));
    const labels = shown.map(({ tokens }, i) =>
      tickedLabels(rng, labelsOf(prompt, tokens, verdicts[i]!)),
    );
    return { promptId: prompt.id, answers: shown, judgements, labels };
  });
}

/** Share of the paper's sizes for the answers that screening and calibration look at. */
const CALIBRATION_SCALE = 0.02;
/** Their seed: far from every seed of a data set, so that no set holds what was calibrated on. */
const CALIBRATION_SEED = 772_603;

/** Verdicts on answers that no data set holds: for screening and calibration. */
export function calibrationSets(): Verdict[][] {
  const dataset = buildDataset({ scale: CALIBRATION_SCALE, seed: CALIBRATION_SEED });
  const prompts = dataset.prompts.filter(({ stage, part }) => stage === "rm" && part === "train");
  const rng = streamOf(CALIBRATION_SEED, "verdicts");
  return verdictSets(rng, prompts, simulatedSource(dataset), dataset.config.answers);
}

let found: Screened | null = null;

/** The 40 training labelers that passed the screening, with everybody's score. */
export function screenedLabelers(): Screened {
  found ??= screen(candidates(), calibrationSets(), CALIBRATION_SEED);
  return found;
}

/** Both groups of labelers. */
export function labelerGroups(): {
  readonly training: readonly Labeler[];
  readonly heldOut: readonly Labeler[];
} {
  return { training: screenedLabelers().labelers, heldOut: heldOutLabelers() };
}

/**
 * The noise scale for which labelers of a group agree on `target` of the decided comparisons, by
 * bisection with the same draws at every step. When even noiseless labelers disagree more than
 * that, 0: their weights alone keep them apart.
 */
export function calibrateNoise(
  sets: readonly (readonly Verdict[])[],
  labelers: readonly Labeler[],
  target: number,
  guideline: Guideline = "training",
): number {
  const at = (noise: number) => {
    const rng = streamOf(CALIBRATION_SEED, "noise");
    const noisy = labelers.map((labeler) => ({ ...labeler, noise }));
    return agreement(ratedSets(rng, sets, noisy, guideline, 10), 1).decided.value;
  };
  let [low, high] = [0, 4];
  if (at(low) < target) return 0;
  for (let step = 0; step < 14; step++) {
    const middle = (low + high) / 2;
    if (at(middle) > target) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
