// Prompts with the answers of many models: our samples and the paper's CSV files in one shape, filtered and sorted.
import type { BenchmarkFile } from "../../formats/benchmark-csv.ts";
import type { BenchmarkRow } from "../../formats/benchmark-rows.ts";
import type { ModelRow, SampledPrompt } from "../../reproduce/results.ts";

export interface ShownAnswer {
  /** heading of its column, e.g. `ppo-ptx-175b` or `micro/ppo-ptx/1` */
  readonly model: string;
  readonly kind: string;
  readonly size: string;
  /** how it was asked, e.g. `respectful prompt`; "" where there is one way only */
  readonly asked: string;
  readonly text: string;
  /** what was measured of it, by name */
  readonly values: Readonly<Record<string, number>>;
  readonly labels: readonly string[];
}

export interface ShownPrompt {
  readonly id: string;
  readonly prompt: string;
  readonly reference: string | null;
  readonly task: string;
  readonly split: string;
  readonly answers: readonly ShownAnswer[];
}

export interface Collection {
  readonly prompts: readonly ShownPrompt[];
  readonly models: readonly string[];
  readonly kinds: readonly string[];
  readonly sizes: readonly string[];
  readonly asked: readonly string[];
  readonly tasks: readonly string[];
  readonly splits: readonly string[];
  /** names of what was measured of answers */
  readonly measures: readonly string[];
}

/** Sorting by a measure, or "" for the order of the file. */
export interface Filter {
  readonly kind: string;
  readonly size: string;
  readonly asked: string;
  readonly task: string;
  readonly split: string;
  readonly words: string;
  readonly sort: string;
  readonly falling: boolean;
  /** models that are shown; null: all */
  readonly models: readonly string[] | null;
  /** models that stand first, since they were asked for */
  readonly first: readonly string[];
}

/** Shows everything in the order of the file; "" stands for all. */
export const NO_FILTER: Filter = {
  ...{ kind: "", size: "", asked: "", task: "", split: "" },
  ...{ words: "", sort: "", falling: true, models: null, first: [] },
};

function collect(prompts: readonly ShownPrompt[]): Collection {
  const answers = prompts.flatMap((prompt) => prompt.answers);
  const different = <T>(items: readonly T[], of: (item: T) => string): string[] =>
    [...new Set(items.map(of))].filter((name) => name !== "");
  return {
    prompts,
    models: different(answers, ({ model }) => model),
    kinds: different(answers, ({ kind }) => kind),
    sizes: different(answers, ({ size }) => size),
    asked: different(answers, ({ asked }) => asked),
    tasks: different(prompts, ({ task }) => task),
    splits: different(prompts, ({ split }) => split),
    measures: [...new Set(answers.flatMap(({ values }) => Object.keys(values)))],
  };
}

/** The samples of our own evaluations. */
export function ofSamples(
  samples: readonly SampledPrompt[],
  models: readonly ModelRow[],
): Collection {
  const known = new Map(models.map((model) => [model.id, model]));
  return collect(
    samples.map(({ id, prompt, task, split, answers }) => ({
      ...{ id, prompt, task, split, reference: null },
      answers: answers.map(({ model, text, rating, labels = [] }) => ({
        ...{ model, text, labels, asked: "" },
        kind: known.get(model)?.kind ?? "",
        size: known.get(model)?.size ?? "",
        values: rating === undefined ? {} : { rating },
      })),
    })),
  );
}

/** `ppo-ptx-175b` is kind `ppo-ptx` of size `175b`. */
export function splitModel(model: string): { kind: string; size: string } {
  const at = model.lastIndexOf("-");
  return at <= 0
    ? { kind: model, size: "" }
    : { kind: model.slice(0, at), size: model.slice(at + 1) };
}

