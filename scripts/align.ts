// npm run align: the main job without a browser. Sample, rank by a simulated taste, fit, reinforce, compare blind.
import { readFileSync } from "node:fs";
import { DEFAULTS, PARAMETERS } from "../src/config.ts";
import type { RunConfig } from "../src/config.ts";
import { METHODS, METHOD_SETTINGS, RUN_OPTIONS, runOptions } from "../src/rlhf/method.ts";
import type { RunOptions } from "../src/rlhf/method.ts";
import { orderedPairs } from "../src/rlhf/preference-statistics.ts";
import { StorageError } from "../src/storage/errors.ts";
import type { MetricName, Sample, SelfChecks } from "../src/workers/protocol.ts";
import { METRICS } from "../src/workers/protocol.ts";
import { Trainer } from "../src/workers/trainer.ts";
import { TASTES, TasteError } from "../src/world/index.ts";
import type { Taste } from "../src/world/index.ts";
import { openEngine } from "./engine.ts";
import { jsonFile } from "./json-file.ts";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option, Options } from "./options.ts";
import { Progress } from "./progress.ts";
import { compare, items, loadTaste, measure, rank } from "./simulated.ts";

const OPTIONS: readonly Option[] = [
  { name: "taste", kind: "text", help: "a built-in taste, or FILE.js", fallback: "cheerful" },
  { name: "prompts", kind: "number", help: "prompts to rank", fallback: 12 },
  { name: "k", kind: "number", help: "answers per prompt, 2 to 9", fallback: 5 },
  { name: "iterations", kind: "number", help: "iterations", fallback: 45 },
  { name: "seed", kind: "number", help: "seed of everything", fallback: 1 },
  { name: "method", kind: "text", help: `${METHODS.join(", ")} or best-of-n`, fallback: "ppo" },
  { name: "reward", kind: "text", help: "fast or full reward model", fallback: "fast" },
  { name: "engine", kind: "text", help: "cpu or gpu" },
  { name: "kl", kind: "number", help: "KL coefficient (default: the method's)" },
  { name: "kl-target", kind: "number", help: "adapts it; 0 = fixed", fallback: DEFAULTS.klTarget },
  { name: "lr", kind: "number", help: "policy learning rate (default: the method's)" },
  { name: "ptx", kind: "number", help: "ptx coefficient", fallback: DEFAULTS.ptxCoefficient },
  { name: "batch", kind: "number", help: "answers per iteration", fallback: DEFAULTS.batch },
  {
    name: "answers",
    kind: "number",
    help: "GRPO, RLOO: per prompt",
    fallback: RUN_OPTIONS.answers,
  },
  { name: "dpo-loss", kind: "text", help: "sigmoid, ipo or hinge", fallback: RUN_OPTIONS.dpoKind },
  { name: "dpo-beta", kind: "number", help: "DPO's beta", fallback: RUN_OPTIONS.dpoBeta },
  { name: "smoothing", kind: "number", help: "cDPO's label smoothing", fallback: 0 },
  {
    name: "ema",
    kind: "number",
    help: "decay of a moving average that is sampled; 0 = none",
    fallback: 0,
  },
  { name: "draws", kind: "number", help: "best-of-n: answers drawn", fallback: 16 },
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
  /** answers of which best-of-n takes the best */
  readonly draws: number;
  readonly evaluate: number;
  readonly flip: boolean;
  readonly reward: "fast" | "full";
  readonly config: RunConfig;
  /** absent for best-of-n, which trains nothing */
  readonly run: RunOptions | undefined;
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
    return await align(o, await readWanted(o));
  } catch (error) {
    // what a person can mend: options, a taste, a checkpoint, sizes that do not fit
    const known = [UsageError, StorageError, TasteError, RangeError].some(
      (kind) => error instanceof kind,
    );
    if (!known || !(error instanceof Error)) throw error;
    console.error(error.message);
    return 2;
  }
}

function oneOf<T extends string>(o: Options, name: string, known: readonly T[]): T {
  const found = known.find((value) => value === o[name]);
  if (found !== undefined) return found;
  const value = String(o[name]);
  throw new UsageError(
    `--${name} is "${value}", expected one of ${known.join(", ")}; nothing was run.`,
  );
}

/** An option that sets a parameter of the run, within the parameter's range. */
function parameterOption(o: Options, option: string, name: keyof RunConfig): number {
  const value = Number(o[option]);
  const range = PARAMETERS.find((one) => one.name === name);
  if (range === undefined || (value >= range.min && value <= range.max)) return value;
  throw new UsageError(
    `--${option} is ${String(o[option])}, expected ${String(range.min)} to ${String(range.max)}; nothing was run.`,
  );
}

