// Measures a checkpoint: losses on held-out text, and what its answers to test prompts are worth to the scorers.
import { KNOBS, KNOB_COUNT } from "../src/kernels/knobs.ts";
import type { GptConfig } from "../src/model/gpt.ts";
import { gptSpecs } from "../src/model/gpt.ts";
import { flatten, layOut } from "../src/model/parameters.ts";
import type { Parameters } from "../src/model/parameters.ts";
import type { Engine } from "../src/plan/engine.ts";
import { persistent } from "../src/plan/tensor.ts";
import { Generator } from "../src/rlhf/session/generator.ts";
import { Buckets, LmTrainer } from "../src/rlhf/session/lm-trainer.ts";
import type { Weights } from "../src/rlhf/session/session.ts";
import { sequences } from "../src/rlhf/sequences.ts";
import {
  MAX_RESPONSE_TOKENS,
  Rng,
  buildTokenizer,
  demonstration,
  grammatical,
  liveDemonstration,
  score,
} from "../src/world/index.ts";
import type { Attributes, Category, Demonstration } from "../src/world/index.ts";
import { LENGTHS, POSITIONS, validation } from "./pretrain-data.ts";

/** One answer with what the scorers say of it. */
export interface Scored extends Attributes {
  readonly category: string;
  /** share of grammatical sentences */
  readonly grammatical: number;
  /** the prompt asks for something harmful */
  readonly harmful: boolean;
}

const ROWS = 32;
const COLUMNS = 48;

/** Test-split demonstrations of the page's live loop. */
export function liveSet(seed: number, n: number): Demonstration[] {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => liveDemonstration(rng, "test"));
}

/** Test-split demonstrations of one use case, or with the shares of InstructGPT's Table 1. */
export function paperSet(seed: number, n: number, category?: Category): Demonstration[] {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => demonstration(rng, "test", category));
}

/** The scorers' view of an answer, given as token strings with its `<eos>`. */
export function judge(prompt: Demonstration, tokens: readonly string[]): Scored {
  return {
    ...score(prompt, tokens),
    category: prompt.category,
    grammatical: grammatical(tokens),
    harmful: prompt.gold.kind === "harm",
  };
}

/** What can be measured of one set of weights on one engine. */
export class Evaluation {
  private readonly engine: Engine;
  private readonly config: GptConfig;
  private readonly parameters: Parameters;
  private readonly trainer: LmTrainer;
  private generator: Generator | undefined;

  constructor(engine: Engine, config: GptConfig) {
    this.engine = engine;
    this.config = config;
    this.parameters = layOut("evaluated", gptSpecs(config), true);
    this.trainer = new LmTrainer(engine, config, this.parameters, POSITIONS);
  }

  load(weights: Weights): void {
    this.engine.memory.write(this.parameters.values, flatten(this.parameters, weights));
  }

  /** Mean cross-entropy in nats per token over the validation documents. */
  async corpusLoss(): Promise<number> {
    return this.trainer.evaluate(validation(this.trainer));
  }

  /** Mean cross-entropy in nats per response token of demonstrations. */
  async demonstrationLoss(demonstrations: readonly Demonstration[]): Promise<number> {
    const tokenizer = buildTokenizer();
    const buckets = new Buckets(LENGTHS, (T) => this.trainer.rowsAt(T));
    const full = demonstrations.flatMap(({ prompt, response }) => {
      const head = tokenizer.encodePrompt(prompt);
      const tokens = [...head, ...tokenizer.encodeResponse(response)];
      return buckets.add({ tokens, countFrom: head.length }) ?? [];
    });
    return this.trainer.evaluate([...full, ...buckets.flush()]);
  }

  /** One answer at temperature 1 to each prompt, scored. */
  async answers(prompts: readonly Demonstration[], seed: number): Promise<Scored[]> {
    const tokenizer = buildTokenizer();
    this.generator ??= await this.makeGenerator();
    const encoded = prompts.map(({ prompt }) => tokenizer.encodePrompt(prompt));
    const answers = await this.generator.sample(encoded, seed);
    return prompts.map((prompt, i) => judge(prompt, tokenizer.decode(answers[i]?.tokens ?? [])));
  }

  private async makeGenerator(): Promise<Generator> {
    const knobs = persistent("knobs", [KNOB_COUNT]);
    const values = new Float32Array(KNOB_COUNT);
    values[KNOBS.temperature] = 1;
    this.engine.memory.write(knobs, values);
    const batch = sequences("answers", { B: ROWS, P: COLUMNS, G: MAX_RESPONSE_TOKENS });
    return Generator.create(this.engine, "answers", this.config, this.parameters, batch, knobs);
  }
}
