// The model sizes of the bench, and one training step of each as a compiled plan; runs in Node and in a browser.
import { adamwKnobs } from "../../src/kernels/adamw.ts";
import type { AdamwSettings } from "../../src/kernels/adamw.ts";
import type { GptConfig } from "../../src/model/gpt.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import type { Parameters } from "../../src/model/parameters.ts";
import { layOut, parameterCount } from "../../src/model/parameters.ts";
import type { CompiledPlan, Engine } from "../../src/plan/engine.ts";
import type { Call } from "../../src/plan/tape.ts";
import { ALIGNMENT, persistent, view } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { declaredFlops } from "../../src/plan/work.ts";
import type { LmInput, StepOptions } from "../../src/rlhf/language-model.ts";
import { lmStep, rowPositions } from "../../src/rlhf/language-model.ts";
import type { Optimiser } from "../../src/rlhf/optimiser.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";

export interface Size {
  readonly name: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly context: number;
  readonly batch: number;
  readonly vocabulary: number;
}

const size = (
  name: string,
  [layers, width, heads]: readonly [number, number, number],
  [context, batch, vocabulary]: readonly [number, number, number],
): Size => ({ name, layers, width, heads, context, batch, vocabulary });

/** The configurations of the peer harness. */
export const XS = size("XS", [1, 32, 2], [16, 2, 64]);
export const S = size("S", [4, 128, 4], [64, 8, 512]);
export const M = size("M", [6, 256, 8], [128, 8, 1024]);
/** Sizes by their number of parameters. */
export const QUARTER_MILLION = size("0.25M", [4, 64, 4], [64, 8, 512]);
export const ONE_MILLION = size("1M", [5, 128, 4], [64, 8, 512]);
export const FIVE_MILLION = size("5M", [6, 256, 8], [64, 8, 1024]);
export const TWENTY_FIVE_MILLION = size("25M", [8, 512, 8], [128, 4, 1024]);

/** What the peers are trained with. */
export const SETTINGS: AdamwSettings = { learningRate: 1e-3, weightDecay: 0.1 };

/** A training step that is ready to run. */
export interface Training {
  readonly engine: Engine;
  readonly config: GptConfig;
  readonly parameters: Parameters;
  readonly optimiser: Optimiser;
  readonly plan: CompiledPlan;
  /** i32: the tokens of a batch, then at `targetsAt` its targets, in one tensor so that they are one write */
  readonly rows: Tensor;
  readonly targetsAt: number;
  /** (loss, count) of the latest step */
  readonly stats: Tensor;
  /** token positions of a step */
  readonly tokens: number;
  /** operations of the matrix products and attention of a step */
  readonly flops: number;
  readonly parameterCount: number;
}

/** The GPT-2 of a size. */
export function modelOf({ vocabulary, width, layers, heads, context }: Size): GptConfig {
  return gpt2(vocabulary, width, layers, heads, context);
}

/** What a step reads: tokens and targets are two ranges of `rows`. */
function inputOf({ name, batch: B, context: T }: Size): Pick<Training, "rows" | "targetsAt"> & {
  readonly input: LmInput;
} {
  const n = B * T;
  const targetsAt = Math.ceil(n / ALIGNMENT) * ALIGNMENT;
  const rows = persistent(`${name}.rows`, [targetsAt + n], "i32");
  const input = {
    B,
    T,
    tokens: view(rows, [B, T]),
    positions: persistent(`${name}.positions`, [B, T], "u32"),
    mask: persistent(`${name}.mask`, [B, T], "u32"),
    targets: view(rows, [n], targetsAt),
    weights: persistent(`${name}.weights`, [n]),
  };
  return { input, rows, targetsAt };
}

/** A step's parts before compilation: its calls, and everything that they read and write. */
export function describeTraining(
  engine: Engine,
  wanted: Size,
  options: StepOptions = {},
): Omit<Training, "plan"> & { readonly input: LmInput; readonly calls: readonly Call[] } {
  const config = modelOf(wanted);
  const parameters = layOut(wanted.name, gptSpecs(config), true);
  const optimiser = makeOptimiser(parameters);
  const { input, ...batch } = inputOf(wanted);
  const stats = persistent(`${wanted.name}.loss`, [2]);
  const { calls } = lmStep(config, parameters, optimiser, input, stats, options);
  const count = parameterCount(parameters);
  const common = { engine, config, parameters, optimiser, ...batch, stats };
  const tokens = wanted.batch * wanted.context;
  return { ...common, input, calls, tokens, flops: declaredFlops(calls), parameterCount: count };
}

/** Writes initial weights, a batch of made-up rows and all that stays as it is. */
export function fillTraining(training: ReturnType<typeof describeTraining>, wanted: Size): void {
  const { engine, parameters, input, rows } = training;
  const { memory } = engine;
  memory.write(parameters.values, initialValues(parameters, 1));
  memory.write(input.positions, rowPositions(input.B, input.T));
  memory.write(input.mask, new Uint32Array(input.B * input.T).fill(1));
  memory.write(input.weights, new Float32Array(input.B * input.T).fill(1));
  memory.write(rows, batchRows(training, madeUp(wanted, 0), madeUp(wanted, 1)));
  memory.write(training.optimiser.knobs, adamwKnobs(1, SETTINGS));
}

/** The same B*T token ids every time; `from` 1 are the targets of `from` 0. */
export function madeUp({ batch, context, vocabulary }: Size, from: number): Int32Array {
  return Int32Array.from({ length: batch * context }, (_, i) => {
    const n = i + from;
    return (n * n * 7 + 3 * n) % vocabulary;
  });
}

/** What a step reads, as it lies in its one tensor. */
export function batchRows(
  { targetsAt }: Pick<Training, "targetsAt">,
  tokens: Int32Array,
  targets: Int32Array,
): Int32Array {
  const rows = new Int32Array(targetsAt + targets.length);
  rows.set(tokens);
  rows.set(targets, targetsAt);
  return rows;
}

/** Compiles the training step of a size and fills its tensors. */
export async function prepareTraining(
  engine: Engine,
  wanted: Size,
  options: StepOptions = {},
): Promise<Training> {
  const training = describeTraining(engine, wanted, options);
  const plan = await engine.compile(`${wanted.name} step`, training.calls);
  fillTraining(training, wanted);
  return { ...training, plan };
}

/** Queues step number 1, 2, … on B*T tokens and their targets; nothing is awaited. */
export function queueStep(
  training: Training,
  step: number,
  tokens: Int32Array,
  targets: Int32Array,
): void {
  const { engine, optimiser, plan } = training;
  engine.memory.write(training.rows, batchRows(training, tokens, targets));
  engine.memory.write(optimiser.knobs, adamwKnobs(step, SETTINGS));
  engine.run(plan);
}

/** As queueStep, and the mean loss of the step, read back in the same submit. */
export async function stepAndRead(
  training: Training,
  step: number,
  tokens: Int32Array,
  targets: Int32Array,
): Promise<number> {
  const { engine, optimiser, plan, stats } = training;
  engine.memory.write(training.rows, batchRows(training, tokens, targets));
  engine.memory.write(optimiser.knobs, adamwKnobs(step, SETTINGS));
  const [values] = await engine.runAndRead([plan], [stats]);
  return values?.[0] ?? NaN;
}

/** Mean loss of the latest step. */
export async function lossOf({ engine, stats }: Training): Promise<number> {
  const [values] = await engine.memory.read([stats]);
  return values?.[0] ?? NaN;
}