async function readWanted(o: Options): Promise<Wanted> {
  const whole = (name: string, least: number, most: number): number => {
    const value = Number(o[name]);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new UsageError(
      `--${name} is ${String(o[name])}, expected a whole number from ${String(least)} to ${String(most)}; nothing was run.`,
    );
  };
  const batch = whole("batch", 16, 256);
  if (batch % 16 !== 0) {
    throw new UsageError(
      `--batch is ${String(batch)}, expected a multiple of 16; nothing was run.`,
    );
  }
  const method = oneOf(o, "method", [...METHODS, "best-of-n"]);
  const iterations = whole("iterations", 0, 10000);
  const seed = whole("seed", 0, 4294967295);
  return {
    taste: await loadTaste(String(o["taste"])),
    prompts: whole("prompts", 1, 64),
    k: whole("k", 2, 9),
    iterations,
    seed,
    candidates: whole("candidates", 1, 16),
    draws: whole("draws", 1, 256),
    evaluate: whole("evaluate", 8, 2048),
    flip: o["flip"] === true,
    reward: oneOf(o, "reward", ["fast", "full"]),
    config: {
      ...DEFAULTS,
      seed,
      iterations,
      batch,
      ...(method === "best-of-n" ? {} : METHOD_SETTINGS[method]),
      klTarget: parameterOption(o, "kl-target", "klTarget"),
      ptxCoefficient: parameterOption(o, "ptx", "ptxCoefficient"),
      ...(o["kl"] === undefined
        ? {}
        : { klCoefficient: parameterOption(o, "kl", "klCoefficient") }),
      ...(o["lr"] === undefined ? {} : { learningRate: parameterOption(o, "lr", "learningRate") }),
    },
    run: method === "best-of-n" ? undefined : readRun(o, method, batch),
  };
}

function readRun(o: Options, method: RunOptions["method"], batch: number): RunOptions {
  const wanted = {
    method,
    answers: Number(o["answers"]),
    dpoKind: oneOf(o, "dpo-loss", ["sigmoid", "ipo", "hinge"]),
    dpoBeta: Number(o["dpo-beta"]),
    labelSmoothing: Number(o["smoothing"]),
    emaDecay: Number(o["ema"]),
  };
  try {
    return runOptions(wanted, batch);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** What a run said of itself while it went. */
interface Heard {
  readonly rows: Float32Array[];
  checks?: SelfChecks;
  failure?: string;
}

const metric = (row: Float32Array | undefined, name: MetricName): number =>
  row?.[METRICS.indexOf(name)] ?? NaN;

async function open(o: Options, { config, iterations, run }: Wanted, heard: Heard) {
  const folder = String(o["models"]);
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
  const progress = new Progress(run?.method ?? "best-of-n", iterations);
  const card = await trainer.open(config, (event) => {
    if (event.type === "metrics") {
      heard.rows.push(event.rows);
      const score = metric(event.rows, "objective/scores").toFixed(2);
      const kl = metric(event.rows, "objective/kl").toFixed(2);
      progress.at(heard.rows.length, `score ${score} kl ${kl}`);
    } else if (event.type === "checks") heard.checks = event.checks;
    else if (event.type === "failed") heard.failure = event.error.sentence;
  });
  console.log(`${card.name}, ${String(card.parameters)} parameters, on ${card.adapter}`);
  return { trainer, card };
}

/** Share of pairs of fresh answers, of which one shows the taste, that the learned reward orders rightly. */
async function heldOutAccuracy(
  trainer: Trainer,
  samples: readonly Sample[],
  { taste, flip }: Wanted,
): Promise<number | undefined> {
  const scores = await trainer.score(samples);
  const shows = samples.map(({ text, prompt }) => (taste.shows(text, prompt) ? 1 : 2));
  const { right, pairs } = orderedPairs(shows, scores, flip);
  return pairs === 0 ? undefined : right / pairs;
}

/** A number under its name, or nothing where it was not measured. */
const measured = (name: string, value: number): object =>
  Number.isFinite(value) ? { [name]: value } : {};

/** Without what has no finite value, such as the mean of scores that add up to more than a number holds. */
const finite = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));

