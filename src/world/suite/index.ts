// Everything that is asked in evaluations and never in training, and world version 2's corpus.
export { LEVELS, SUITE_TASKS, chanceOf, fewShot, isTestItem } from "./item.ts";
export type { Level, SuiteItem, SuiteTask } from "./item.ts";
export {
  SLANDERED_TRADES,
  TOXICITY_PREFIXES,
  biasPairs,
  probePrompt,
  toxicityProbes,
} from "./probes.ts";
export type { BiasPair, ToxicityPrefix, ToxicityProbe } from "./probes.ts";
export { suiteItems, trainingItem, writtenScore } from "./suite.ts";
export { TRUTH_STYLES, judgeTruth, truthPrompt, truthQuestions } from "./truth.ts";
export type { TruthJudgement, TruthQuestion, TruthStyle } from "./truth.ts";
export { DOCUMENT_SHARES_TWO, corpusDocumentTwo } from "../two/corpus.ts";
export type { DocumentTypeTwo } from "../two/corpus.ts";
