// Drives next-token training on a device: plans per row length, optimiser knobs, losses read back now and then.
import type { AdamwSettings } from "../../kernels/adamw.ts";
import { adamwKnobs } from "../../kernels/adamw.ts";
import { DROPOUT_STATE } from "../../kernels/dropout-drawn.ts";
import type { Dropout } from "../../kernels/dropout-drawn.ts";
import type { GptConfig } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import { check, persistent } from "../../plan/tensor.ts";
import type { Tensor } from "../../plan/tensor.ts";
import { Accumulator } from "../accumulation.ts";
import type { LmInput, Row, StepOptions } from "../language-model.ts";
import {
  lmEvaluation,
  lmInput,
  lmStep,
  packRows,
  rowPositions,
  writeRows,
} from "../language-model.ts";
import type { Optimiser } from "../optimiser.ts";
import { makeOptimiser } from "../optimiser.ts";

/** A batch of rows that all fit T tokens. */
export interface Batch {
  readonly rows: readonly Row[];
  readonly T: number;
}

/** How updates are computed. All of them but dropout give the same update, up to rounding. */
export interface LmTraining extends Omit<StepOptions, "dropout"> {
  /** micro-batches that a batch is cut into: less memory, the same mean over all its tokens; 1 by default */
  readonly accumulate?: number;
  /** residual dropout of updates, never of losses: share that is dropped, and the seed of the masks; 0 by default */
  readonly dropout?: { readonly p: number; readonly seed: number };
}

/** What masks are drawn from on the device. @throws RangeError when p is not in [0, 1) */
function dropoutOf(label: string, p: number): Dropout | undefined {
  check(
    p >= 0 && p < 1,
    `training: a dropout of ${String(p)}, expected a share from 0 to below 1; nothing was allocated`,
  );
  if (p === 0) return undefined;
  return { p, state: persistent(`${label}.dropout`, [DROPOUT_STATE.size], "u32") };
}

interface Shape {
  /** one batch, or with accumulation one micro-batch */
  readonly input: LmInput;
  readonly train: CompiledPlan | Accumulator;
  readonly evaluate: CompiledPlan;
}

/** Cuts a list into pieces of `n`; one empty piece when it is empty. */
function pieces<T>(list: readonly T[], n: number): T[][] {
  const count = Math.max(1, Math.ceil(list.length / n));
  return Array.from({ length: count }, (_, i) => list.slice(i * n, (i + 1) * n));
}

/**
 * Trains one model on rows of tokens. Every plan has the same number of token positions, so only attention
 * and embedding differ between row lengths and all matrix products share their pipelines.
 */
export class LmTrainer {
  readonly engine: Engine;
  readonly parameters: Parameters;
  readonly optimiser: Optimiser;
  private readonly config: GptConfig;
  private readonly shapes = new Map<number, Shape>();
  private readonly stats: Tensor;
  private readonly positionsPerBatch: number;
  private readonly training: LmTraining;
  private readonly dropout: Dropout | undefined;

  /**
   * @param optimiser another trainer's of the same parameters, to go on with its memory and its moments
   * @throws RangeError when `accumulate` is no whole number from 1 on, or dropout no share below 1
   */
  constructor(
    engine: Engine,
    config: GptConfig,
    parameters: Parameters,
    positionsPerBatch: number,
    training: LmTraining = {},
    optimiser: Optimiser = makeOptimiser(parameters),
  ) {
    const { accumulate = 1 } = training;
    check(
      Number.isInteger(accumulate) && accumulate >= 1,
      `training: ${String(accumulate)} micro-batches a batch, expected a whole number from 1 on; nothing was allocated`,
    );
    this.training = training;
    this.dropout = dropoutOf(parameters.label, training.dropout?.p ?? 0);
    this.engine = engine;
    this.config = config;
    this.parameters = parameters;
    this.positionsPerBatch = positionsPerBatch;
    this.optimiser = optimiser;
    this.stats = persistent(`${parameters.label}.loss`, [2]);
  }

  /** Rows of a batch at length T. @throws RangeError when a micro-batch would have none. */
  rowsAt(T: number): number {
    const { accumulate = 1 } = this.training;
    return accumulate * this.microRows(T);
  }

  private microRows(T: number): number {
    const { accumulate = 1 } = this.training;
    const rows = Math.floor(this.positionsPerBatch / T / accumulate);
    check(
      rows > 0,
      `training: ${String(this.positionsPerBatch)} positions in ${String(accumulate)} micro-batches hold no row of ${String(T)} tokens; take fewer micro-batches`,
    );
    return rows;
  }