/** What the run cost and how it went, as counted and measured. */
function runReport(trainer: Trainer, { rows, checks, failure }: Heard, batch: number): object {
  const sum = (of: (row: Float32Array, i: number) => number): number =>
    rows.reduce((total, row, i) => total + of(row, i), 0);
  return {
    ...(rows.length === 0
      ? {}
      : {
          tokens: Math.round(sum((row) => metric(row, "response_length") * batch)),
          flops: sum((_, i) => trainer.flops(i)),
          flopsPerIteration: trainer.flops(rows.length - 1),
          ...measured("kl", metric(rows.at(-1), "objective/kl")),
          ...measured("klCoefficient", metric(rows.at(-1), "objective/kl_coef")),
        }),
    ...(checks === undefined
      ? {}
      : {
          ...(Number.isNaN(checks.ratioError)
            ? {}
            : { ratioCheck: { maxAbsError: checks.ratioError } }),
          ...measured("initialKl", checks.initialKl),
          ...measured("eosRate", checks.eosRate),
        }),
    ...(failure === undefined ? {} : { failure }),
  };
}

async function align(o: Options, wanted: Wanted): Promise<number> {
  const { taste, seed, evaluate, k, run, flip } = wanted;
  const write = jsonFile(o["json"]);
  const heard: Heard = { rows: [] };
  const times = [performance.now()];
  const lap = (): number => times.push(performance.now());
  const { trainer, card } = await open(o, wanted, heard);
  lap();
  const fresh = items(seed + 9000, evaluate, "test");
  const before = (await trainer.sample(fresh, 1, seed + 5, "sft")).flat();
  const prompts = items(seed + 100, wanted.prompts, "train");
  const candidates = await trainer.sample(prompts, k * wanted.candidates, seed + 31, "sft");
  const rankings = rank(prompts, candidates, taste, k);
  lap();
  const report = await trainer.fitReward(rankings, { stage: wanted.reward, flip });
  lap();
  const accuracy = await heldOutAccuracy(trainer, before, wanted);
  console.log(
    `${String(rankings.length)} rankings, ${String(report.comparisons)} comparisons; ${report.stage} reward model ${percent(accuracy)} on held-out pairs`,
  );
  lap();
  const after = await answersAfter(trainer, fresh, wanted);
  lap();
  const result = {
    taste: taste.name,
    seed,
    method: run?.method ?? "best-of-n",
    k,
    rankings: rankings.length,
    comparisons: report.comparisons,
    iterations: heard.rows.length,
    before: measure(before, taste),
    after: measure(after, taste),
    winRate: compare(before, after, taste),
    rewardModel: {
      heldOutAccuracy: accuracy,
      stage: report.stage,
      crossValidated: report.heldOutAccuracy,
      full: report.full,
    },
    seconds: secondsOf(times),
    adapter: card.adapter,
    flipped: flip,
    ...runReport(trainer, heard, wanted.config.batch),
  };
  print(result, before, after);
  const known = { ...result, before: finite(result.before), after: finite(result.after) };
  if (write === undefined) console.log(JSON.stringify(known));
  else write(known);
  return heard.failure === undefined ? 0 : 1;
}

/** Seconds of each part, from the moments between them. */
function secondsOf(times: readonly number[]): Record<string, number> & { total: number } {
  const between = (from: number, to: number): number =>
    ((times.at(to) ?? NaN) - (times.at(from) ?? NaN)) / 1000;
  return {
    total: between(0, -1),
    open: between(0, 1),
    rank: between(1, 2),
    reward: between(2, 3),
    ppo: between(4, 5),
  };
}

async function answersAfter(
  trainer: Trainer,
  fresh: readonly { id: string; text: string }[],
  { run, iterations, seed, draws }: Wanted,
): Promise<Sample[]> {
  if (run === undefined)
    return (await trainer.bestOfN(fresh, draws, seed + 5)).map(({ best }) => best);
  await trainer.play(iterations, run);
  const from = run.emaDecay > 0 && iterations > 0 ? "average" : "policy";
  return (await trainer.sample(fresh, 1, seed + 5, from)).flat();
}

const percent = (share: number | undefined): string =>
  share === undefined ? "nothing measurable" : `${(100 * share).toFixed(0)} %`;

interface Outcome {
  readonly taste: string;
  readonly before: ReturnType<typeof measure>;
  readonly after: ReturnType<typeof measure>;
  readonly seconds: { readonly total: number };
}

function print(result: Outcome, before: readonly Sample[], after: readonly Sample[]): void {
  const { before: start, after: end } = result;
  console.log(
    `${result.taste}: ${percent(start.rate)} -> ${percent(end.rate)} of fresh samples; grammatical ${percent(start.grammatical)} -> ${percent(end.grammatical)}; ${result.seconds.total.toFixed(0)} s`,
  );
  for (let i = 0; i < 4; i++) {
    console.log(
      `  ${before[i]?.prompt ?? ""}\n    before: ${before[i]?.text ?? ""}\n    after:  ${after[i]?.text ?? ""}`,
    );
  }
}
