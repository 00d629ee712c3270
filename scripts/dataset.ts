// npm run dataset: writes the miniature's data as JSON Lines and its tables into docs/DATASET.md.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  DEFAULT_CONFIG,
  buildDataset,
  labelerGroups,
  rankPrompts,
} from "../src/world/dataset/index.ts";
import type {
  AnswerSource,
  DataPrompt,
  Dataset,
  PersonRanked,
  RankedPrompt,
  SampledAnswer,
} from "../src/world/dataset/index.ts";
import { modelAnswers } from "./dataset-model.ts";
import { peopleRankings } from "./dataset-people.ts";
import { calibrate, writeStatement } from "./dataset-statement.ts";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option, Options } from "./options.ts";

const OPTIONS: readonly Option[] = [
  { name: "out", kind: "text", help: "folder for the JSON Lines", fallback: ".cache/dataset" },
  { name: "seed", kind: "number", help: "seed of everything", fallback: DEFAULT_CONFIG.seed },
  { name: "scale", kind: "number", help: "share of the paper's sizes", fallback: 0.1 },
  {
    name: "model",
    kind: "text",
    help: "checkpoint whose samples are ranked; without one, simulated answers",
  },
  { name: "judgements", kind: "text", help: "exported file of people's rankings to add" },
  { name: "statement", kind: "text", help: "document to write the tables into" },
  { name: "calibrate", kind: "flag", help: "print the noise for the paper's agreement, only" },
  { name: "samples", kind: "text", help: "write the samples of --calibrate into this file" },
  { name: "help", kind: "flag", help: "print this" },
];

const textOption = (options: Options, name: string): string | undefined => {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
};

/** An answer source from answers that are already there; K is then how many there are, at most k. */
function sourceFrom(answers: ReadonlyMap<string, readonly SampledAnswer[]>): AnswerSource {
  return (_rng, prompt, k) => (answers.get(prompt.id) ?? []).slice(0, k);
}

/** Rankings of the RM prompts on a checkpoint's samples, or on simulated answers. */
async function rank(
  dataset: Dataset,
  prompts: readonly DataPrompt[],
  model: string | undefined,
): Promise<RankedPrompt[]> {
  const { training } = labelerGroups();
  if (model === undefined) return rankPrompts(dataset, prompts, training);
  const [, most] = dataset.config.answers;
  console.log(`${model}: samples ${prompts.length} prompts ${most} times`);
  const { answers } = await modelAnswers(model, prompts, most, dataset.config.seed);
  return rankPrompts(dataset, prompts, training, sourceFrom(answers));
}

function write(folder: string, name: string, records: readonly unknown[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, name),
    records.map((record) => `${JSON.stringify(record)}\n`).join(""),
  );
  console.log(`${join(folder, name)}: ${records.length} lines`);
}

/** People's rankings of a file; what cannot be used is said in a sentence each. */
async function readPeople(path: string): Promise<readonly PersonRanked[]> {
  const { ranked, skipped, problems } = await peopleRankings(path);
  problems.forEach((sentence) => console.log(sentence));
  if (skipped > 0) {
    console.log(
      `${path}: ${skipped} records are no ranking of two or more answers by a person that stands, and are left out.`,
    );
  }
  return ranked;
}

async function make(options: Options): Promise<void> {
  const statement = textOption(options, "statement");
  if (statement !== undefined && !existsSync(statement)) {
    throw new UsageError(
      `--statement: found no file ${statement}, expected one; nothing was made.`,
    );
  }
  const judgements = textOption(options, "judgements");
  const people = judgements === undefined ? null : await readPeople(judgements);
  const dataset = buildDataset({
    seed: Number(options["seed"]),
    scale: Number(options["scale"]),
  });
  const prompts = dataset.prompts.filter((one) => one.stage === "rm");
  const ranked = await rank(dataset, prompts, textOption(options, "model"));
  const folder = String(options["out"]);
  write(folder, "config.jsonl", [dataset.config]);
  write(folder, "prompts.jsonl", dataset.prompts);
  write(folder, "demonstrations.jsonl", dataset.demonstrations);
  write(folder, "rankings.jsonl", ranked);
  if (people !== null) write(folder, "people.jsonl", people);
  if (statement !== undefined) await writeStatement(statement, dataset, prompts, ranked);
}

/** Entry of `npm run dataset`. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = parseOptions(args, OPTIONS);
    if (options["help"] === true) console.log(describeOptions(OPTIONS));
    else if (options["calibrate"] === true) await calibrate(textOption(options, "samples"));
    else await make(options);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
}
