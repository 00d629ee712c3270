// What a person writes as tokens of the model, with a sentence where the model cannot read it.
import type { Row } from "../rlhf/language-model.ts";
import type { TokenRanking } from "../rlhf/session/reward-trainer.ts";
import { EOS } from "../world/tokenizer.ts";
import type { Tokenizer } from "../world/index.ts";
import type { Ranking } from "./protocol.ts";

export class Encoder {
  private readonly tokenizer: Tokenizer;
  private readonly longest: number;

  /** @param longest most tokens of a prompt */
  constructor(tokenizer: Tokenizer, longest: number) {
    this.tokenizer = tokenizer;
    this.longest = longest;
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

  /** A row whose response counts. @throws RangeError with one sentence for a word that the model does not know */
  demonstration({ prompt, response }: { prompt: string; response: string }): Row {
    const head = this.prompt(prompt);
    const { ids, unknown } = this.tokenizer.parse(response);
    const word = unknown[0];
    if (word !== undefined) {
      throw new RangeError(
        `Your answer: the model does not know "${word.word}"; use another word.`,
      );
    }
    return { tokens: [...head, ...ids, EOS], countFrom: head.length };
  }
}