/** The rows of a CSV file by prompt, in the order in which prompts first appear. */
export function ofBenchmark({ rows }: BenchmarkFile): Collection {
  const prompts = new Map<string, BenchmarkRow[]>();
  for (const row of rows) {
    const key = `${row.prompt}\u0000${row.reference ?? ""}`;
    const before = prompts.get(key);
    if (before === undefined) prompts.set(key, [row]);
    else before.push(row);
  }
  return collect(
    [...prompts.values()].map((same, i) => ({
      id: String(i + 1),
      prompt: same[0]?.prompt ?? "",
      reference: same[0]?.reference ?? null,
      task: same[0]?.more["task"] ?? "",
      split: same[0]?.more["split"] ?? splitOf(same[0]?.adversarial ?? null),
      answers: same.map(ofRow),
    })),
  );
}

function splitOf(adversarial: boolean | null): string {
  if (adversarial === null) return "";
  return adversarial ? "adversarial" : "not adversarial";
}

function ofRow({ model, promptType, sample, judged, more }: BenchmarkRow): ShownAnswer {
  const rating = Number(more["rating"] ?? "");
  return {
    // our own files name the task in a column of its own, of which this is the last part
    ...{ model, asked: more["task"] ? "" : promptType, text: sample, ...splitModel(model) },
    values: { ...judged, ...(more["rating"] && Number.isFinite(rating) ? { rating } : {}) },
    labels: (more["labels"] ?? "").split("|").filter((label) => label !== ""),
  };
}

/** The prompts that pass, each with the answers that pass; prompts without one are left out. */
export function filtered({ prompts }: Collection, filter: Filter): ShownPrompt[] {
  const words = filter.words.trim().toLowerCase();
  const is = (wanted: string, value: string): boolean => wanted === "" || wanted === value;
  const passes = ({ kind, size, asked, model }: ShownAnswer): boolean =>
    is(filter.kind, kind) &&
    is(filter.size, size) &&
    is(filter.asked, asked) &&
    (filter.models === null || filter.models.includes(model));
  const kept = prompts
    .filter(({ task, split }) => is(filter.task, task) && is(filter.split, split))
    .map((prompt) => ({ ...prompt, answers: asked(prompt.answers.filter(passes), filter.first) }))
    .filter(({ prompt, answers }) => {
      if (answers.length === 0) return false;
      if (words === "") return true;
      return [prompt, ...answers.map(({ text }) => text)].some((text) =>
        text.toLowerCase().includes(words),
      );
    });
  return filter.sort === "" ? kept : sorted(kept, filter);
}

/** Those of the models that were asked for, then the others, each in their order. */
function asked(answers: readonly ShownAnswer[], first: readonly string[]): readonly ShownAnswer[] {
  if (first.length === 0) return answers;
  const is = ({ model }: ShownAnswer): boolean => first.includes(model);
  return [...answers.filter(is), ...answers.filter((answer) => !is(answer))];
}

/** Models of the same size and seed as some of these: what they are fairly compared with. */
export function siblings(ids: readonly string[], models: readonly ModelRow[]): string[] {
  const these = models.filter(({ id }) => ids.includes(id));
  const alike = models.filter(({ size, seed }) =>
    these.some((one) => one.size === size && one.seed === seed),
  );
  return alike.map(({ id }) => id);
}

/** By the mean of a measure over the answers shown; prompts without it come last. */
function sorted(prompts: readonly ShownPrompt[], { sort, falling }: Filter): ShownPrompt[] {
  const rank = ({ answers }: ShownPrompt): number => {
    const values = answers.map(({ values }) => values[sort]).filter((value) => value !== undefined);
    const sum = values.reduce((total, value) => total + value, 0);
    if (values.length === 0) return Infinity;
    return (falling ? -1 : 1) * (sum / values.length);
  };
  return prompts
    .map((prompt) => ({ prompt, at: rank(prompt) }))
    .sort((a, b) => (a.at === b.at ? 0 : a.at - b.at))
    .map(({ prompt }) => prompt);
}
