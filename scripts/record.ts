// npm run record: makes public/first-prompt.json and public/recorded-run.json from the shipped checkpoints, by running them.
import { readFileSync, writeFileSync } from "node:fs";
import { DEFAULTS } from "../src/config.ts";
import type { Sample, SelfChecks } from "../src/workers/protocol.ts";
import { METRICS } from "../src/workers/protocol.ts";
import { Trainer } from "../src/workers/trainer.ts";
import { readCheckpoint } from "../src/workers/weights.ts";
import {
  Rng,
  buildTokenizer,
  liveDemonstration,
  livePrompts,
  tasteNamed,
} from "../src/world/index.ts";
import { diverse, ranksOf } from "./simulated.ts";
import { openEngine } from "./engine.ts";
import { UsageError, parseOptions } from "./options.ts";
import type { Option } from "./options.ts";
import { Progress } from "./progress.ts";

const OPTIONS: readonly Option[] = [
  { name: "seed", kind: "number", help: "seed of everything", fallback: 1 },
  { name: "engine", kind: "text", help: "cpu or gpu" },
  { name: "taste", kind: "text", help: "taste of the recorded run", fallback: "cheerful" },
  { name: "iterations", kind: "number", help: "iterations of the recorded run", fallback: 45 },
];

const K = 4;
const SETS = 12;
const WATCH = 6;
const BLIND = 14;
const RANK = 200;
const FOLDER = "public";

interface Item {
  readonly id: string;
  readonly text: string;
}

function items(seed: number, n: number, split: "train" | "test", prefix: string): Item[] {
  const tokenizer = buildTokenizer();
  return livePrompts(seed, n, split).map(({ prompt }, i) => ({
    id: `${prefix}-${String(i + 1)}`,
    text: tokenizer.render(prompt.split(" ")),
  }));
}

async function open(
  model: "base" | "sft",
  engine: string | undefined,
  onEvent: Parameters<Trainer["open"]>[1],
): Promise<{ trainer: Trainer; adapter: string }> {
  const trainer = new Trainer({
    openEngine: () => openEngine(engine),
    load: () =>
      Promise.resolve(new Uint8Array(readFileSync(`${FOLDER}/models/${model}.safetensors`))),
  });
  const card = await trainer.open(DEFAULTS, onEvent);
  return { trainer, adapter: card.adapter };
}

/** Entry of `npm run record`. */
export async function main(args: string[]): Promise<number> {
  try {
    const o = parseOptions(args, OPTIONS);
    await record(
      Number(o["seed"]),
      o["engine"] as string | undefined,
      String(o["taste"]),
      Number(o["iterations"]),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function record(
  seed: number,
  engine: string | undefined,
  tasteName: string,
  iterations: number,
): Promise<void> {
  const command = `npm run record -- --seed ${String(seed)} --taste ${tasteName} --iterations ${String(iterations)}`;
  const rows: number[][] = [];
  let checks: SelfChecks | undefined;
  const progress = new Progress("recording", iterations);
  const { trainer, adapter } = await open("sft", engine, (event) => {
    if (event.type === "checks") checks = event.checks;
    if (event.type !== "metrics") return;
    rows.push(
      Array.from(event.rows, (value) =>
        Number.isFinite(value) ? Number(value.toPrecision(5)) : NaN,
      ),
    );
    progress.at(rows.length);
  });
  const watch = items(seed + 20, WATCH, "test", "watch");
  const prompts = items(seed + 10, SETS, "train", "set");
  const drawn = await trainer.sample(prompts, K * 3, seed, "sft");
  const shown = drawn.map((set) => diverse(set, K));
  await writeFirstPrompt(trainer, { seed, engine, adapter, command, prompts, shown, watch });
  const taste = tasteNamed(tasteName);
  const rankings = shown.map((set, i) => ({
    id: prompts[i]?.id ?? "",
    prompt: prompts[i]?.text ?? "",
    completions: set.map(({ tokens }) => tokens),
    ranks: ranksOf(set.map(({ text, prompt }) => taste.score(text, prompt))),
  }));
  const report = await trainer.fitReward(rankings, { stage: "full" });
  const samples: { step: number; samples: readonly Sample[] }[] = [];
  const look = async (step: number, from: "sft" | "policy"): Promise<void> => {
    samples.push({ step, samples: (await trainer.sample(watch, 1, seed, from)).flat() });
  };
  await look(0, "sft");
  for (let step = 0; step < iterations; step += 3) {
    await trainer.play(Math.min(3, iterations - step));
    await look(Math.min(step + 3, iterations), "policy");
  }
  const recorded = {
    version: 1,
    made: { adapter, command, seed, date: new Date().toISOString().slice(0, 10) },
    taste: taste.describe,
    rankings: report.rankings,
    comparisons: report.comparisons,
    config: { ...DEFAULTS, iterations },
    metrics: METRICS,
    rows: rows.map((row) => row.map((value) => (Number.isNaN(value) ? null : value))),
    checks,
    samples,
  };
  writeFileSync(`${FOLDER}/recorded-run.json`, `${JSON.stringify(recorded)}\n`);
}

interface Made {
  readonly seed: number;
  readonly engine: string | undefined;
  readonly adapter: string;
  readonly command: string;
  readonly prompts: readonly Item[];
  readonly shown: readonly (readonly Sample[])[];
  readonly watch: readonly Item[];
}

async function writeFirstPrompt(trainer: Trainer, made: Made): Promise<void> {
  const { seed, adapter, command, prompts, shown, watch } = made;
  const tokenizer = buildTokenizer();
  const base = await open("base", made.engine, () => undefined);
  const before = (await base.trainer.sample(watch, 1, seed, "sft")).flat();
  const after = (await trainer.sample(watch, 1, seed, "sft")).flat();
  const { card } = readCheckpoint(
    new Uint8Array(readFileSync(`${FOLDER}/models/sft.safetensors`)),
    "sft",
  );
  const rng = new Rng(seed + 3);
  const extra = card as typeof card & {
    demonstrations?: number;
    tokens?: number;
    seconds?: number;
  };
  const first = {
    version: 1,
    checkpoint: "sft",
    made: { adapter, command, seed },
    sets: prompts.map(({ id, text }, i) => ({
      id,
      prompt: text,
      answers: (shown[i] ?? []).map((sample) => ({
        text: sample.text,
        tokens: sample.tokens,
        seed: sample.seed,
      })),
    })),
    rank: items(seed + 40, RANK, "train", "rank"),
    watch,
    blind: items(seed + 30, BLIND, "test", "blind"),
    show: {
      demonstrations: extra.demonstrations ?? 0,
      tokens: extra.tokens ?? 0,
      seconds: Math.round(extra.seconds ?? 0),
      adapter: card.adapter,
      loss: card.curve.map(([, loss]) => loss),
      examples: watch.slice(0, 3).map(({ text }, i) => ({
        prompt: text,
        before: before[i]?.text ?? "",
        after: after[i]?.text ?? "",
      })),
      shown: Array.from({ length: 5 }, () => {
        const { prompt, response } = liveDemonstration(rng, "train");
        return {
          prompt: tokenizer.render(prompt.split(" ")),
          response: tokenizer.render(response.split(" ")),
        };
      }),
    },
  };
  writeFileSync(`${FOLDER}/first-prompt.json`, `${JSON.stringify(first)}\n`);
}
