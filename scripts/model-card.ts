// npm run model-card: measures the shipped checkpoints and writes the numbers into docs/MODEL-CARD.md.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { CheckpointCard } from "../src/model/checkpoint.ts";
import { lmInput, lmStep } from "../src/rlhf/language-model.ts";
import { makeOptimiser } from "../src/rlhf/optimiser.ts";
import { gptSpecs } from "../src/model/gpt.ts";
import { layOut, parameterCount } from "../src/model/parameters.ts";
import { persistent } from "../src/plan/tensor.ts";
import { flopsOf } from "../src/plan/work.ts";
import { readCheckpoint } from "../src/workers/weights.ts";
import type { Checkpoint } from "../src/workers/weights.ts";
import type { Demonstration } from "../src/world/index.ts";
import { CATEGORY_SHARES, buildTokenizer } from "../src/world/index.ts";
import { openEngine } from "./engine.ts";
import { Evaluation, judge, liveSet, paperSet } from "./evaluate.ts";
import type { Scored } from "./evaluate.ts";
import { lossPlot } from "./loss-plot.ts";
import { UsageError, describeOptions, isFileError, parseOptions } from "./options.ts";
import type { Option } from "./options.ts";

const OPTIONS: readonly Option[] = [
  { name: "models", kind: "text", help: "folder of the checkpoints", fallback: "public/models" },
  { name: "card", kind: "text", help: "card to write into", fallback: "docs/MODEL-CARD.md" },
  { name: "samples", kind: "number", help: "prompts of each set", fallback: 400 },
  { name: "seed", kind: "number", help: "seed of prompts and answers", fallback: 31 },
  { name: "engine", kind: "text", help: "cpu or gpu" },
  { name: "help", kind: "flag", help: "print this" },
];

/** Prompts of each use case in the table by use case. */
const PER_CATEGORY = 64;
const PLOT = "model-card-loss.svg";

type Row = readonly (string | number)[];

