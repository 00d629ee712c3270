// The paper's data tables (1 and 6 to 11) counted over a data set, and its hygiene and leakage.
import { Z95, mean, median } from "../../evaluation/intervals.ts";
import { countTokens, wordsOf } from "../grammar.ts";
import type { Category } from "../prompt-types.ts";
import { CATEGORY_SHARES } from "../prompts.ts";
import type { Dataset } from "./build.ts";
import { PAPER_ANNOTATIONS } from "./paper.ts";
import type { Annotation, Part, SetSize, Stage } from "./paper.ts";
import type { DataPrompt, Source } from "./records.ts";

/** Tokens that frame an instruction: `<eos> instruction: ... <nl> response:`. */
const FRAME_TOKENS = 4;

export interface Spread {
  readonly mean: number;
  readonly median: number;
  readonly n: number;
}

export interface SetStatistics {
  readonly stage: SetSize["stage"];
  readonly part: Part;
  readonly labeler: number;
  readonly customer: number;
  readonly authors: number;
  /** Mean prompts of a customer that has any in this set; NaN without customers. */
  readonly perCustomer: number;
  readonly sources: Readonly<Record<Source, number>>;
  /** Tokens of a prompt with its frame. */
  readonly tokens: Spread;
  /** Share of prompts that name a held-out hero or ask for a held-out fact. */
  readonly unseen: number;
  /** Share of prompts whose bare task also stands, in some frame, in a training set. */
  readonly knownTask: number;
}

export interface DatasetStatistics {
  readonly sets: readonly SetStatistics[];
  /** Table 1: percent of the RM training prompts by use case, with the cluster-robust half width. */
  readonly useCases: readonly {
    readonly category: Category;
    readonly paper: number;
    readonly percent: number;
    readonly half: number;
  }[];
  /** Table 7, percent of prompts. */
  readonly annotations: readonly {
    readonly name: Annotation;
    readonly rm: number;
    readonly sft: number;
    readonly test: number;
  }[];
  /** Table 10: tokens of an RM training prompt by use case. */
  readonly categoryTokens: readonly { readonly category: Category; readonly tokens: Spread }[];
  /** Table 11: tokens of a demonstration by who wrote its prompt. */
  readonly demonstrationTokens: Readonly<Record<"labeler" | "customer", Spread>>;
  readonly hygiene: Dataset["hygiene"];
}

function spread(values: readonly number[]): Spread {
  return { mean: mean(values).value, median: median(values), n: values.length };
}

const promptTokens = ({ prompt }: DataPrompt) => countTokens(prompt) + FRAME_TOKENS;

/** Percent of prompts for which `test` holds; 0 without prompts. */
function percentOf(prompts: readonly DataPrompt[], test: (one: DataPrompt) => boolean): number {
  return prompts.length === 0 ? 0 : (100 * prompts.filter(test).length) / prompts.length;
}

/**
 * Half of the 95 % interval of a share in percent, when the prompts of one author are alike: the
 * linearised standard error over authors, 1.96 √(Σ (hits - p n)²) / N.
 */
export function clusteredHalf(
  prompts: readonly DataPrompt[],
  test: (one: DataPrompt) => boolean,
): number {
  const p = prompts.filter(test).length / prompts.length;
  const residuals = new Map<string, number>();
  for (const one of prompts) {
    residuals.set(one.author, (residuals.get(one.author) ?? 0) + (test(one) ? 1 : 0) - p);
  }
  const squares = [...residuals.values()].reduce((sum, value) => sum + value * value, 0);
  return (100 * Z95 * Math.sqrt(squares)) / prompts.length;
}

function statisticsOf(
  prompts: readonly DataPrompt[],
  stage: SetSize["stage"],
  part: Part,
  known: ReadonlySet<string>,
): SetStatistics {
  const set = prompts.filter((one) => one.stage === stage && one.part === part);
  const customers = set.filter((one) => one.source === "customer");
  const count = (source: Source) => set.filter((one) => one.source === source).length;
  const sources = {
    plain: count("plain"),
    "few-shot": count("few-shot"),
    "user-based": count("user-based"),
    customer: customers.length,
  };
  return {
    stage,
    part,
    labeler: set.length - customers.length,
    customer: customers.length,
    authors: new Set(set.map((one) => one.author)).size,
    perCustomer: customers.length / new Set(customers.map((one) => one.author)).size,
    sources,
    tokens: spread(set.map(promptTokens)),
    unseen: percentOf(set, (one) => one.unseen),
    knownTask: part === "train" ? 100 : percentOf(set, (one) => known.has(one.task)),
  };
}

/** The tables of a data set. */
export function datasetStatistics(dataset: Dataset): DatasetStatistics {
  const { prompts, demonstrations, hygiene } = dataset;
  const of = (stage: Stage | "test", part: Part) =>
    prompts.filter((one) => one.stage === stage && one.part === part);
  const known = new Set(prompts.filter((one) => one.part === "train").map((one) => one.task));
  const keys = [...new Set(prompts.map((one) => `${one.stage} ${one.part}`))];
  const [rm, sft, test] = [of("rm", "train"), of("sft", "train"), of("test", "test")];
  const sourceOf = new Map(prompts.map((one) => [one.id, one.source]));
  const lengths = (customer: boolean) =>
    demonstrations
      .filter((one) => (sourceOf.get(one.promptId) === "customer") === customer)
      .map((one) => wordsOf(one.response).length + 1);
  return {
    sets: keys.map((key) => {
      const [stage, part] = key.split(" ") as [SetSize["stage"], Part];
      return statisticsOf(prompts, stage, part, known);
    }),
    useCases: CATEGORY_SHARES.map(([category, paper]) => {
      const is = (one: DataPrompt) => one.category === category;
      return { category, paper, percent: percentOf(rm, is), half: clusteredHalf(rm, is) };
    }),
    annotations: PAPER_ANNOTATIONS.map(([name]) => {
      const has = (one: DataPrompt) => one.annotations.includes(name);
      return { name, rm: percentOf(rm, has), sft: percentOf(sft, has), test: percentOf(test, has) };
    }),
    categoryTokens: CATEGORY_SHARES.map(([category]) => {
      const tokens = rm.filter((one) => one.category === category).map(promptTokens);
      return { category, tokens: spread(tokens) };
    }),
    demonstrationTokens: {
      labeler: spread(lengths(false)),
      customer: spread(lengths(true)),
    },
    hygiene,
  };
}
