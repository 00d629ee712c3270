// Prompts for PPO iterations, and demonstrations and pre-training text for ptx, seeded and without end.
import type { Row } from "../rlhf/language-model.ts";
import { Rng, corpusStream, liveDemonstration, livePrompts } from "../world/index.ts";
import type { Tokenizer } from "../world/index.ts";

const POOL = 400;
/** A person's own prompts are filled up to so many with others, as many as an iteration usually asks for. */
const LEAST = 64;

export class Supply {
  private readonly tokenizer: Tokenizer;
  private readonly pool: readonly Int32Array[];
  private readonly seed: number;
  private readonly demonstrations: number;

  /**
   * @param longest prompts with more tokens are left out
   * @param demonstrations share of ptx rows that are demonstrations
   * @param own prompts to practise on instead of those of the world
   */
  constructor(
    tokenizer: Tokenizer,
    seed: number,
    longest: number,
    demonstrations: number,
    own: readonly Int32Array[] = [],
  ) {
    this.tokenizer = tokenizer;
    const world = livePrompts(seed + 4242, POOL)
      .map(({ prompt }) => tokenizer.encodePrompt(prompt))
      .filter((ids) => ids.length <= longest);
    const more = own.length === 0 ? world : world.slice(0, Math.max(0, LEAST - own.length));
    this.pool = [...own, ...more];
    this.seed = seed + 5151;
    this.demonstrations = demonstrations;
  }

  /** n prompts for an iteration: the same for the same number. */
  prompts(iteration: number, n: number): Int32Array[] {
    const first = (iteration + 1) * n;
    return Array.from(
      { length: n },
      (_, i) => this.pool[(first + i) % this.pool.length] as Int32Array,
    );
  }

  /** n rows of at most T + 1 tokens (longer documents are cut) for ptx: the same for the same number. */
  rows(number: number, n: number, T: number): Row[] {
    const seed = this.seed * 1009 + number;
    const corpus = corpusStream(seed);
    const rng = new Rng(seed);
    const demonstrated = Math.round(n * this.demonstrations);
    return Array.from({ length: n }, (_, i) =>
      i < demonstrated
        ? this.demonstration(rng, T + 1)
        : { tokens: this.tokenizer.encodeDocument(corpus.next().value, T + 1), countFrom: 1 },
    );
  }

  /** A demonstration of the training split whose response alone counts, as in supervised fine-tuning. */
  private demonstration(rng: Rng, longest: number): Row {
    const { prompt, response } = liveDemonstration(rng, "train");
    const head = this.tokenizer.encodePrompt(prompt);
    const tokens = [...head, ...this.tokenizer.encodeResponse(response)];
    return { tokens: tokens.slice(0, longest), countFrom: head.length };
  }
}
