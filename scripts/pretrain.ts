// npm run pretrain: trains the shipped base model from the generated corpus, then SFT, with checkpoints and resume.
import { existsSync } from "node:fs";
import { cosineLr } from "../src/kernels/schedules.ts";
import { gpt2, gptSpecs } from "../src/model/gpt.ts";
import type { GptConfig } from "../src/model/gpt.ts";
import { initialValues } from "../src/model/init.ts";
import { layOut, parameterCount, unflatten } from "../src/model/parameters.ts";
import { Buckets, LmTrainer } from "../src/rlhf/session/lm-trainer.ts";
import type { LmTraining } from "../src/rlhf/session/lm-trainer.ts";
import { Rng, buildTokenizer } from "../src/world/index.ts";
import { openEngine } from "./engine.ts";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option } from "./options.ts";
import { CONTEXT, LENGTHS, POSITIONS, corpusBatches, demonstrationRows, validation } from "./pretrain-data.ts"; // prettier-ignore
import { checkPlan, describePlan } from "./pretrain-plan.ts";
import { checkpoint, resume, save } from "./pretrain-state.ts";
import type { Course, State } from "./pretrain-state.ts";
import { Progress } from "./progress.ts";

const OPTIONS: readonly Option[] = [
  { name: "width", kind: "number", help: "channels", fallback: 64 },
  { name: "layers", kind: "number", help: "blocks", fallback: 4 },
  { name: "heads", kind: "number", help: "attention heads", fallback: 4 },
  { name: "steps", kind: "number", help: "pre-training updates", fallback: 12000 },
  { name: "lr", kind: "number", help: "peak learning rate", fallback: 3e-3 },
  { name: "demos", kind: "number", help: "SFT demonstrations", fallback: 6000 },
  { name: "epochs", kind: "number", help: "SFT epochs", fallback: 4 },
  {
    name: "dropout",
    kind: "number",
    help: "residual dropout of SFT (the paper: 0.2)",
    fallback: 0,
  },
  { name: "seed", kind: "number", help: "seed of data and weights", fallback: 1 },
  {
    name: "state",
    kind: "text",
    help: "checkpoint to resume from and to write",
    fallback: ".cache/pretrain/default.safetensors",
  },
  {
    name: "out",
    kind: "text",
    help: "folder of the finished checkpoints",
    fallback: "public/models",
  },
  {
    name: "engine",
    kind: "text",
    help: "cpu or gpu; without it gpu, unless the adapter is software",
  },
  { name: "fresh", kind: "flag", help: "ignore an existing checkpoint" },
  {
    name: "accumulate",
    kind: "number",
    help: "micro-batches of an update: less memory, same result",
    fallback: 1,
  },
  {
    name: "recompute",
    kind: "flag",
    help: "compute activations again for backward: less memory, more work",
  },
  {
    name: "activations",
    kind: "text",
    help: "f32, or f16 where the adapter has shader-f16: less memory",
    fallback: "f32",
  },
  { name: "plan", kind: "flag", help: "print memory and operations, train nothing" },
  { name: "help", kind: "flag", help: "print this" },
];

const SAVE_EVERY = 100;
const CURVE_EVERY = 50;

async function pretrain(
  trainer: LmTrainer,
  course: Course,
  path: string,
  state: State,
): Promise<void> {
  const { steps, lr, seed } = course;
  const batches = corpusBatches(seed, (T) => trainer.rowsAt(T));
  for (let skip = 0; skip < state.step; skip++) batches.next();
  for (const T of LENGTHS) await trainer.prepare(T);
  const progress = new Progress("pre-training", steps, state.step);
  while (state.step < steps) {
    const learningRate = cosineLr(state.step, {
      peak: lr,
      warmup: 60,
      total: steps,
      finalFraction: 0.05,
    });
    trainer.step(batches.next().value, ++state.step, {
      learningRate,
      beta2: 0.98,
      weightDecay: 0.05,
      maxNorm: 1,
    });
    if (state.step % CURVE_EVERY === 0) {
      const loss = await trainer.loss();
      if (!Number.isFinite(loss))
        throw new Error(
          `pre-training: the loss at step ${String(state.step)} is ${String(loss)}; the last checkpoint is kept`,
        );
      state.curve.push([state.step, Math.round(loss * 1e4) / 1e4]);
      progress.at(state.step, `loss ${loss.toFixed(3)}`);
    }
    if (state.step % SAVE_EVERY === 0) await checkpoint(trainer, path, state, course);
  }
  await checkpoint(trainer, path, state, course);
}