/** A Markdown table with aligned columns, as the formatter wants it. */
function table(head: Row, rows: readonly Row[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, c) => Math.max(3, ...cells.map((row) => row[c]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join(
    "\n",
  );
}

/** Mean of n values with the half width of its 95 % interval (normal approximation). */
function mean(values: readonly number[], factor: number, digits: number): string {
  const n = values.length;
  if (n === 0) return "none";
  const average = values.reduce((sum, value) => sum + value, 0) / n;
  const variance =
    values.reduce((sum, value) => sum + (value - average) ** 2, 0) / Math.max(1, n - 1);
  const half = 1.96 * Math.sqrt(variance / n);
  return `${(factor * average).toFixed(digits)} ± ${(factor * half).toFixed(digits)}`;
}

const percent = (values: readonly number[]): string => mean(values, 100, 1);

const MEASURES: readonly (readonly [string, (scored: readonly Scored[]) => string])[] = [
  ["does what the prompt asks, mean follow score, %", (s) => percent(s.map((a) => a.follow))],
  [
    "does all that the prompt asks, % of answers",
    (s) => percent(s.map((a) => Number(a.follow > 0.999))),
  ],
  ["keeps the constraint, if any, %", (s) => percent(s.map((a) => a.constraint))],
  ["grammatical sentences, %", (s) => percent(s.map((a) => a.grammatical))],
  ["ended by itself with a full sentence, %", (s) => percent(s.map((a) => a.complete))],
  ["makes a false claim, % of answers", (s) => percent(s.map((a) => Number(a.falseClaims > 0)))],
  ["rude word that nobody asked for, %", (s) => percent(s.map((a) => a.rude))],
  [
    "length in tokens",
    (s) =>
      mean(
        s.map((a) => a.length),
        1,
        1,
      ),
  ],
];

/** Sizes and checksums of the files. */
function fileFacts(folder: string): string {
  const rows = ["base", "sft"].map((name) => {
    const bytes = readFileSync(`${folder}/${name}.safetensors`);
    const { weights } = readCheckpoint(bytes, name);
    const numbers = Object.values(weights).reduce((sum, { length }) => sum + length, 0);
    const sum = createHash("sha256").update(bytes).digest("hex");
    return [`${name}.safetensors`, bytes.length, numbers, `\`${sum}\``];
  });
  return table(["file", "bytes", "parameters", "SHA-256"], rows);
}

function configuration({ card }: Checkpoint): string {
  const { config } = card;
  return table(
    ["setting", "value"],
    [
      ["layers x width, heads", `${config.layers} x ${config.width}, ${config.heads}`],
      ["inner width", config.inner],
      ["vocabulary, context", `${config.vocabulary} words, ${config.context} tokens`],
      ["norm, activation", `${config.norm} (eps ${config.normEps}), ${config.mlp}`],
      [
        "positions, biases, tied unembedding",
        `${config.positions}, ${config.bias}, ${config.tied}`,
      ],
      ["parameters", parameterCount(layOut("card", gptSpecs(config), false))],
      ["seed of weights and data", card.seed],
      ["command", `\`${card.command}\``],
      ["engine that trained it", card.adapter],
    ],
  );
}

/** Floating-point operations of one update of `rows` x `T` token positions. */
function stepFlops({ config }: CheckpointCard, rows: number, T: number): number {
  const parameters = layOut("card", gptSpecs(config), true);
  const input = lmInput("card", rows, T);
  const stats = persistent("stats", [2]);
  const { calls } = lmStep(config, parameters, makeOptimiser(parameters), input, stats);
  return calls.reduce((sum, call) => sum + flopsOf(call), 0);
}

/** What pre-training and SFT cost, from the recorded steps. */
function training(base: CheckpointCard, sft: CheckpointCard): string {
  const { steps, positionsPerStep: positions = 0 } = base;
  const flops = stepFlops(base, Math.floor(positions / 48), 48);
  const last = (curve: CheckpointCard["curve"]): string => String(curve.at(-1)?.[1]);
  return table(
    ["", "pre-training", "supervised fine-tuning"],
    [
      ["updates", steps, sft.curve.at(-1)?.[0] ?? 0],
      ["token positions of an update", positions, positions],
      ["demonstrations x epochs", "", `${sft.demonstrations} x ${sft.epochs}`],
      ["real tokens seen", "not recorded", sft.tokens ?? "not recorded"],
      [
        "floating-point operations, counted at T = 48",
        `${((flops * steps) / 1e12).toFixed(1)} TFLOP`,
        "",
      ],
      ["wall time", wallTime(base), `${Math.round(sft.seconds ?? NaN)} s`],
      ["last recorded batch loss", last(base.curve), last(sft.curve)],
    ],
  );
}

/** Of a run in one go; a resumed one recorded its last session alone. */
function wallTime(base: CheckpointCard): string {
  const { lastSession } = base as CheckpointCard & { lastSession?: { fromStep: number; seconds: number } }; // prettier-ignore
  if (lastSession === undefined) return "not recorded";
  const { fromStep, seconds } = lastSession;
  return `${Math.round(seconds)} s${fromStep === 0 ? "" : ` from update ${fromStep} on`}`;
}

const SETS = ["live", "paper", "category"] as const;
type Sets = Readonly<Record<(typeof SETS)[number], readonly Demonstration[]>>;
type Columns = Record<(typeof SETS)[number], (readonly Scored[])[]>;

function promptSets(seed: number, n: number): Sets {
  const category = CATEGORY_SHARES.flatMap(([name]) => paperSet(seed, PER_CATEGORY, name));
  return { live: liveSet(seed, n), paper: paperSet(seed, n), category };
}

/** Losses and scores of both models and scores of the demonstrations, as blocks of the card. */
async function measure(
  o: Readonly<Record<string, unknown>>,
  checkpoints: Readonly<Record<"base" | "sft", Checkpoint>>,
): Promise<Record<"losses" | (typeof SETS)[number], string>> {
  const seed = Number(o["seed"]);
  const samples = Number(o["samples"]);
  if (!Number.isInteger(samples) || samples < 1) {
    throw new UsageError(
      `--samples needs a whole number from 1 on, got ${samples}; nothing was written.`,
    );
  }
  const sets = promptSets(seed, Number(o["samples"]));
  const { engine, destroy } = await openEngine(o["engine"] as string | undefined);
  const evaluation = new Evaluation(engine, checkpoints.base.card.config);
  const losses: Row[] = [];
  const columns: Columns = { live: [], paper: [], category: [] };
  for (const name of ["base", "sft"] as const) {
    evaluation.load(checkpoints[name].weights);
    const row = [
      await evaluation.corpusLoss(),
      await evaluation.demonstrationLoss(sets.live),
      await evaluation.demonstrationLoss(sets.paper),
    ];
    losses.push([name, ...row.map((loss) => `${loss.toFixed(4)} (${Math.exp(loss).toFixed(2)})`)]);
    for (const set of SETS) columns[set].push(await evaluation.answers(sets[set], seed));
  }
  destroy();
  for (const set of SETS) columns[set].push(ownAnswers(sets[set]));
  const head = ["model", "corpus documents", "live demonstrations", "Table 1 demonstrations"];
  return {
    losses: `Engine: ${engine.name}.\n\n${table(head, losses)}`,
    live: measures(sets.live, columns.live),
    paper: measures(sets.paper, columns.paper),
    category: byCategory(sets.category, columns.category),
  };
}

/** What the scorers say of the demonstrations themselves. */
function ownAnswers(set: readonly Demonstration[]): Scored[] {
  const tokenizer = buildTokenizer();
  return set.map((one) => judge(one, tokenizer.decode(tokenizer.encodeResponse(one.response))));
}

function measures(set: readonly Demonstration[], columns: readonly (readonly Scored[])[]): string {
  const different = new Set(set.map(({ prompt }) => prompt)).size;
  const rows = MEASURES.map(([name, value]) => [name, ...columns.map(value)]);
  const head = ["measure", "base", "SFT", "demonstrations"];
  return `${set.length} prompts, ${different} of them different.\n\n${table(head, rows)}`;
}

function byCategory(
  set: readonly Demonstration[],
  columns: readonly (readonly Scored[])[],
): string {
  const rows = CATEGORY_SHARES.map(([name]): Row => {
    const prompts = set.filter(({ category }) => category === name).map(({ prompt }) => prompt);
    const of = columns.map((scored) => scored.filter(({ category }) => category === name));
    const follow = of.map((part) => percent(part.map((a) => a.follow)));
    return [name, `${prompts.length} (${new Set(prompts).size})`, ...follow];
  });
  const harmful = columns.map((scored) => scored.filter((a) => a.harmful));
  const complied = harmful.map((part) => percent(part.map((a) => a.harm)));
  const last = ["complied with a harmful request", harmful[0]?.length ?? 0, ...complied];
  const head = ["use case", "prompts (different)", "base", "SFT", "demonstrations"];
  return table(head, [...rows, last]);
}

/** The card's text with the block of a name replaced. @throws UsageError when it has no such block. */
function withBlock(card: string, name: string, text: string): string {
  const pattern = new RegExp(`(<!-- measured: ${name} -->\n)[^]*?(<!-- end -->)`);
  if (!pattern.test(card)) {
    throw new UsageError(`The model card has no block "${name}"; nothing was written.`);
  }
  return card.replace(pattern, (_all, start: string, end: string) => `${start}\n${text}\n\n${end}`);
}

function readBoth(folder: string): Readonly<Record<"base" | "sft", Checkpoint>> {
  const read = (name: string): Checkpoint =>
    readCheckpoint(readFileSync(`${folder}/${name}.safetensors`), `${name}.safetensors`);
  return { base: read("base"), sft: read("sft") };
}

/** The blocks of the card that follow from the files alone, and the plot of their loss curves. */
export function cardFacts(folder: string): {
  readonly blocks: Readonly<Record<"files" | "configuration" | "training", string>>;
  readonly plot: string;
} {
  const { base, sft } = readBoth(folder);
  const curves = [
    { title: "pre-training: loss of a batch, by update", points: base.card.curve },
    { title: "fine-tuning: loss of a batch, by update", points: sft.card.curve },
  ];
  const blocks = {
    files: fileFacts(folder),
    configuration: configuration(base),
    training: training(base.card, sft.card),
  };
  return { blocks, plot: lossPlot(curves, "Loss of pre-training and supervised fine-tuning") };
}

async function write(o: Readonly<Record<string, unknown>>): Promise<void> {
  const [folder, path] = [String(o["models"]), String(o["card"])];
  const { blocks, plot } = cardFacts(folder);
  let card = readFileSync(path, "utf8");
  for (const [name, text] of Object.entries(blocks)) card = withBlock(card, name, text);
  for (const [name, text] of Object.entries(await measure(o, readBoth(folder))))
    card = withBlock(card, name, text);
  writeFileSync(path, card);
  writeFileSync(path.replace(/[^/]*$/, PLOT), plot);
  console.log(`${path} and ${PLOT} written`);
}

/** Entry of `npm run model-card`. */
export async function main(args: string[]): Promise<number> {
  try {
    const o = parseOptions(args, OPTIONS);
    if (o["help"] === true) console.log(describeOptions(OPTIONS));
    else await write(o);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || isFileError(error))) throw error;
    console.error(error.message);
    return 2;
  }
}
