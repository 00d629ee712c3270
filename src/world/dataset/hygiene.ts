// Hygiene of the prompts: common-prefix deduplication, the length limit, personal data.
import { wordsOf } from "../grammar.ts";
import { PEOPLE } from "../tables.ts";
import { UNK, buildTokenizer } from "../tokenizer.ts";

/** A common prefix is long from so many words; shorter prompts must be equal to be duplicates. */
export const LONG_PREFIX = 10;

/**
 * Keeps prompts that share no long prefix with one kept before. Two prompts of n and m words are
 * duplicates when they are equal or share their first `max(10, share * max(n, m))` words.
 *
 * Each kept prompt leaves all its prefixes between `max(10, share * n)` and n words in one set (a
 * shorter one only itself). A new one is a duplicate exactly when one of its own such prefixes is
 * in the set: a prefix in both ranges is long for both.
 */
export class PrefixFilter {
  private readonly prefixes = new Set<string>();
  private readonly share: number;

  constructor(share: number) {
    this.share = share;
  }

  /** True, and remembered, when the prompt is no duplicate. */
  accept(prompt: string): boolean {
    const range = this.rangeOf(prompt);
    if (range.some((prefix) => this.prefixes.has(prefix))) return false;
    for (const prefix of range) this.prefixes.add(prefix);
    return true;
  }

  private rangeOf(prompt: string): string[] {
    const words = wordsOf(prompt);
    const long = Math.max(LONG_PREFIX, Math.ceil(this.share * words.length - 1e-9));
    const least = Math.min(words.length, long);
    return Array.from({ length: words.length - least + 1 }, (_, i) =>
      words.slice(0, least + i).join(" "),
    );
  }
}

const NAMES = PEOPLE.map((person) => person.name).join("|");
const PERSONAL = new RegExp(`\\b(?:my name is (?:${NAMES})|i live|i am (?:${NAMES}))\\b`);

/** Does a customer give away a name or a home? Such prompts never reach training (as in the paper). */
export function isPersonal(prompt: string): boolean {
  return PERSONAL.test(prompt);
}

const tokenizer = buildTokenizer();

/** Has it a word outside the vocabulary? The place of the paper's language filter. */
export function isForeign(text: string): boolean {
  return tokenizer.encode(text).includes(UNK);
}

/** What happened to the prompts that were drawn. */
export interface HygieneCounts {
  drawn: number;
  tooLong: number;
  /** Words that the vocabulary lacks. */
  foreign: number;
  duplicates: number;
  personal: number;
  /** Prompts that a customer would have sent beyond the limit per customer. */
  overLimit: number;
  kept: number;
}

export function noCounts(): HygieneCounts {
  return { drawn: 0, tooLong: 0, foreign: 0, duplicates: 0, personal: 0, overLimit: 0, kept: 0 };
}
