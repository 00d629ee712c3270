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
  simulatedSource,
  statisticsMarkdown,
  verdictOf,
} from "../src/world/dataset/index.ts";
import type {
  AnswerSource,
  DataPrompt,
  Dataset,
  RankedPrompt,
  SampledAnswer,
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
    help: "checkpoint whose samples are ranked, or none for simulated answers",
    fallback: "public/models/sft.safetensors",
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

async function calibrate(options: Options): Promise<void> {
  const prompts = calibrationPrompts();
  const path = String(options["model"]);
  const { answers } = await modelAnswers(path, prompts, CALIBRATION.k, CALIBRATION.sampleSeed);
  if (typeof options["samples"] === "string") {
    const rows = prompts.map(({ id, task }) => ({
      task,
      answers: (answers.get(id) ?? []).map(({ tokens }) => tokens.join(" ")),
    }));
    writeFileSync(options["samples"], `${JSON.stringify(rows, null, 1)}\n`);
  }
  const sets = prompts
    .map((one) => (answers.get(one.id) ?? []).map(({ tokens }) => verdictOf(one, tokens)))
    .filter((set) => set.length > 1);
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

/** Agreement of both groups on prompts that several rank, on the answers of the data set. */
function measuredAgreement(
  prompts: readonly DataPrompt[],
  ranked: readonly RankedPrompt[],
): Parameters<typeof agreementTable>[0] {
  const byId = new Map(prompts.map((one) => [one.id, one]));
  const sets = ranked.slice(0, 400).flatMap(({ promptId, answers }) => {
    const prompt = byId.get(promptId);
    if (prompt === undefined || answers.length < 2) return [];
    return [answers.map(({ tokens }) => verdictOf(prompt, tokens))];
  });
  const { training, heldOut } = labelerGroups();
  return {
    training: agreement(ratedSets(new Rng(7), sets, training, "training", 4)),
    heldOut: agreement(ratedSets(new Rng(7), sets, heldOut, "training", 4)),
  };
}

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

async function make(options: Options): Promise<void> {
  const seed = Number(options["seed"]);
  const dataset = buildDataset({ seed, scale: Number(options["scale"]) });
  const prompts = dataset.prompts.filter((one) => one.stage === "rm");
  let source = simulatedSource(dataset);
  let origin = "simulated answers";
  const model = String(options["model"]);
  if (model !== "none") {
    console.log(`sampling ${prompts.length} prompts`);
    const most = dataset.config.answers[1];
    const { answers, engine } = await modelAnswers(model, prompts, most, seed);
    source = sourceFrom(answers);
    origin = `samples of ${model.split("/").at(-1) ?? model} (${engine})`;
  }
  const { training } = labelerGroups();
  const ranked = rankPrompts(dataset, prompts, training, source);
  writeData(String(options["out"]), dataset, ranked);
  const path = options["statement"];
  if (typeof path !== "string") return;
  const found = agreementTable(measuredAgreement(prompts, ranked));
  const answers = ranked.reduce((sum, one) => sum + one.answers.length, 0);
  const k = (answers / ranked.length).toFixed(2);
  const summary = `Answers: ${origin}; mean K after removing repeats ${k}; \`--seed ${seed} --scale ${String(options["scale"])}\`.`;
  let text = readFileSync(path, "utf8");
  text = withBlock(text, "statistics", statisticsMarkdown(datasetStatistics(dataset)));
  text = withBlock(text, "agreement", `${summary}\n\n${found}`);
  writeFileSync(path, text);
  console.log(`${path}: written`);
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