/** A trainer of the same weights and moments whose updates drop. */
function dropping(trainer: LmTrainer, config: GptConfig, training: LmTraining): LmTrainer {
  const { engine, parameters, optimiser } = trainer;
  return new LmTrainer(engine, config, parameters, POSITIONS, training, optimiser);
}

async function fineTune(
  trainer: LmTrainer,
  demos: number,
  epochs: number,
  seed: number,
): Promise<{ curve: [number, number][]; tokens: number; seconds: number }> {
  const started = Date.now();
  const rows = demonstrationRows(seed + 77, demos);
  const rng = new Rng(seed + 78);
  const curve: [number, number][] = [];
  const perEpoch = Math.ceil(demos / 20);
  const total = perEpoch * epochs;
  const progress = new Progress("fine-tuning", total, 0);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const buckets = new Buckets(LENGTHS, (T) => trainer.rowsAt(T));
    const shuffled = rng.shuffle(rows);
    const batches = shuffled.flatMap((row) => buckets.add(row) ?? []);
    for (const batch of [...batches, ...buckets.flush()]) {
      const learningRate = cosineLr(Math.min(step, total), {
        peak: 1e-3,
        warmup: 20,
        total,
        finalFraction: 0.1,
      });
      trainer.step(batch, ++step, { learningRate, beta2: 0.98, weightDecay: 0.1, maxNorm: 1 });
      if (step % 20 === 0) {
        const loss = await trainer.loss();
        curve.push([step, Math.round(loss * 1e4) / 1e4]);
        progress.at(Math.min(step, total), `epoch ${String(epoch + 1)} loss ${loss.toFixed(3)}`);
      }
    }
  }
  if (step > 0 && step % 20 !== 0) {
    curve.push([step, Math.round((await trainer.loss()) * 1e4) / 1e4]);
  }
  const tokens = epochs * rows.reduce((sum, row) => sum + row.tokens.length, 0);
  return { curve, tokens, seconds: (Date.now() - started) / 1000 };
}

