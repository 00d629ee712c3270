// Pre-training on world 2 and supervised fine-tuning, as stages that can go on after an interruption.
import { cosineLr } from "../kernels/schedules.ts";
import type { AdamwSettings } from "../kernels/adamw.ts";
import type { GptConfig } from "../model/gpt.ts";
import { gptSpecs } from "../model/gpt.ts";
import { initialValues } from "../model/init.ts";
import { flatten, layOut } from "../model/parameters.ts";
import type { Row } from "../rlhf/language-model.ts";
import { Buckets, LmTrainer } from "../rlhf/session/lm-trainer.ts";
import type { Batch } from "../rlhf/session/lm-trainer.ts";
import { readCheckpoint } from "../workers/weights.ts";
import { Rng } from "../world/index.ts";
import { corpusRows } from "./data.ts";
import type { Size } from "./forms.ts";
import { grow } from "./grow.ts";
import { configOf, placed } from "./models.ts";
import type { Artefact, Json, Work } from "./stage.ts";

/** Row lengths that have plans, and token positions of a batch. */
const LENGTHS = [16, 32, 48, 64, 96] as const;
export const POSITIONS = 768;
const KEEP_EVERY = 500;
const VALIDATION_SEED = 900_001;
const VALIDATION_BATCHES = 12;

/** What a base model starts from. `shipped` gives the bytes of the page's base model. */
export function startValues(size: Size, seed: number, shipped: () => Uint8Array): Float32Array {
  const config = configOf(size);
  const parameters = layOut("start", gptSpecs(config), false);
  if (size.start === "scratch") return initialValues(parameters, seed);
  const { card, weights } = readCheckpoint(shipped(), "public/models/base.safetensors");
  const named = size.start === "grown" ? grow(card.config, weights, config, seed) : weights;
  return flatten(parameters, named);
}

function* corpusBatches(seed: number, rowsAt: (T: number) => number): Generator<Batch, never> {
  const buckets = new Buckets(LENGTHS, rowsAt);
  for (const row of corpusRows(seed)) {
    const batch = buckets.add(row);
    if (batch !== undefined) yield batch;
  }
  throw new Error("the corpus ended");
}

/** Mean cross-entropy in nats per token over documents that no training has seen. */
export async function corpusLoss(trainer: LmTrainer): Promise<number> {
  const batches = corpusBatches(VALIDATION_SEED, (T) => trainer.rowsAt(T));
  return trainer.evaluate(Array.from({ length: VALIDATION_BATCHES }, () => batches.next().value));
}

interface Course {
  readonly steps: number;
  readonly rate: number;
  readonly warmup: number;
  /** final rate as a share of the peak */
  readonly floor: number;
  readonly weightDecay: number;
}

function settingsAt(
  step: number,
  { steps, rate, warmup, floor, weightDecay }: Course,
): AdamwSettings {
  const schedule = { peak: rate, warmup, total: steps, finalFraction: floor };
  return { learningRate: cosineLr(step, schedule), beta2: 0.98, weightDecay, maxNorm: 1 };
}

const rounded = (loss: number): number => Math.round(loss * 1e4) / 1e4;

const checkLoss = (loss: number, step: number): void => {
  if (!Number.isFinite(loss)) throw new Error(`training: the loss at step ${step} is ${loss}`);
};

/** Pre-trains a base model. Tensors: `values`. Data: `loss` on held-out documents, `curve`. */
export async function pretrain(
  work: Work,
  size: Size,
  seed: number,
  shipped: () => Uint8Array,
): Promise<Artefact> {
  const config = configOf(size);
  const kept = work.kept();
  const start = kept?.tensors["values"] ?? startValues(size, seed, shipped);
  const parameters = placed(work.engine, config, start, "base", true);
  const trainer = new LmTrainer(work.engine, config, parameters, POSITIONS);
  const { m, v } = trainer.optimiser;
  const { memory } = work.engine;
  const state = (kept?.data ?? { step: 0, curve: [] }) as {
    step: number;
    curve: [number, number][];
  };
  const { m: firstMoments, v: secondMoments } = kept?.tensors ?? {};
  if (firstMoments !== undefined) memory.write(m, firstMoments);
  if (secondMoments !== undefined) memory.write(v, secondMoments);
  for (const T of LENGTHS) await trainer.prepare(T);
  const batches = corpusBatches(1000 + seed, (T) => trainer.rowsAt(T));
  for (let skip = 0; skip < state.step; skip++) batches.next();
  const course = { steps: size.steps, rate: size.rate, warmup: 60, floor: 0.05, weightDecay: 0.05 };
  let { step } = state;
  while (step < size.steps) {
    trainer.step(batches.next().value, step + 1, settingsAt(step, course));
    step++;
    if (step % 50 === 0) {
      const loss = await trainer.loss();
      checkLoss(loss, step);
      state.curve.push([step, rounded(loss)]);
      await work.progress(step / size.steps, `loss ${loss.toFixed(3)}`);
    }
    if (step % KEEP_EVERY === 0 && step < size.steps) {
      const [values, first, second] = (await memory.read([
        parameters.values,
        m,
        v,
      ])) as Float32Array[];
      const tensors = { values: values ?? start, m: first ?? start, v: second ?? start };
      work.keep({ data: { step, curve: state.curve }, tensors });
    }
  }
  const [values] = await memory.read([parameters.values]);
  const loss = await corpusLoss(trainer);
  return { data: { loss, curve: state.curve }, tensors: { values: values as Float32Array } };
}

