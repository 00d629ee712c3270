// Models of the reproduction on an engine: their sizes, their weights as flat arrays, growth, and scoring of given answers.
import { copy } from "../kernels/copy.ts";
import { KNOBS, KNOB_COUNT } from "../kernels/knobs.ts";
import { gpt2, gptSpecs } from "../model/gpt.ts";
import type { GptConfig } from "../model/gpt.ts";
import { layOut } from "../model/parameters.ts";
import type { Parameters } from "../model/parameters.ts";
import type { CompiledPlan, Engine } from "../plan/engine.ts";
import { Tape } from "../plan/tape.ts";
import { persistent } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { hiddenStates, responseLogprobs } from "../rlhf/scoring.ts";
import { sequences, writeAnswers } from "../rlhf/sequences.ts";
import type { Answered, Sequences } from "../rlhf/sequences.ts";
import { Generator } from "../rlhf/session/generator.ts";
import { MAX_RESPONSE_TOKENS, buildTokenizer } from "../world/index.ts";
import type { Size } from "./forms.ts";

/** Longest sequence of every model. */
export const CONTEXT = 96;
/** Columns of prompts and answers in evaluations: a prompt of 56 words with its frame. */
export const ANSWER_COLUMNS = MAX_RESPONSE_TOKENS;
export const PROMPT_COLUMNS = CONTEXT - ANSWER_COLUMNS;
/** Rows of a batch in evaluations. */
export const ROWS = 32;

export const tokenizer = buildTokenizer();

export function configOf({
  width,
  layers,
  heads,
}: Pick<Size, "width" | "layers" | "heads">): GptConfig {
  return gpt2(tokenizer.vocabulary.length, width, layers, heads, CONTEXT);
}

/** Parameters on an engine with the values of a flat array. */
export function placed(
  engine: Engine,
  config: GptConfig,
  flat: Float32Array,
  label: string,
  trainable = false,
): Parameters {
  const parameters = layOut(label, gptSpecs(config), trainable);
  engine.memory.write(parameters.values, flat);
  return parameters;
}

/** The live scalars that sampling and scoring read: temperature 1. */
export function evaluationKnobs(engine: Engine): Tensor {
  const knobs = persistent("evaluation.knobs", [KNOB_COUNT]);
  const values = new Float32Array(KNOB_COUNT);
  values[KNOBS.temperature] = 1;
  engine.memory.write(knobs, values);
  return knobs;
}

/** What samples answers from one set of weights. */
export function openSampler(
  engine: Engine,
  config: GptConfig,
  flat: Float32Array,
  columns = { P: PROMPT_COLUMNS, G: ANSWER_COLUMNS },
): Promise<Generator> {
  const parameters = placed(engine, config, flat, "sampled");
  const batch = sequences("sampled", { B: ROWS, ...columns });
  return Generator.create(engine, "sampled", config, parameters, batch, evaluationKnobs(engine));
}

/** The likeliest token always, as the paper's automatic evaluations sample. */
export const GREEDY = { temperature: 0, topK: 0, topP: 1 } as const;

/** Log-probabilities of given answers under one set of weights. */
export class Scorer {
  private readonly engine: Engine;
  private readonly batch: Sequences;
  private readonly logp: Tensor;
  private readonly plan: CompiledPlan;

  private constructor(engine: Engine, batch: Sequences, logp: Tensor, plan: CompiledPlan) {
    this.engine = engine;
    this.batch = batch;
    this.logp = logp;
    this.plan = plan;
  }

  static async create(engine: Engine, config: GptConfig, flat: Float32Array): Promise<Scorer> {
    const parameters = placed(engine, config, flat, "scored");
    const batch = sequences("scored", { B: ROWS, P: CONTEXT - SHORT, G: SHORT });
    const logp = persistent("scored.logp", [batch.B, batch.G]);
    const tape = scorerTape(config, parameters, batch, { knobs: evaluationKnobs(engine), logp });
    return new Scorer(engine, batch, logp, await engine.compile("scorer", tape.calls));
  }

  /** Sum of the log-probabilities of each answer's tokens, in nats. */
  async sums(items: readonly Answered[]): Promise<number[]> {
    const { B, G } = this.batch;
    const result: number[] = [];
    for (let first = 0; first < items.length; first += B) {
      const part = items.slice(first, first + B);
      writeAnswers(this.engine.memory, this.batch, part);
      const [values] = await this.engine.runAndRead([this.plan], [this.logp]);
      part.forEach(({ tokens }, b) => {
        let sum = 0;
        for (let j = 0; j < Math.min(G, tokens.length); j++) sum += values?.[b * G + j] ?? NaN;
        result.push(sum);
      });
    }
    return result;
  }
}

/** Longest completion that is scored and not sampled. */
const SHORT = 16;

function scorerTape(
  config: GptConfig,
  parameters: Parameters,
  batch: Sequences,
  { knobs, logp }: { knobs: Tensor; logp: Tensor },
): Tape {
  const tape = new Tape();
  const hidden = hiddenStates(tape, config, parameters, batch);
  copy(tape, responseLogprobs(tape, config, parameters, batch, hidden, knobs).logp, logp);
  return tape;
}
