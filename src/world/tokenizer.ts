// The word-level tokenizer: a frozen vocabulary, and the way between it and what a person reads.
import frozen from "./vocabulary.json";
import { wordsOf } from "./grammar.ts";
import { PEOPLE } from "./tables.ts";

export const SPECIALS = ["<pad>", "<eos>", "<unk>", "<nl>", "instruction:", "response:"] as const;
export const PAD = 0;
export const EOS = 1;
export const UNK = 2;
export const NL = 3;
export const INSTRUCTION = 4;
export const RESPONSE = 5;

export interface UnknownWord {
  /** The word as typed. */
  readonly word: string;
  /** Where it stands in the typed text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Its index among the tokens. */
  readonly token: number;
}

export interface ParsedText {
  /** The internal form, with unknown words still in it. */
  readonly text: string;
  readonly ids: Int32Array;
  readonly unknown: readonly UnknownWord[];
}

export interface Tokenizer {
  /** Token strings by id; a plain list that can be stored as JSON. */
  readonly vocabulary: readonly string[];
  /** Ids of a text in the internal form; a word outside the vocabulary becomes `<unk>`. */
  encode(text: string): Int32Array;
  /** Token strings of ids; throws a RangeError for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>): string[];
  /** What a person reads: capitals, glued punctuation, lines; `<eos>` and `<pad>` vanish. */
  render(tokens: readonly string[]): string;
  /** `decode` then `render`. */
  renderIds(ids: ArrayLike<number>): string;
  /** A text as typed by a person, with its unknown words and where they stand. */
  parse(typed: string): ParsedText;
  /** `<eos> instruction: TEXT <nl> response:` for an instruction in the internal form. */
  encodePrompt(text: string): Int32Array;
  /** An answer in the internal form, closed by `<eos>`. */
  encodeResponse(text: string): Int32Array;
  /** `<eos> document <eos>`, cut to `limit` tokens. */
  encodeDocument(text: string, limit?: number): Int32Array;
}

/** The tokenizer of the frozen vocabulary, or of another list that starts with the specials. */
export function buildTokenizer(vocabulary: readonly string[] = frozen): Tokenizer {
  const wrong = SPECIALS.findIndex((special, id) => vocabulary[id] !== special);
  if (wrong >= 0) {
    throw new RangeError(
      `buildTokenizer: token ${wrong} is "${vocabulary[wrong] ?? "nothing"}" but must be ` +
        `"${SPECIALS[wrong] ?? ""}"; this list is not a vocabulary of Meadowbrook.`,
    );
  }
  const ids = new Map(vocabulary.map((word, id) => [word, id]));
  const encodeWords = (words: readonly string[]) =>
    Int32Array.from(words, (word) => ids.get(word) ?? UNK);
  const decode = (list: ArrayLike<number>) => Array.from(list, (id) => tokenAt(vocabulary, id));
  return {
    vocabulary,
    encode: (text) => encodeWords(wordsOf(text)),
    decode,
    render,
    renderIds: (list) => render(decode(list)),
    parse: (typed) => parseTyped(typed, ids),
    encodePrompt: (text) =>
      Int32Array.of(EOS, INSTRUCTION, ...encodeWords(wordsOf(text)), NL, RESPONSE),
    encodeResponse: (text) => Int32Array.of(...encodeWords(wordsOf(text)), EOS),
    encodeDocument: (text, limit = 97) =>
      Int32Array.of(EOS, ...encodeWords(wordsOf(text)), EOS).slice(0, limit),
  };
}

function tokenAt(vocabulary: readonly string[], id: number): string {
  const token = vocabulary[id];
  if (token === undefined) {
    throw new RangeError(
      `decode: id ${id} is outside the vocabulary of ${vocabulary.length} tokens; nothing is decoded.`,
    );
  }
  return token;
}

const NAMES: ReadonlySet<string> = new Set(PEOPLE.map((person) => person.name));
const GLUED: ReadonlySet<string> = new Set([".", ",", "!", "?", ":"]);
const OPENS_SENTENCE: ReadonlySet<string> = new Set([
  ".",
  "!",
  "?",
  ":",
  "<nl>",
  "instruction:",
  "response:",
]);

/** Tokens as a person reads them: capitals after a full stop, punctuation glued to its word. */
export function render(tokens: readonly string[]): string {
  let text = "";
  let opens = true;
  for (const token of tokens) {
    if (token === "<eos>" || token === "<pad>") continue;
    if (token === "<nl>") text += "\n";
    else {
      const space = text === "" || text.endsWith("\n") || GLUED.has(token) ? "" : " ";
      const capital = opens || NAMES.has(token) || token === "i";
      text += space + (capital ? token.charAt(0).toUpperCase() + token.slice(1) : token);
    }
    opens = OPENS_SENTENCE.has(token);
  }
  return text;
}

/** Spellings that people type and the world writes otherwise. */
export const SPELLINGS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    color: "colour",
    gray: "grey",
    harbour: "harbor",
    "don't": "do not",
    "doesn't": "does not",
    "didn't": "did not",
    "can't": "can not",
    cannot: "can not",
    "i'm": "i am",
    "it's": "it is",
    "what's": "what is",
    "1": "one",
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "9": "nine",
    "10": "ten",
  }),
);

function parseTyped(typed: string, ids: ReadonlyMap<string, number>): ParsedText {
  const words: string[] = [];
  const unknown: UnknownWord[] = [];
  const pattern =
    /instruction:|response:|\r?\n|[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*|[^\s\p{L}\p{N}]/giu;
  for (const match of typed.matchAll(pattern)) {
    const raw = match[0];
    const lower = raw.toLowerCase().replace("’", "'");
    const word = raw.endsWith("\n") ? "<nl>" : (SPELLINGS.get(lower) ?? mark(lower));
    for (const part of word.split(" ")) {
      if (!ids.has(part)) {
        const end = match.index + raw.length;
        unknown.push({ word: raw, start: match.index, end, token: words.length });
      }
      words.push(part);
    }
  }
  const list = Int32Array.from(words, (word) => ids.get(word) ?? UNK);
  return { text: words.join(" "), ids: list, unknown };
}

/** Semicolons and dashes read as commas, which the world has. */
function mark(word: string): string {
  return word === ";" || word === "-" || word === "–" || word === "—" ? "," : word;
}
