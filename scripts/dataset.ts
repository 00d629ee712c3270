// npm run dataset: writes the miniature's data as JSON Lines and its tables into docs/DATASET.md.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agreement } from "../src/evaluation/index.ts";
import {
  DEFAULT_CONFIG,
  agreementTable,
  buildDataset,
  calibrateNoise,
  datasetStatistics,
  heldOutLabelers,
  labelerGroups,
  rankPrompts,
  ratedSets,
  statisticsMarkdown,
  verdictOf,
} from "../src/world/dataset/index.ts";
import type {
  AnswerSource,
  DataPrompt,
  Dataset,
  RankedPrompt,
  SampledAnswer,
  Verdict,
} from "../src/world/dataset/index.ts";
import { Rng } from "../src/world/index.ts";
import { modelAnswers } from "./dataset-model.ts";
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
  { name: "statement", kind: "text", help: "document to write the tables into" },
  { name: "calibrate", kind: "flag", help: "print the noise for the paper's agreement, only" },
  { name: "samples", kind: "text", help: "write the samples of --calibrate into this file" },
  { name: "help", kind: "flag", help: "print this" },
];

/** Prompts and answers of the calibration: samples of the shipped SFT model. */
const CALIBRATION = { scale: 0.01, seed: 99, prompts: 320, k: 6, sampleSeed: 3 } as const;

/** The prompts that the calibration's samples answer. */
export function calibrationPrompts(): DataPrompt[] {
  const { prompts } = buildDataset({ scale: CALIBRATION.scale, seed: CALIBRATION.seed });
  const rm = prompts.filter(({ stage, part }) => stage === "rm" && part === "train");
  return rm.slice(0, CALIBRATION.prompts);
}

/** An answer source from answers that are already there; K is then how many there are, at most k. */
function sourceFrom(answers: ReadonlyMap<string, readonly SampledAnswer[]>): AnswerSource {
  return (_rng, prompt, k) => (answers.get(prompt.id) ?? []).slice(0, k);
}

/** The shipped model that labelers' noise was set on. */
const SFT = "public/models/sft.safetensors";

/** Verdicts on the shipped SFT model's samples, which `--samples` stores. */
async function sftVerdicts(path: string | undefined): Promise<Verdict[][]> {
  const prompts = calibrationPrompts();
  const { answers } = await modelAnswers(SFT, prompts, CALIBRATION.k, CALIBRATION.sampleSeed);
  if (path !== undefined) {
    const rows = prompts.map(({ id, task }) => ({
      task,
      answers: (answers.get(id) ?? []).map(({ tokens }) => tokens.join(" ")),
    }));
    writeFileSync(path, `${JSON.stringify(rows, null, 1)}\n`);
  }
  return verdictsOf(prompts, (id) => answers.get(id) ?? []);
}

/** Verdicts on the answers of each prompt that has at least two. */
function verdictsOf(
  prompts: readonly DataPrompt[],
  answers: (id: string) => readonly SampledAnswer[],
): Verdict[][] {
  return prompts
    .map((one) => answers(one.id).map(({ tokens }) => verdictOf(one, tokens)))
    .filter((set) => set.length > 1);
}

async function calibrate(options: Options): Promise<void> {
  const path = options["samples"];
  const sets = await sftVerdicts(typeof path === "string" ? path : undefined);
  const training = calibrateNoise(sets, labelerGroups().training, 0.726);
  const heldOut = calibrateNoise(sets, heldOutLabelers(), 0.773);
  console.log(`noise: training ${training.toFixed(3)}, held-out ${heldOut.toFixed(3)}`);
}

const lines = (records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join("");

function writeData(folder: string, dataset: Dataset, ranked: readonly RankedPrompt[]): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, name), text);
    console.log(`${join(folder, name)}: ${text.split("\n").length - 1} lines`);
  };
  write("config.json", `${JSON.stringify(dataset.config)}\n`);
  write("prompts.jsonl", lines(dataset.prompts));
  write("demonstrations.jsonl", lines(dataset.demonstrations));
  write("rankings.jsonl", lines(ranked));
}

/** Agreement of both groups on these answers, every set ranked by ten of each. */
function agreementOn(sets: readonly (readonly Verdict[])[]): string {
  const { training, heldOut } = labelerGroups();
  return agreementTable({
    training: agreement(ratedSets(new Rng(7), sets, training, "training", RATERS)),
    heldOut: agreement(ratedSets(new Rng(7), sets, heldOut, "training", RATERS)),
  });
}

const RATERS = 10;

/** The document with the text between the marks of a name replaced. @throws UsageError without it */
function withBlock(document: string, name: string, text: string): string {
  const pattern = new RegExp(`(<!-- measured: ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!pattern.test(document)) {
    throw new UsageError(`--statement: the document has no block "${name}"; nothing was written.`);
  }
  return document.replace(pattern, (_all, start: string, end: string) => {
    return `${start}\n${text}\n\n${end}`;
  });
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

async function writeStatement(
  path: string,
  dataset: Dataset,
  prompts: readonly DataPrompt[],
  ranked: readonly RankedPrompt[],
): Promise<void> {
  const byId = new Map(ranked.map((one) => [one.promptId, one.answers]));
  const some = prompts.filter(({ part }) => part === "train").slice(0, CALIBRATION.prompts);
  const own = agreementOn(verdictsOf(some, (id) => byId.get(id) ?? []));
  const sft = agreementOn(await sftVerdicts(undefined));
  const k = ranked.reduce((sum, one) => sum + one.answers.length, 0) / ranked.length;
  const { seed, scale } = dataset.config;
  const text = [
    "On 320 prompts with six samples each of the shipped SFT model, repeats removed:",
    sft,
    `On 320 prompts with the answers of this data set (seed ${seed}, scale ${scale}, mean K ${k.toFixed(2)}):`,
    own,
  ].join("\n\n");
  const statistics = statisticsMarkdown(datasetStatistics(dataset));
  const document = withBlock(readFileSync(path, "utf8"), "statistics", statistics);
  writeFileSync(path, withBlock(document, "agreement", text));
  console.log(`${path}: written`);
}

async function make(options: Options): Promise<void> {
  const dataset = buildDataset({
    seed: Number(options["seed"]),
    scale: Number(options["scale"]),
  });
  const prompts = dataset.prompts.filter((one) => one.stage === "rm");
  const model = options["model"];
  const ranked = await rank(dataset, prompts, typeof model === "string" ? model : undefined);
  writeData(String(options["out"]), dataset, ranked);
  const path = options["statement"];
  if (typeof path === "string") await writeStatement(path, dataset, prompts, ranked);
}

/** Entry of `npm run dataset`. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = parseOptions(args, OPTIONS);
    if (options["help"] === true) console.log(describeOptions(OPTIONS));
    else if (options["calibrate"] === true) await calibrate(options);
    else await make(options);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
}
