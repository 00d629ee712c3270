// What `npm run reproduce` measured, as its JSON, docs/RESULTS.md and the page's paper screen share it.

/** A measured number with its 95 % interval; `n` observations lie behind it. */
export interface Measured {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** One trained (or prompted) model of the run. */
export interface ModelRow {
  /** unique, e.g. `micro/ppo-ptx/1`: size, kind, seed */
  readonly id: string;
  readonly kind: string;
  readonly size: string;
  readonly parameters: number;
  readonly seed: number;
  /** how it was trained and chosen, in words and numbers a reader can check */
  readonly recipe: string;
}

/** One claim of the paper beside ours. */
export interface Claim {
  readonly id: string;
  /** the claim in the paper's terms, and where it stands there */
  readonly paper: string;
  readonly section: string;
  /** what the miniature has to show */
  readonly bar: string;
  readonly measured: string;
  readonly holds: "yes" | "no" | "partly" | "not measured";
  /** what was tried when it did not hold */
  readonly tried?: string;
  /** what to know of it when it held */
  readonly caveat?: string;
}

/** A table of the paper beside ours; cells are as printed. */
export interface ResultTable {
  readonly id: string;
  readonly title: string;
  readonly section: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note?: string;
}

export interface FigurePoint {
  /** a category of bars, or a position on the x axis */
  readonly x: string | number;
  /** absent: the paper's value, or ours, is not known */
  readonly y?: number;
  readonly low?: number;
  readonly high?: number;
  /** the models whose samples are behind this point: ids of `models` */
  readonly models?: readonly string[];
}

export interface FigureSeries {
  readonly name: string;
  readonly source: "ours" | "paper";
  readonly points: readonly FigurePoint[];
}

/** A figure of the paper, redrawn. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** e.g. `Figure 1` */
  readonly section: string;
  readonly kind: "bars" | "lines";
  readonly x: string;
  readonly y: string;
  readonly series: readonly FigureSeries[];
  /** the task of `samples` behind its points; absent: the page looks for one by name */
  readonly task?: string;
  readonly note?: string;
}

/** A prompt of the evaluation and every model's answer to it. */
export interface SampledPrompt {
  readonly id: string;
  readonly prompt: string;
  /** use case, benchmark task or probe, e.g. `generation`, `truthfulness/instruction` */
  readonly task: string;
  /** e.g. `training customers`, `held-out customers` */
  readonly split: string;
  readonly answers: readonly SampledAnswer[];
}

export interface SampledAnswer {
  /** an id of `models` */
  readonly model: string;
  readonly text: string;
  /** gold score of the labelers, 1 to 7, where the answer was rated */
  readonly rating?: number;
  /** labels that hold of it, e.g. `follows`, `rude`, `false claim` */
  readonly labels?: readonly string[];
}

export interface Results {
  readonly format: "nudge-reproduce-1";
  readonly form: "quick" | "full";
  /** ISO time of the end of the run */
  readonly finished: string;
  readonly engine: string;
  readonly adapter: string;
  readonly seeds: readonly number[];
  readonly seconds: number;
  readonly flops: number;
  /** where people judged: whose rankings the reward models learned from, in one sentence */
  readonly judgements?: string;
  readonly models: readonly ModelRow[];
  readonly claims: readonly Claim[];
  readonly tables: readonly ResultTable[];
  readonly figures: readonly Figure[];
  /** files beside this one, each an array of SampledPrompt; a page fetches them when asked */
  readonly samples: readonly {
    readonly task: string;
    readonly file: string;
    readonly bytes: number;
  }[];
}

/** Names of the series of the figure of truthfulness, by the way of asking: the last part of a samples' task. */
export const TRUTH_SERIES = {
  plain: "question alone",
  helpful: "careful instruction",
  qa: "worked pairs",
} as const;
