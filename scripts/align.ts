// npm run align: the main job without a browser. Sample, rank by a simulated taste, fit, PPO-ptx, compare blind.
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DEFAULTS } from "../src/config.ts";
import type { MetricName, Ranking, Sample, SelfChecks } from "../src/workers/protocol.ts";
import { METRICS } from "../src/workers/protocol.ts";
import { orderedPairs } from "../src/rlhf/preference-statistics.ts";
import { Trainer } from "../src/workers/trainer.ts";
import { TASTES, grammatical, livePrompts, tasteNamed, validateTaste } from "../src/world/index.ts";
import type { Taste } from "../src/world/index.ts";
import { buildTokenizer } from "../src/world/index.ts";
import { openEngine } from "./engine.ts";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option } from "./options.ts";
import { Progress } from "./progress.ts";

const OPTIONS: readonly Option[] = [
  { name: "taste", kind: "text", help: "a built-in taste, or FILE.js", fallback: "cheerful" },
  { name: "prompts", kind: "number", help: "prompts to rank", fallback: 12 },
  { name: "k", kind: "number", help: "answers per prompt, 2 to 9", fallback: 5 },
  { name: "iterations", kind: "number", help: "PPO iterations", fallback: 45 },
  { name: "seed", kind: "number", help: "seed of everything", fallback: 1 },
  { name: "method", kind: "text", help: "ppo or best-of-n", fallback: "ppo" },
  { name: "reward", kind: "text", help: "fast or full reward model", fallback: "fast" },
  { name: "engine", kind: "text", help: "cpu or gpu" },
  { name: "kl", kind: "number", help: "KL coefficient", fallback: DEFAULTS.klCoefficient },
  { name: "lr", kind: "number", help: "policy learning rate", fallback: DEFAULTS.learningRate },
  { name: "ptx", kind: "number", help: "ptx coefficient", fallback: DEFAULTS.ptxCoefficient },
  { name: "candidates", kind: "number", help: "answers drawn per answer shown", fallback: 3 },
  { name: "evaluate", kind: "number", help: "fresh prompts that measure the taste", fallback: 128 },
  { name: "flip", kind: "flag", help: "turn the rankings round" },
  { name: "models", kind: "text", help: "folder of sft.safetensors", fallback: "public/models" },
  { name: "json", kind: "text", help: "write the result to FILE" },
  { name: "help", kind: "flag", help: "print this" },
];

interface Wanted {
  readonly taste: Taste;
  readonly prompts: number;
  readonly k: number;
  readonly iterations: number;
  readonly seed: number;
  readonly candidates: number;
  readonly evaluate: number;
  readonly flip: boolean;
  readonly reward: "fast" | "full";
}

