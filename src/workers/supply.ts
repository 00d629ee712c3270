// Prompts for PPO iterations and rows of pre-training text for ptx, seeded and without end.
import type { Row } from "../rlhf/language-model.ts";
import { corpusStream, livePrompts } from "../world/index.ts";
import type { Tokenizer } from "../world/index.ts";

const POOL = 400;

export class Supply {
  private readonly tokenizer: Tokenizer;
  private readonly pool: readonly Int32Array[];
  private readonly seed: number;

  /** `longest`: prompts with more tokens are left out. */
  constructor(tokenizer: Tokenizer, seed: number, longest: number) {
    this.tokenizer = tokenizer;
    this.pool = livePrompts(seed + 4242, POOL)
      .map(({ prompt }) => tokenizer.encodePrompt(prompt))
      .filter((ids) => ids.length <= longest);
    this.seed = seed + 5151;
  }

  /** n prompts for an iteration: the same for the same number. */
  prompts(iteration: number, n: number): Int32Array[] {
    const first = (iteration + 1) * n;
    return Array.from(
      { length: n },
      (_, i) => this.pool[(first + i) % this.pool.length] as Int32Array,
    );
  }

  /** n pre-training rows of at most T + 1 tokens (longer documents are cut): the same for the same number. */
  rows(number: number, n: number, T: number): Row[] {
    const corpus = corpusStream(this.seed * 1009 + number);
    return Array.from({ length: n }, () => ({
      tokens: this.tokenizer.encodeDocument(corpus.next().value, T + 1),
      countFrom: 1,
    }));
  }
}