  /** Compiles the plans for rows of T tokens. */
  async prepare(T: number): Promise<void> {
    if (this.shapes.has(T)) return;
    const { label } = this.parameters;
    const input = lmInput(`${label}.${String(T)}`, this.microRows(T), T);
    const { memory } = this.engine;
    memory.write(input.positions, rowPositions(input.B, T));
    memory.write(input.mask, new Uint32Array(input.B * T).fill(1));
    const evaluation = lmEvaluation(this.config, this.parameters, input, this.stats);
    const train = await this.compileStep(`${label} step T=${String(T)}`, input);
    const evaluate = await this.engine.compile(`${label} loss T=${String(T)}`, evaluation.calls);
    this.shapes.set(T, { input, train, evaluate });
  }

  private async compileStep(label: string, input: LmInput): Promise<CompiledPlan | Accumulator> {
    const { engine, config, parameters, optimiser, stats, dropout } = this;
    const { accumulate = 1, ...rest } = this.training;
    const options = { ...rest, dropout };
    if (accumulate > 1) {
      return Accumulator.create(engine, { config, parameters, optimiser, input, stats }, options);
    }
    const { calls } = lmStep(config, parameters, optimiser, input, stats, options);
    return engine.compile(label, calls);
  }

  /** Queues one update (step = 1, 2, …); nothing is awaited. The shape must be prepared. */
  step(batch: Batch, step: number, settings: AdamwSettings): void {
    const { input, train } = this.shape(batch.T);
    const { memory } = this.engine;
    memory.write(this.optimiser.knobs, adamwKnobs(step, settings));
    if (this.dropout !== undefined) {
      memory.write(this.dropout.state, [this.training.dropout?.seed ?? 0, step, 0]);
    }
    if (train instanceof Accumulator) {
      train.step(pieces(batch.rows, input.B).map((rows) => packRows(rows, input.B, input.T)));
      return;
    }
    writeRows(memory, input, batch.rows);
    this.engine.run(train);
  }

  /** Mean loss over the counted targets of the last batch. */
  async loss(): Promise<number> {
    const [stats] = await this.engine.memory.read([this.stats]);
    return stats?.[0] ?? NaN;
  }

  /** Mean loss over batches, weighted by their counted targets; no update. */
  async evaluate(batches: readonly Batch[]): Promise<number> {
    let sum = 0;
    let count = 0;
    for (const { rows, T } of batches) {
      await this.prepare(T);
      const { input, evaluate } = this.shape(T);
      for (const part of pieces(rows, input.B)) {
        writeRows(this.engine.memory, input, part);
        this.engine.run(evaluate);
        const [stats] = await this.engine.memory.read([this.stats]);
        sum += (stats?.[0] ?? NaN) * (stats?.[1] ?? 0);
        count += stats?.[1] ?? 0;
      }
    }
    return sum / Math.max(1, count);
  }

  private shape(T: number): Shape {
    const shape = this.shapes.get(T);
    if (shape === undefined) {
      throw new Error(`training: no plan for rows of ${String(T)} tokens, prepare it first`);
    }
    return shape;
  }
}

/** Collects rows by length and hands out full batches; deterministic for a given order of rows. */
export class Buckets {
  private readonly lengths: readonly number[];
  private readonly rowsAt: (T: number) => number;
  private readonly waiting = new Map<number, Row[]>();

  /** `lengths`: the row lengths that have plans, ascending. */
  constructor(lengths: readonly number[], rowsAt: (T: number) => number) {
    this.lengths = lengths;
    this.rowsAt = rowsAt;
  }

  /** Adds a row; returns a batch when its bucket is full. Rows longer than the longest bucket are cut. */
  add(row: Row): Batch | undefined {
    const longest = this.lengths.at(-1) ?? 0;
    const T = this.lengths.find((length) => row.tokens.length <= length + 1) ?? longest;
    const cut = row.tokens.length > T + 1;
    const kept = cut ? { ...row, tokens: Array.from(row.tokens).slice(0, T + 1) } : row;
    const list = this.waiting.get(T) ?? [];
    list.push(kept);
    this.waiting.set(T, list);
    if (list.length < this.rowsAt(T)) return undefined;
    this.waiting.set(T, []);
    return { rows: list, T };
  }

  /** What is left, as partly filled batches. */
  flush(): Batch[] {
    const batches = [...this.waiting].filter(([, rows]) => rows.length > 0);
    this.waiting.clear();
    return batches.map(([T, rows]) => ({ rows, T }));
  }
}