/** Loads a taste by name or from a file. @throws UsageError with one sentence. */
async function loadTaste(name: string): Promise<Taste> {
  if (!/[./\\]/.test(name)) {
    try {
      return tasteNamed(name);
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  }
  let module: { default?: unknown };
  try {
    module = (await import(/* @vite-ignore */ pathToFileURL(resolve(name)).href)) as typeof module;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `${name}: the taste file could not be loaded (${cause}); nothing was run.`,
    );
  }
  try {
    return validateTaste(module.default, name);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Ranks by score, best first; equal scores tie. */
export function ranksOf(scores: readonly number[]): number[] {
  const sorted = [...new Set(scores)].sort((a, b) => b - a);
  return scores.map((score) => sorted.indexOf(score) + 1);
}

/** Of many candidates the K that differ most in words, so that a look shows more than one kind of answer. */
export function diverse(samples: readonly Sample[], k: number): Sample[] {
  const unique = [...new Map(samples.map((sample) => [sample.text, sample])).values()];
  const words = unique.map(({ tokens }) => new Set(tokens));
  const distance = (a: Set<number>, b: Set<number>): number => {
    const shared = [...a].filter((token) => b.has(token)).length;
    return 1 - shared / Math.max(1, a.size + b.size - shared);
  };
  const chosen: number[] = unique.length > 0 ? [0] : [];
  while (chosen.length < Math.min(k, unique.length)) {
    const nearest = (i: number): number =>
      Math.min(...chosen.map((c) => distance(words[i] as Set<number>, words[c] as Set<number>)));
    const rest = unique.map((_, i) => i).filter((i) => !chosen.includes(i));
    chosen.push(rest.reduce((a, b) => (nearest(b) > nearest(a) ? b : a)));
  }
  return chosen.map((i) => unique[i] as Sample);
}

interface Measure {
  readonly rate: number;
  readonly gold: number;
  readonly grammatical: number;
}

function measure(samples: readonly Sample[], taste: Taste): Measure {
  const tokenizer = buildTokenizer();
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    rate: mean(samples.map(({ text, prompt }) => (taste.shows(text, prompt) ? 1 : 0))),
    gold: mean(samples.map(({ text, prompt }) => taste.score(text, prompt))),
    grammatical: mean(samples.map(({ tokens }) => grammatical(tokenizer.decode(tokens)))),
  };
}

type Item = { id: string; text: string };

function items(seed: number, n: number, split: "train" | "test"): Item[] {
  const tokenizer = buildTokenizer();
  return livePrompts(seed, n, split).map(({ prompt }, i) => ({
    id: `${split}-${String(i)}`,
    text: tokenizer.render(prompt.split(" ")),
  }));
}

async function rank(
  trainer: Trainer,
  prompts: readonly Item[],
  wanted: Wanted,
): Promise<Ranking[]> {
  const { k, candidates, taste, seed } = wanted;
  const sets = await trainer.sample(prompts, k * candidates, seed + 31, "sft");
  return sets.map((set, i) => {
    const shown = diverse(set, k);
    return {
      id: String(i),
      prompt: prompts[i]?.text ?? "",
      completions: shown.map(({ tokens }) => tokens),
      ranks: ranksOf(shown.map(({ text, prompt }) => taste.score(text, prompt))),
    };
  });
}

/** Held-out pairs that differ in the taste, scored by the learned reward. */
async function heldOutAccuracy(
  trainer: Trainer,
  samples: readonly Sample[],
  wanted: Wanted,
): Promise<number> {
  const { taste, flip } = wanted;
  const scores = await trainer.score(samples);
  const shows = samples.map(({ text, prompt }) => (taste.shows(text, prompt) ? 1 : 2));
  const { right, pairs } = orderedPairs(shows, scores, flip);
  return pairs === 0 ? NaN : right / pairs;
}

function flops(trainer: { parameters: number }, tokens: number): number {
  return 2 * trainer.parameters * tokens;
}

/** Entry of `npm run align`. */
export async function main(args: string[]): Promise<number> {
  try {
    const o = parseOptions(args, OPTIONS);
    if (o["help"] === true) {
      console.log(`npm run align -- [options]\n${describeOptions(OPTIONS)}`);
      console.log(`Tastes: ${TASTES.map(({ name }) => name).join(", ")}`);
      return 0;
    }
    return await align(o);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function readWanted(o: Readonly<Record<string, unknown>>): Promise<Wanted> {
  const whole = (name: string, least: number, most: number): number => {
    const value = Number(o[name]);
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new UsageError(
        `--${name} is ${String(o[name])}, expected a whole number from ${String(least)} to ${String(most)}; nothing was run.`,
      );
    }
    return value;
  };
  if (o["method"] !== "ppo" && o["method"] !== "best-of-n") {
    throw new UsageError(
      `--method is "${String(o["method"])}", expected ppo or best-of-n; nothing was run.`,
    );
  }
  if (o["reward"] !== "fast" && o["reward"] !== "full") {
    throw new UsageError(
      `--reward is "${String(o["reward"])}", expected fast or full; nothing was run.`,
    );
  }
  return {
    reward: o["reward"],
    taste: await loadTaste(String(o["taste"])),
    prompts: whole("prompts", 1, 64),
    k: whole("k", 2, 9),
    iterations: whole("iterations", 0, 10000),
    seed: whole("seed", 0, 4294967295),
    candidates: whole("candidates", 1, 16),
    evaluate: whole("evaluate", 8, 2048),
    flip: o["flip"] === true,
  };
}

async function align(o: Readonly<Record<string, unknown>>): Promise<number> {
  const wanted = await readWanted(o);
  const { taste, seed, evaluate } = wanted;
  const folder = String(o["models"]);
  const rows: number[][] = [];
  let checks: SelfChecks | undefined;
  let failure: string | undefined;
  const trainer = new Trainer({
    openEngine: () => openEngine(o["engine"] as string | undefined),
    load: (file) => {
      const path = `${folder}/${file.replace("models/", "")}`;
      try {
        return Promise.resolve(new Uint8Array(readFileSync(path)));
      } catch {
        throw new UsageError(`${path}: no such checkpoint; make one with npm run pretrain.`);
      }
    },
  });
  const progress = new Progress("ppo", wanted.iterations);
  const started = performance.now();
  const config = {
    ...DEFAULTS,
    seed,
    iterations: wanted.iterations,
    klCoefficient: Number(o["kl"]),
    learningRate: Number(o["lr"]),
    ptxCoefficient: Number(o["ptx"]),
  };
  const card = await trainer.open(config, (event) => {
    if (event.type === "metrics") {
      rows.push(Array.from(event.rows));
      const column = (name: MetricName): number => event.rows[METRICS.indexOf(name)] ?? NaN;
      progress.at(
        rows.length,
        `score ${column("objective/scores").toFixed(2)} kl ${column("objective/kl").toFixed(2)}`,
      );
    } else if (event.type === "checks") checks = event.checks;
    else if (event.type === "failed") failure = event.error.sentence;
  });
  console.log(`${card.name}, ${String(card.parameters)} parameters, on ${card.adapter}`);
  const opened = performance.now();
  const fresh = items(seed + 9000, evaluate, "test");
  const before = (await trainer.sample(fresh, 1, seed + 5, "sft")).flat();
  const start = measure(before, taste);
  const rankings = await rank(trainer, items(seed + 100, wanted.prompts, "train"), wanted);
  const ranked = performance.now();
  const report = await trainer.fitReward(rankings, {
    stage: wanted.reward,
    flip: wanted.flip,
  });
  const fitted = performance.now();
  const accuracy = await heldOutAccuracy(trainer, before, wanted);
  console.log(
    `${String(rankings.length)} rankings, ${String(report.comparisons)} comparisons; reward model ${(100 * accuracy).toFixed(0)} % on held-out pairs`,
  );
  const learned = performance.now();
  const after =
    o["method"] === "best-of-n"
      ? (await trainer.bestOfN(fresh, 16, seed + 5)).map(({ best }) => best)
      : await reinforce(trainer, fresh, wanted);
  const done = performance.now();
  const end = measure(after, taste);
  const outcome = before.map((sample, i) => {
    const other = after[i] as Sample;
    return taste.score(other.text, other.prompt) - taste.score(sample.text, sample.prompt);
  });
  const iterations = rows.length;
  const positions = iterations * config.batch * 48 * 14;
  const result = {
    taste: taste.name,
    seed,
    k: wanted.k,
    rankings: rankings.length,
    comparisons: report.comparisons,
    iterations,
    before: start,
    after: end,
    winRate: {
      wins: outcome.filter((d) => d > 0).length,
      ties: outcome.filter((d) => d === 0).length,
      losses: outcome.filter((d) => d < 0).length,
    },
    ...(iterations > 0 ? { kl: rows[iterations - 1]?.[METRICS.indexOf("objective/kl")] } : {}),
    rewardModel: {
      heldOutAccuracy: accuracy,
      stage: report.stage,
      crossValidated: report.heldOutAccuracy,
      ...(report.full === undefined ? {} : { full: report.full }),
    },
    seconds: {
      total: (done - started) / 1000,
      open: (opened - started) / 1000,
      rank: (ranked - opened) / 1000,
      reward: (fitted - ranked) / 1000,
      ppo: (done - learned) / 1000,
    },
    tokens: positions,
    flops: flops(card, positions),
    adapter: card.adapter,
    ...(checks === undefined || Number.isNaN(checks.ratioError)
      ? {}
      : {
          ratioCheck: { maxAbsError: checks.ratioError },
          initialKl: checks.initialKl,
          eosRate: checks.eosRate,
        }),
    flipped: wanted.flip,
    ...(failure === undefined ? {} : { failure }),
  };
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  console.log(
    `${taste.name}: ${percent(start.rate)} -> ${percent(end.rate)} of fresh samples; grammatical ${percent(start.grammatical)} -> ${percent(end.grammatical)}; ${((done - started) / 1000).toFixed(0)} s`,
  );
  for (let i = 0; i < 4; i++) {
    console.log(
      `  ${before[i]?.prompt ?? ""}\n    before: ${before[i]?.text ?? ""}\n    after:  ${after[i]?.text ?? ""}`,
    );
  }
  if (typeof o["json"] === "string")
    writeFileSync(o["json"], `${JSON.stringify(result, null, 1)}\n`);
  else console.log(JSON.stringify(result));
  return failure === undefined ? 0 : 1;
}

async function reinforce(
  trainer: Trainer,
  fresh: readonly Item[],
  wanted: Wanted,
): Promise<Sample[]> {
  await trainer.play(wanted.iterations);
  return (await trainer.sample(fresh, 1, wanted.seed + 5, "policy")).flat();
}
