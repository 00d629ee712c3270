// Samples answers: batches prompts into rollouts of a fixed size and reads each rollout back once.
import { SAMPLING } from "../../kernels/sample.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import type { GptConfig } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import { persistent } from "../../plan/tensor.ts";
import type { Tensor } from "../../plan/tensor.ts";
import { declaredFlops } from "../../plan/work.ts";
import { EOS } from "../../world/tokenizer.ts";
import type { Dice, Rollout } from "../rollout.ts";
import { decodeStart, decodeTape, joinTape, prefillTape, rollout } from "../rollout.ts";
import { packPrompts } from "../sequences.ts";
import type { Sequences } from "../sequences.ts";
import { FULL_DISTRIBUTION, isFull, samplingValues } from "../shown-sampling.ts";
import type { ShownSampling } from "../shown-sampling.ts";

/** An answer: its tokens up to and including EOS, and the log-probability of each. */
export interface Answer {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  /** true if it ended with EOS */
  readonly finished: boolean;
}

/** What the plans of a generator are recorded from. */
interface Source {
  readonly label: string;
  readonly config: GptConfig;
  readonly weights: Parameters;
}

/** Prefill and decode of one way to draw. */
type Drawing = readonly [prefill: CompiledPlan, decode: CompiledPlan];

/** Plans that sample from one set of weights. */
export class Generator {
  readonly run: Rollout;
  /** f32 (3), see SAMPLING: read by the plans of shown answers alone */
  private readonly sampling: Tensor;
  private readonly engine: Engine;
  private readonly source: Source;
  private readonly full: Drawing;
  private readonly join: CompiledPlan;
  /** made when answers are first shown that are not drawn from the full distribution */
  private shown: Promise<Drawing> | undefined;

  private constructor(
    engine: Engine,
    source: Source,
    run: Rollout,
    { full, join }: { full: Drawing; join: CompiledPlan },
  ) {
    this.engine = engine;
    this.source = source;
    this.run = run;
    this.full = full;
    this.join = join;
    this.sampling = persistent(`${source.label}.sampling`, [SAMPLING.size]);
  }

  /** @throws RangeError when the sequences are longer than the model's context */
  static async create(
    engine: Engine,
    label: string,
    config: GptConfig,
    weights: Parameters,
    batch: Sequences,
    knobs: Tensor,
  ): Promise<Generator> {
    const run = rollout(label, config, batch);
    const source = { label, config, weights };
    const full = await drawing(engine, label, source, run, { knobs });
    const join = await engine.compile(`${label} join`, joinTape(run).calls);
    return new Generator(engine, source, run, { full, join });
  }

  /** Queues a rollout of exactly B prompts from the full distribution; the response stays on the device. */
  queue(prompts: readonly ArrayLike<number>[], seed: number, stream: number): void {
    this.queueBy(this.full, prompts, seed, stream);
  }

  private queueBy(
    drawing: Drawing,
    prompts: readonly ArrayLike<number>[],
    seed: number,
    stream: number,
  ): void {
    const { batch, current, place, state } = this.run;
    const arrays = packPrompts(prompts, batch);
    const { memory } = this.engine;
    memory.write(batch.prompt, arrays.prompt);
    memory.write(batch.promptMask, arrays.promptMask);
    memory.write(batch.mask, arrays.mask);
    memory.write(batch.promptPositions, arrays.promptPositions);
    memory.write(batch.positions, arrays.positions);
    memory.write(current, arrays.last);
    memory.write(place, new Uint32Array(batch.B));
    memory.write(state, decodeStart(batch.P, seed, stream));
    this.engine.run(...this.sequence(drawing));
  }

  /** The plans of one rollout, in the order in which they run. */
  private sequence([prefill, decode]: Drawing): CompiledPlan[] {
    const decodes = Array.from({ length: this.run.batch.G - 1 }, () => decode);
    return [prefill, ...decodes, this.join];
  }

  /** Floating-point operations of the matrix products and attention of one rollout. */
  flops(): number {
    return this.sequence(this.full).reduce((sum, { calls }) => sum + declaredFlops(calls), 0);
  }

  /** Reads the latest rollout. */
  async answers(): Promise<Answer[]> {
    const { batch, logp } = this.run;
    const [response, lp] = await this.engine.memory.read([batch.response, logp]);
    return Array.from({ length: batch.B }, (_, b) => {
      const row = Array.from(response?.slice(b * batch.G, (b + 1) * batch.G) ?? []);
      const end = row.indexOf(EOS);
      const length = end < 0 ? row.length : end + 1;
      const logprobs = Array.from(lp?.slice(b * batch.G, b * batch.G + length) ?? []);
      return { tokens: row.slice(0, length), logprobs, finished: end >= 0 };
    });
  }

  /**
   * Samples one answer per prompt, any number of prompts; row i of batch n uses stream + n.
   * @param sampling how tokens are drawn; changing it writes three numbers and builds no plan but the first time
   * @throws RangeError with one sentence when the sampling is none
   */
  async sample(
    prompts: readonly ArrayLike<number>[],
    seed: number,
    stream = 0,
    sampling: ShownSampling = FULL_DISTRIBUTION,
  ): Promise<Answer[]> {
    const { B } = this.run.batch;
    const values = samplingValues(sampling);
    const by = isFull(sampling) ? this.full : await this.shownDrawing();
    const result: Answer[] = [];
    for (let first = 0; first < prompts.length; first += B) {
      const part = prompts.slice(first, first + B);
      const filler = part[0] as ArrayLike<number>;
      const full = Array.from({ length: B }, (_, b) => part[b] ?? filler);
      if (by !== this.full) this.engine.memory.write(this.sampling, values);
      this.queueBy(by, full, seed, stream + first / B);
      result.push(...(await this.answers()).slice(0, part.length));
    }
    return result;
  }

  private shownDrawing(): Promise<Drawing> {
    const { engine, source, run, sampling } = this;
    this.shown ??= drawing(engine, `${source.label} shown`, source, run, { sampling });
    return this.shown;
  }
}

async function drawing(
  engine: Engine,
  label: string,
  { config, weights }: Source,
  run: Rollout,
  dice: Dice,
): Promise<Drawing> {
  return [
    await engine.compile(`${label} prefill`, prefillTape(config, weights, run, dice).calls),
    await engine.compile(`${label} decode`, decodeTape(config, weights, run, dice).calls),
  ];
}
