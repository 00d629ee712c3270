// The measured blocks of docs/DATASET.md: data tables, agreement, screening, the benchmark suite.
import { readFileSync, writeFileSync } from "node:fs";
import { agreement } from "../src/evaluation/index.ts";
import {
  PAPER_AGREEMENT,
  agreementTable,
  buildDataset,
  calibrateNoise,
  datasetStatistics,
  heldOutLabelers,
  labelerGroups,
  markdownTable,
  ratedSets,
  screenedLabelers,
  screeningTable,
  statisticsMarkdown,
  verdictOf,
} from "../src/world/dataset/index.ts";
import type {
  DataPrompt,
  Dataset,
  RankedPrompt,
  SampledAnswer,
  Verdict,
} from "../src/world/dataset/index.ts";
import { Rng } from "../src/world/index.ts";
import {
  LEVELS,
  SUITE_TASKS,
  chanceOf,
  fewShot,
  suiteItems,
  trainingItem,
} from "../src/world/suite/index.ts";
import type { SuiteTask } from "../src/world/suite/index.ts";
import { modelAnswers } from "./dataset-model.ts";
import { UsageError } from "./options.ts";

/** The shipped model that labelers' noise was set on. */
const SFT = "public/models/sft.safetensors";
/** Prompts and answers of the calibration: samples of that model. */
const CALIBRATION = { scale: 0.01, seed: 99, prompts: 320, k: 6, sampleSeed: 3 } as const;
/** Labelers who rank each set of answers when the agreement is measured. */
const RATERS = 10;

/** The prompts that the calibration's samples answer. */
export function calibrationPrompts(): DataPrompt[] {
  const { prompts } = buildDataset({ scale: CALIBRATION.scale, seed: CALIBRATION.seed });
  const rm = prompts.filter(({ stage, part }) => stage === "rm" && part === "train");
  return rm.slice(0, CALIBRATION.prompts);
}

/** Verdicts on the shipped SFT model's samples; `path` says where to store these. */
async function sftVerdicts(path?: string): Promise<Verdict[][]> {
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

/** Prints the noise for which both groups agree as the paper's do; may store the samples. */
export async function calibrate(samples?: string): Promise<void> {
  const sets = await sftVerdicts(samples);
  const { training, heldOut } = PAPER_AGREEMENT;
  const own = calibrateNoise(sets, labelerGroups().training, training.percent / 100);
  const others = calibrateNoise(sets, heldOutLabelers(), heldOut.percent / 100);
  console.log(`noise: training ${own.toFixed(3)}, held-out ${others.toFixed(3)}`);
}

/** Agreement of both groups on these answers, every set ranked by ten of each. */
function agreementOn(sets: readonly (readonly Verdict[])[]): string {
  const { training, heldOut } = labelerGroups();
  return agreementTable({
    training: agreement(ratedSets(new Rng(7), sets, training, "training", RATERS)),
    heldOut: agreement(ratedSets(new Rng(7), sets, heldOut, "training", RATERS)),
  });
}

async function agreementText(
  { config }: Dataset,
  prompts: readonly DataPrompt[],
  ranked: readonly RankedPrompt[],
): Promise<string> {
  const byId = new Map(ranked.map((one) => [one.promptId, one.answers]));
  const some = prompts.filter(({ part }) => part === "train").slice(0, CALIBRATION.prompts);
  const k = ranked.reduce((sum, one) => sum + one.answers.length, 0) / ranked.length;
  const settings = `seed ${config.seed}, scale ${config.scale}, mean K ${k.toFixed(2)}`;
  const { labelers, scores } = screenedLabelers();
  return [
    "Screening: agreement of the candidates with the gold labeler, %",
    screeningTable(scores, labelers.length),
    "On 320 prompts with six samples each of the shipped SFT model, repeats removed:",
    agreementOn(await sftVerdicts()),
    `On ${some.length} prompts with the answers of this data set (${settings}):`,
    agreementOn(verdictsOf(some, (id) => byId.get(id) ?? [])),
  ].join("\n\n");
}

const MEASURES: Readonly<Record<SuiteTask, string>> = {
  endings: "accuracy",
  pronouns: "accuracy",
  entailment: "accuracy",
  mood: "accuracy",
  reading: "F1",
  counting: "F1",
  tongue: "BLEU",
  news: "ROUGE-L",
};

/** Items of each task and level that the suite's table is measured on. */
const PER_LEVEL = 25;

function suiteText(): string {
  const items = suiteItems(PER_LEVEL, 3);
  const rng = new Rng(9);
  const rows = (Object.keys(SUITE_TASKS) as SuiteTask[]).map((task) => {
    const own = items.filter((one) => one.task === task);
    const shots = own.map((one) => {
      return fewShot(
        one,
        [1, 2, 3, 4].map(() => trainingItem(rng, task)),
      ).shots;
    });
    const mean = shots.reduce((sum, one) => sum + one, 0) / shots.length;
    const hardest = own.find(({ level }) => level === LEVELS.at(-1));
    return [
      task,
      SUITE_TASKS[task],
      MEASURES[task],
      (100 * chanceOf(own)).toFixed(0),
      mean.toFixed(1),
      `${hardest?.text ?? ""} **${hardest?.answer ?? ""}**`,
    ];
  });
  const head = ["task", "plays", "measure", "chance, %", "shots", "an item of level 4"];
  return markdownTable(head, rows);
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

/** Renews the measured blocks of a data statement. @throws UsageError when it lacks one */
export async function writeStatement(
  path: string,
  dataset: Dataset,
  prompts: readonly DataPrompt[],
  ranked: readonly RankedPrompt[],
): Promise<void> {
  const blocks = {
    statistics: statisticsMarkdown(datasetStatistics(dataset)),
    agreement: await agreementText(dataset, prompts, ranked),
    suite: suiteText(),
  };
  let document = readFileSync(path, "utf8");
  for (const [name, text] of Object.entries(blocks)) document = withBlock(document, name, text);
  writeFileSync(path, document);
  console.log(`${path}: written`);
}
