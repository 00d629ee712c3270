// Samples answers: batches prompts into rollouts of a fixed size and reads each rollout back once.
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import type { GptConfig } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import type { Tensor } from "../../plan/tensor.ts";
import { declaredFlops } from "../../plan/work.ts";
import { EOS } from "../../world/tokenizer.ts";
import type { Rollout } from "../rollout.ts";
import { decodeStart, decodeTape, joinTape, prefillTape, rollout } from "../rollout.ts";
import { packPrompts } from "../sequences.ts";
import type { Sequences } from "../sequences.ts";

/** An answer: its tokens up to and including EOS, and the log-probability of each. */
export interface Answer {
  readonly tokens: readonly number[];
  readonly logprobs: readonly number[];
  /** true if it ended with EOS */
  readonly finished: boolean;
}

/** Plans that sample from one set of weights. */
export class Generator {
  readonly run: Rollout;
  private readonly engine: Engine;
  private readonly plans: readonly CompiledPlan[];

  private constructor(engine: Engine, run: Rollout, plans: readonly CompiledPlan[]) {
    this.engine = engine;
    this.run = run;
    this.plans = plans;
  }

  static async create(
    engine: Engine,
    label: string,
    config: GptConfig,
    weights: Parameters,
    batch: Sequences,
    knobs: Tensor,
  ): Promise<Generator> {
    const run = rollout(label, config, batch);
    const prefill = prefillTape(config, weights, run, knobs);
    const decode = decodeTape(config, weights, run, knobs);
    const plans = [
      await engine.compile(`${label} prefill`, prefill.calls),
      await engine.compile(`${label} decode`, decode.calls),
      await engine.compile(`${label} join`, joinTape(run).calls),
    ];
    return new Generator(engine, run, plans);
  }

  /** Queues a rollout of exactly B prompts; the response stays on the device. */
  queue(prompts: readonly ArrayLike<number>[], seed: number, stream: number): void {
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
    this.engine.run(...this.sequence());
  }

  /** The plans of one rollout, in the order in which they run. */
  private sequence(): CompiledPlan[] {
    const [prefill, decode, join] = this.plans as [CompiledPlan, CompiledPlan, CompiledPlan];
    const decodes = Array.from({ length: this.run.batch.G - 1 }, () => decode);
    return [prefill, ...decodes, join];
  }

  /** Floating-point operations of the matrix products and attention of one rollout. */
  flops(): number {
    return this.sequence().reduce((sum, { calls }) => sum + declaredFlops(calls), 0);
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

  /** Samples one answer per prompt, any number of prompts; row i of batch n uses stream + n. */
  async sample(prompts: readonly ArrayLike<number>[], seed: number, stream = 0): Promise<Answer[]> {
    const { B } = this.run.batch;
    const result: Answer[] = [];
    for (let first = 0; first < prompts.length; first += B) {
      const part = prompts.slice(first, first + B);
      const filler = part[0] as ArrayLike<number>;
      const full = Array.from({ length: B }, (_, b) => part[b] ?? filler);
      this.queue(full, seed, stream + first / B);
      result.push(...(await this.answers()).slice(0, part.length));
    }
    return result;
  }
}
