// Gradient accumulation: a training step whose batch is too large for the device, as micro-batches one after the other.
import { columnSum } from "../kernels/column-sum.ts";
import { DROPOUT_STATE } from "../kernels/dropout-drawn.ts";
import type { Dropout } from "../kernels/dropout-drawn.ts";
import { meansForward } from "../kernels/reduce.ts";
import { zero } from "../kernels/zero.ts";
import type { GptConfig } from "../model/gpt.ts";
import { gpt } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import type { CompiledPlan, Engine } from "../plan/engine.ts";
import { Tape } from "../plan/tape.ts";
import { check, persistent, view } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { lossOfHidden, rowPositions } from "./language-model.ts";
import type { LmArrays, LmInput, StepOptions } from "./language-model.ts";
import type { Optimiser } from "./optimiser.ts";
import { update } from "./optimiser.ts";

/** What lives from one micro-batch to the next besides the gradients. */
interface Totals {
  /** (2), written by the host before the first micro-batch: 0, and the sum of all weights */
  readonly total: Tensor;
  /** (2) sums of weight · nll and of weights so far */
  readonly sums: Tensor;
}

/** What a step trains and reports to. */
export interface Accumulated {
  readonly config: GptConfig;
  readonly parameters: Parameters;
  readonly optimiser: Optimiser;
  /** the tensors of one micro-batch */
  readonly input: LmInput;
  /** (2) the mean loss over all weights, and their sum */
  readonly stats: Tensor;
}

/** Gradients and sums start from 0. */
function beginTape({ parameters }: Accumulated, { sums }: Totals, options: StepOptions): Tape {
  const { gradients, label } = parameters;
  check(gradients !== undefined, `accumulate: ${label} is frozen, expected trainable parameters`);
  const tape = new Tape(options);
  zero(tape, gradients);
  zero(tape, sums);
  return tape;
}

/** Adds the derivatives of sum(weight · nll) / total of one micro-batch. Replayed for each of them. */
function microTape(to: Accumulated, { total, sums }: Totals, options: StepOptions): Tape {
  const { config, parameters, input } = to;
  const tape = new Tape({ ...options, accumulate: true });
  tape.train(parameters.tensors.values());
  const { classifierRows, dropout } = options;
  const hidden = gpt(tape, config, parameters, input, dropout);
  const loss = lossOfHidden(tape, config, parameters, hidden, input, { total, classifierRows });
  columnSum(tape, view(loss.sums, [1, 2]), { tensor: sums, ACCUMULATE: true });
  tape.backward();
  return tape;
}

/** Clips once, updates once, and reports the mean over all micro-batches. */
function applyTape(to: Accumulated, { sums }: Totals, options: StepOptions): Tape {
  const { parameters, optimiser, stats } = to;
  const tape = new Tape(options);
  const loss = tape.scratch("loss", []);
  tape.call(meansForward, { sums, loss, stats }, { C: 2, COUNT: 1 });
  update(tape, parameters, optimiser);
  return tape;
}

/**
 * Training steps over A micro-batches that equal one step on all their rows: losses and derivatives are sums over
 * tokens, divided by the weight of all tokens of all micro-batches. (A mean of the micro-batches' own means would
 * weigh a token more the fewer counted tokens its micro-batch has.)
 */
export class Accumulator {
  private readonly engine: Engine;
  private readonly to: Accumulated;
  private readonly totals: Totals;
  private readonly plans: { begin: CompiledPlan; micro: CompiledPlan; apply: CompiledPlan };
  private readonly dropout: Dropout | undefined;

  private constructor(
    engine: Engine,
    to: Accumulated,
    totals: Totals,
    plans: { begin: CompiledPlan; micro: CompiledPlan; apply: CompiledPlan },
    dropout: Dropout | undefined,
  ) {
    this.engine = engine;
    this.to = to;
    this.totals = totals;
    this.plans = plans;
    this.dropout = dropout;
  }

  /**
   * Compiles the three plans of a step: clear, one micro-batch, update.
   * @throws RangeError when the parameters are frozen or the plans do not fit the engine.
   */
  static async create(
    engine: Engine,
    to: Accumulated,
    options: StepOptions = {},
  ): Promise<Accumulator> {
    const { label } = to.parameters;
    const totals = {
      total: persistent(`${label}.total`, [2]),
      sums: persistent(`${label}.sums`, [2]),
    };
    const compile = (name: string, tape: Tape): Promise<CompiledPlan> =>
      engine.compile(`${label} ${name}`, tape.calls);
    const plans = {
      begin: await compile("accumulation, start", beginTape(to, totals, options)),
      micro: await compile("accumulation, micro-batch", microTape(to, totals, options)),
      apply: await compile("accumulation, update", applyTape(to, totals, options)),
    };
    const { input } = to;
    engine.memory.write(input.positions, rowPositions(input.B, input.T));
    engine.memory.write(input.mask, new Uint32Array(input.B * input.T).fill(1));
    return new Accumulator(engine, to, totals, plans, options.dropout);
  }

  /**
   * Queues one update from micro-batches of B rows each (packRows pads); nothing is awaited. The optimiser's knobs
   * must have been written, and with dropout its seed and step.
   * @throws RangeError without micro-batches
   */
  step(batches: readonly Pick<LmArrays, "tokens" | "targets" | "weights">[]): void {
    check(batches.length > 0, "accumulate: no micro-batches, expected at least one");
    const { engine, totals, plans } = this;
    const { input } = this.to;
    let total = 0;
    for (const { weights } of batches) for (const weight of weights) total += weight;
    engine.memory.write(totals.total, Float32Array.of(0, total));
    batches.forEach(({ tokens, targets, weights }, i) => {
      engine.memory.write(input.tokens, tokens);
      engine.memory.write(input.targets, targets);
      engine.memory.write(input.weights, weights);
      if (this.dropout !== undefined) {
        engine.memory.write(this.dropout.state, [i], DROPOUT_STATE.part);
      }
      const last = i === batches.length - 1 ? [plans.apply] : [];
      engine.run(...(i === 0 ? [plans.begin] : []), plans.micro, ...last);
    });
  }
}
