// The paper's data in miniature: prompt sets, demonstrations, labelers, rankings and statistics.
export { annotationsOf, isUnseen } from "./annotations.ts";
export { simulatedAnswer, simulatedAnswers } from "./answers.ts";
export type { SampledAnswer } from "./answers.ts";
export { WRITERS, buildDataset } from "./build.ts";
export type { Dataset } from "./build.ts";
export { DATASET_VERSION, DEFAULT_CONFIG, datasetConfig, scaledSizes } from "./config.ts";
export type { DatasetConfig } from "./config.ts";
export { PrefixFilter, isForeign, isPersonal } from "./hygiene.ts";
export type { HygieneCounts } from "./hygiene.ts";
export {
  GUIDELINES,
  LABEL_NOISE,
  NOISE,
  TIE,
  candidates,
  heldOutLabelers,
  judge,
  ranksOf,
  screen,
  tickedLabels,
  utilityUnder,
} from "./labelers.ts";
export type { Guideline, Judgement, Labeler, Screened } from "./labelers.ts";
export * from "./paper.ts";
export { rankedByPerson } from "./people.ts";
export type { PersonRanked, PersonRanking } from "./people.ts";
export {
  calibrateNoise,
  calibrationSets,
  labelerGroups,
  rankPrompts,
  ratedSets,
  screenedLabelers,
  simulatedSource,
  verdictSets,
} from "./rankings.ts";
export type { AnswerSource, RankedPrompt } from "./rankings.ts";
export { scorable } from "./records.ts";
export type { DataDemonstration, DataPrompt, Source } from "./records.ts";
export { LABEL_NAMES, labelsOf, toxicity, verdictOf } from "./verdict.ts";
export type { LabelName, Labels, Toxicity, Verdict } from "./verdict.ts";
export { agreementTable, markdownTable, screeningTable, statisticsMarkdown } from "./markdown.ts";
export { datasetStatistics } from "./statistics.ts";
export type { DatasetStatistics, SetStatistics } from "./statistics.ts";
