// Whether the model can read what a person typed: which words it knows, and whether it is too long.

export interface PromptPart {
  readonly text: string;
  readonly known: boolean;
}

export interface PromptCheck {
  /** the typed text in pieces, so that unknown words can be struck through */
  readonly parts: readonly PromptPart[];
  /** one sentence, "" when all is well */
  readonly sentence: string;
  readonly usable: boolean;
}

/** Most words of a prompt: the context less the answer and the marks around both. */
export const MAX_WORDS = 43;

/** The parts of `typed` around the unknown stretches. */
function partsOf(typed: string, unknown: readonly { start: number; end: number }[]): PromptPart[] {
  const parts: PromptPart[] = [];
  let at = 0;
  for (const { start, end } of unknown) {
    if (start < at) continue;
    if (start > at) parts.push({ text: typed.slice(at, start), known: true });
    parts.push({ text: typed.slice(start, end), known: false });
    at = end;
  }
  if (at < typed.length) parts.push({ text: typed.slice(at), known: true });
  return parts;
}

/** So little is left that answers would be about something else. */
const fewKnown = (words: number, unknown: number): boolean => 2 * unknown > words;

function sentenceFor(words: number, unknown: number): string {
  if (words > MAX_WORDS) {
    return `This prompt has ${words} words; the model reads at most ${MAX_WORDS}, so nothing was asked.`;
  }
  if (unknown === 0) return "";
  if (unknown === words) return "The model knows none of these words, so there is nothing to ask.";
  return fewKnown(words, unknown)
    ? `The model knows only ${words - unknown} of these ${words} words and would answer something else, so nothing was asked.`
    : "The model does not know the words struck through and will not see them.";
}

/** Checks a typed prompt; the vocabulary is loaded with the first call. */
export async function checkPrompt(typed: string): Promise<PromptCheck> {
  const { buildTokenizer } = await import("../world/tokenizer.ts");
  tokenizer ??= buildTokenizer();
  const { ids, unknown } = tokenizer.parse(typed);
  const usable = ids.length > 0 && ids.length <= MAX_WORDS && !fewKnown(ids.length, unknown.length);
  return {
    parts: partsOf(typed, unknown),
    sentence: typed.trim() === "" ? "" : sentenceFor(ids.length, unknown.length),
    usable,
  };
}

/** Every word that the model knows, in alphabetical order; marks and numbers are left out. */
export async function knownWords(): Promise<string[]> {
  const { buildTokenizer } = await import("../world/tokenizer.ts");
  tokenizer ??= buildTokenizer();
  return tokenizer.vocabulary.filter((word) => /^\p{L}[\p{L}'-]*$/u.test(word)).sort();
}

type Tokenizer = ReturnType<(typeof import("../world/tokenizer.ts"))["buildTokenizer"]>;
let tokenizer: Tokenizer | undefined;