export interface Tuning {
  readonly epochs: number;
  readonly rate: number;
  readonly seed: number;
  /** epochs whose weights are returned, besides the last: tensors `epoch-N` */
  readonly checkpoints?: readonly number[];
  /** residual dropout, none by default */
  readonly dropout?: number;
  /** rows that are not learned from, whose loss is measured after every epoch */
  readonly heldOut?: readonly Row[];
}

/** What fine-tuning leaves besides weights: losses by epoch, on what was learned and on what was not. */
export interface TunedData {
  readonly loss: number;
  readonly curve: readonly (readonly [epoch: number, loss: number])[];
  readonly heldOut: readonly (readonly [epoch: number, loss: number])[];
  readonly steps: number;
}

/** Fine-tunes on rows, all of them in every epoch. Tensors: `values` at the end and the checkpoints. */
export async function fineTune(
  work: Work,
  config: GptConfig,
  start: Float32Array,
  rows: readonly Row[],
  { epochs, rate, seed, checkpoints = [], dropout = 0, heldOut = [] }: Tuning,
): Promise<Artefact> {
  const { engine } = work;
  const parameters = placed(engine, config, start, "tuned", true);
  const training = { dropout: { p: dropout, seed } };
  const trainer = new LmTrainer(engine, config, parameters, POSITIONS, training);
  for (const T of LENGTHS) await trainer.prepare(T);
  const rng = new Rng(seed);
  const plan = Array.from({ length: epochs }, () => epochBatches(trainer, rng.shuffle(rows)));
  const steps = plan.reduce((sum, batches) => sum + batches.length, 0);
  // the paper's SFT has no warm-up; a tiny model with a large rate needs a short one
  const course = { steps, rate, warmup: 20, floor: 0.1, weightDecay: 0.1 };
  const tensors: Record<string, Float32Array> = {};
  const curve: [number, number][] = [];
  const measured: [number, number][] = [];
  const unseen = epochBatches(trainer, heldOut);
  let step = 0;
  for (const [epoch, batches] of plan.entries()) {
    for (const batch of batches) {
      trainer.step(batch, step + 1, settingsAt(step, course));
      step++;
    }
    const loss = await trainer.loss();
    checkLoss(loss, step);
    curve.push([epoch + 1, rounded(loss)]);
    if (heldOut.length > 0) measured.push([epoch + 1, rounded(await trainer.evaluate(unseen))]);
    await work.progress(step / steps, `epoch ${epoch + 1} loss ${loss.toFixed(3)}`);
    if (checkpoints.includes(epoch + 1)) {
      const [values] = await engine.memory.read([parameters.values]);
      tensors[`epoch-${epoch + 1}`] = Float32Array.from(values as Float32Array);
    }
  }
  const [values] = await engine.memory.read([parameters.values]);
  tensors["values"] = Float32Array.from(values as Float32Array);
  const loss = await corpusLoss(trainer);
  const data: TunedData = { loss, curve, heldOut: measured, steps };
  return { data: data as unknown as Json, tensors };
}

function epochBatches(trainer: LmTrainer, rows: readonly Row[]): Batch[] {
  const buckets = new Buckets(LENGTHS, (T) => trainer.rowsAt(T));
  const full = rows.flatMap((row) => buckets.add(row) ?? []);
  return [...full, ...buckets.flush()];
}

/** Updates of one epoch over rows, without an engine. */
export function stepsOf(rows: readonly Row[]): number {
  const buckets = new Buckets(LENGTHS, (T) => Math.floor(POSITIONS / T));
  return rows.filter((row) => buckets.add(row) !== undefined).length + buckets.flush().length;
}
