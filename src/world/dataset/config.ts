// The versioned settings of a data set: one seed and one version give the same bytes everywhere.
import { PAPER_SIZES } from "./paper.ts";
import type { SetSize } from "./paper.ts";

/** Raised whenever the same settings would give other data. */
export const DATASET_VERSION = 1;

export interface DatasetConfig {
  readonly version: number;
  readonly seed: number;
  /** Share of the paper's sizes (Table 6); 1 means 98 000 prompts. */
  readonly scale: number;
  /** Most prompts of one customer (the paper's 200). */
  readonly promptsPerCustomer: number;
  /**
   * Two prompts are duplicates when their common prefix covers this share of the longer one. The
   * paper says "share a long common prefix" and no number.
   */
  readonly prefixShare: number;
  /** Most words of a prompt: 56 and its 4 frame tokens leave 36 of 96 for the answer. */
  readonly promptWords: number;
  /** Answers of a ranking, uniform between the two (the paper's 4 to 9). */
  readonly answers: readonly [least: number, most: number];
  /** Share of the ranked prompts that several labelers rank, to measure their agreement. */
  readonly overlap: number;
  /** How many labelers rank each of those. */
  readonly raters: number;
}

export const DEFAULT_CONFIG: DatasetConfig = {
  version: DATASET_VERSION,
  seed: 2203,
  scale: 0.1,
  promptsPerCustomer: 200,
  prefixShare: 0.8,
  promptWords: 56,
  answers: [4, 9],
  overlap: 0.05,
  raters: 4,
};

/**
 * The default settings with some replaced.
 * @throws RangeError in one sentence for a version this code does not make or a value out of range
 */
export function datasetConfig(changes: Partial<DatasetConfig> = {}): DatasetConfig {
  const config = { ...DEFAULT_CONFIG, ...changes };
  const rule = (holds: boolean, name: keyof DatasetConfig, expected: string) => {
    if (holds) return;
    throw new RangeError(
      `datasetConfig: ${name} is ${JSON.stringify(config[name])}, expected ${expected}; nothing is made.`,
    );
  };
  const unknown = Object.keys(changes).find((key) => !(key in DEFAULT_CONFIG));
  if (unknown !== undefined) {
    const known = Object.keys(DEFAULT_CONFIG).join(", ");
    throw new RangeError(
      `datasetConfig: unknown setting "${unknown}", expected one of ${known}; nothing is made.`,
    );
  }
  const [least, most] = config.answers;
  const whole = Number.isSafeInteger;
  rule(config.version === DATASET_VERSION, "version", `${DATASET_VERSION}, which this code makes`);
  rule(whole(config.seed) && config.seed >= 0, "seed", "a whole number from 0");
  rule(config.scale > 0 && config.scale <= 1, "scale", "a share above 0 and at most 1");
  rule(
    whole(config.promptsPerCustomer) && config.promptsPerCustomer >= 1,
    "promptsPerCustomer",
    "a whole number from 1",
  );
  rule(config.prefixShare > 0.5 && config.prefixShare <= 1, "prefixShare", "above 0.5, at most 1");
  rule(whole(config.promptWords) && config.promptWords >= 20, "promptWords", "20 or more words");
  rule(
    whole(least) && whole(most) && least >= 2 && most >= least && most <= 9,
    "answers",
    "two whole numbers from 2 to 9, the lower one first",
  );
  rule(config.overlap >= 0 && config.overlap <= 1, "overlap", "a share from 0 to 1");
  rule(whole(config.raters) && config.raters >= 2, "raters", "2 or more labelers");
  return config;
}

/** The sizes of Table 6 at this scale, rounded; a set that the paper has is never empty. */
export function scaledSizes(config: DatasetConfig): readonly SetSize[] {
  const scaled = (n: number) => (n === 0 ? 0 : Math.max(1, Math.round(n * config.scale)));
  return PAPER_SIZES.map((set) => ({
    ...set,
    labeler: scaled(set.labeler),
    customer: scaled(set.customer),
  }));
}
