// What a person writes as tokens of the model, with a sentence where the model cannot read it.
import type { Row } from "../rlhf/language-model.ts";
import type { TokenRanking } from "../rlhf/session/reward-trainer.ts";
import { EOS } from "../world/tokenizer.ts";
import type { Tokenizer } from "../world/index.ts";
import type { Ranking } from "./protocol.ts";

export class Encoder {
  private readonly tokenizer: Tokenizer;
  private readonly longest: number;
  private readonly longestRow: number;

  /**
   * @param longest most tokens of a prompt
   * @param longestRow most tokens of a prompt and its answer together, with the end of the text
   */
  constructor(tokenizer: Tokenizer, longest: number, longestRow: number) {
    this.tokenizer = tokenizer;
    this.longest = longest;
    this.longestRow = longestRow;
  }

  /** @throws RangeError with one sentence when the prompt is longer than the model reads */
  prompt(text: string): Int32Array {
    const ids = this.tokenizer.encodePrompt(this.tokenizer.parse(text).text);
    if (ids.length <= this.longest) return ids;
    throw new RangeError(
      `Your prompt has ${String(ids.length)} tokens and this model reads ${String(this.longest)}; make it shorter.`,
    );
  }

  ranking({ prompt, completions, ranks }: Ranking): TokenRanking {
    return { prompt: this.prompt(prompt), completions, ranks };
  }

  /** A row whose response counts. @throws RangeError with one sentence for a word that the model does not know, or too many */
  demonstration({ prompt, response }: { prompt: string; response: string }): Row {
    const head = this.prompt(prompt);
    const { ids, unknown } = this.tokenizer.parse(response);
    const word = unknown[0];
    if (word !== undefined) {
      throw new RangeError(
        `Your answer: the model does not know "${word.word}"; use another word.`,
      );
    }
    const room = this.longestRow - head.length - 1;
    if (ids.length > room) {
      throw new RangeError(
        `Your answer has ${String(ids.length)} words and signs, and behind this question the model copies at most ${String(room)}; make it shorter.`,
      );
    }
    return { tokens: [...head, ...ids, EOS], countFrom: head.length };
  }
}