/** Entry of `npm run pretrain`. */
export async function main(args: string[]): Promise<number> {
  try {
    const o = parseOptions(args, OPTIONS);
    if (o["help"] === true) {
      console.log(describeOptions(OPTIONS));
      return 0;
    }
    return await run(
      o as unknown as Readonly<Record<string, number>> & {
        state: string;
        out: string;
        fresh?: boolean;
      },
      args,
    );
  } catch (error) {
    // a RangeError is the one sentence of a check that came before any work
    if (!(error instanceof UsageError || error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
}

function checkWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new UsageError(
    `--${name} needs a whole number from 1 on, got ${String(value)}; nothing was run.`,
  );
}

async function run(
  o: Readonly<Record<string, unknown>> & { state: string; out: string; fresh?: boolean },
  args: string[],
): Promise<number> {
  const number = (name: string): number => Number(o[name]);
  const tokenizer = buildTokenizer();
  const config = gpt2(
    tokenizer.vocabulary.length,
    number("width"),
    number("layers"),
    number("heads"),
    CONTEXT,
  );
  for (const name of ["steps", "demos", "epochs", "seed"]) checkWhole(name, number(name));
  if (!(number("lr") > 0)) {
    throw new UsageError(`--lr needs a rate above 0, got ${String(o["lr"])}; nothing was run.`);
  }
  const accumulate = number("accumulate");
  if (!Number.isInteger(accumulate) || accumulate < 1 || accumulate > POSITIONS / CONTEXT) {
    throw new UsageError(
      `--accumulate needs a whole number from 1 to ${String(POSITIONS / CONTEXT)}, got ${String(accumulate)}; nothing was run.`,
    );
  }
  const { activations } = o;
  if (activations !== "f16" && activations !== "f32") {
    throw new UsageError(
      `--activations needs f16 or f32, got "${String(activations)}"; nothing was run.`,
    );
  }
  const dropout = { p: number("dropout"), seed: number("seed") };
  if (!(dropout.p >= 0 && dropout.p < 1)) {
    throw new UsageError(
      `--dropout needs a share from 0 to below 1, got ${String(dropout.p)}; nothing was run.`,
    );
  }
  const training = { accumulate, recompute: o["recompute"] === true, activations } as const;
  const planned = { config, positions: POSITIONS, lengths: LENGTHS, training };
  const { engine } = await openEngine(o["engine"] as string | undefined);
  await checkPlan(planned, engine.limits);
  console.log(await describePlan(planned));
  if (o["plan"] === true) return 0;
  const parameters = layOut("policy", gptSpecs(config), true);
  const trainer = new LmTrainer(engine, config, parameters, POSITIONS, training);
  const { memory } = trainer.engine;
  memory.write(parameters.values, initialValues(parameters, number("seed")));
  const course = { config, seed: number("seed"), lr: number("lr"), steps: number("steps") };
  const state =
    existsSync(o.state) && o.fresh !== true
      ? resume(trainer, o.state, course)
      : { step: 0, curve: [] };
  console.log(
    `${String(parameterCount(parameters))} parameters on ${engine.name}, from step ${String(state.step)}`,
  );
  const started = Date.now();
  const fromStep = state.step;
  await pretrain(trainer, course, o.state, state);
  const held = validation(trainer);
  const validationLoss = await trainer.evaluate(held);
  const record = {
    config,
    command: ["npm run pretrain --", ...args].join(" "),
    seed: number("seed"),
    adapter: engine.name,
    steps: state.step,
    positionsPerStep: POSITIONS,
  };
  const [base] = await memory.read([parameters.values]);
  save(
    `${o.out}/base.safetensors`,
    unflatten(parameters, base as Float32Array),
    {
      card: JSON.stringify({
        ...record,
        validationLoss,
        curve: state.curve,
        lastSession: { fromStep, seconds: (Date.now() - started) / 1000 },
      }),
    },
    true,
  );
  console.log(`base: validation loss ${validationLoss.toFixed(4)}`);
  const { m, v } = trainer.optimiser;
  const zeros = new Float32Array((base as Float32Array).length);
  memory.write(m, zeros);
  memory.write(v, zeros);
  const tuner = dropout.p === 0 ? trainer : dropping(trainer, config, { ...training, dropout });
  for (const T of LENGTHS) await tuner.prepare(T);
  const sft = await fineTune(tuner, number("demos"), number("epochs"), number("seed"));
  const [tuned] = await memory.read([parameters.values]);
  const after = await trainer.evaluate(held);
  save(
    `${o.out}/sft.safetensors`,
    unflatten(parameters, tuned as Float32Array),
    {
      card: JSON.stringify({
        ...record,
        demonstrations: number("demos"),
        epochs: number("epochs"),
        dropout: dropout.p,
        curve: sft.curve,
        tokens: sft.tokens,
        seconds: sft.seconds,
        corpusLoss: after,
      }),
    },
    true,
  );
  console.log(
    `sft: last loss ${String(sft.curve.at(-1)?.[1] ?? "none (no updates)")}, corpus loss ${after.toFixed(4)}; files in ${o.out}`,
  );
  return 0;
}
