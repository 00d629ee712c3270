// What a file that is refused says: one sentence with the place, what was found, what was expected.
import { quote } from "../storage/errors.ts";

/** Thrown by everything under src/formats; `message` is a sentence that can be shown as it is. */
export class FormatError extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = "FormatError";
  }
}

/** A file that is not damaged but would take too long; `message` is what was found in it. */
export class TooMuch extends Error {}

/** One record cannot be taken; the others still can. `message` lacks the file, the line and the end. */
export class Refusal extends Error {
  /** Name of the format that the record looks like, when the sentence is about that. */
  readonly looksLike: string;

  constructor(sentence: string, looksLike = "") {
    super(sentence);
    this.name = "Refusal";
    this.looksLike = looksLike;
  }
}

/** The whole sentence for one refused record: the file, the place, the reason and what happens now. */
export function refusedSentence(
  file: string,
  where: string,
  { message, looksLike }: Refusal,
): string {
  if (looksLike !== "") return `${code(file)} looks like ${looksLike}, but ${where} ${message}`;
  const colon = message.startsWith("`") ? "," : ":";
  const unit = where.split(" ").at(-2) ?? "line";
  return `${code(file)}, ${where}${colon} ${message} This ${unit} will be skipped.`;
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029`]/gu;

/** A name or path between backticks, at most 80 characters, nothing invisible left in it. */
export function code(name: string): string {
  const characters = Array.from(name);
  const short = characters.length > 80 ? `${characters.slice(0, 79).join("")}…` : name;
  const seen = short.replace(
    HIDDEN,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
  return `\`${seen}\``;
}

/** A value between backticks: JSON, at most 40 characters, control and bidi characters as escapes. */
export function found(value: unknown): string {
  return value === undefined ? "nothing" : `\`${quote(value).replaceAll("`", "\\u0060")}\``;
}

/** A refusal for one value at a path. */
export function refusal(path: string, value: unknown, expected: string): Refusal {
  return new Refusal(`${code(path)}: found ${found(value)}; expected ${expected}.`);
}

/** "1 tie", "2 ties", "2 pairs with an empty answer": the head of the noun takes the s. */
export function plural(n: number, noun: string): string {
  const head = /^.*?(?= (?:with|without|of|that|whose|in) |$)/.exec(noun)?.[0] ?? noun;
  const count = n.toLocaleString("en-US");
  return `${count} ${n === 1 ? noun : `${head}s${noun.slice(head.length)}`}`;
}
