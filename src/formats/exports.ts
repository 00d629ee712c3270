// What an export is: a typed file in memory, and the sentence that says what it cannot hold.
import { MESSAGES, writeLine } from "./columns.ts";
import type { Column, Row, Value } from "./columns.ts";
import { plural } from "./errors.ts";
import type { Message } from "./records.ts";
import { plainText } from "./rows.ts";

/** One file for trainers. */
export interface Exported {
  /** Name of the format, as docs/FORMATS.md calls it. */
  format: string;
  columns: readonly Column[];
  rows: readonly Row[];
  /** What the file holds and what it cannot, in sentences to show before it is saved. */
  loss: string;
}

/** How the two kinds of TRL files spell a prompt and its answers. */
export type Shape = "standard" | "conversational";

/** The JSON lines of an export. */
export function jsonl({ columns, rows }: Exported): string {
  return rows.map((row) => writeLine(columns, row)).join("");
}

/** What was left out, by kind: the count and the noun in the singular. */
export type Losses = readonly (readonly [count: number, noun: string])[];

/**
 * "42 rankings -> 231 pairs. Not carried: 21 ties, 4 skips, notes, times. Keep `rankings.jsonl` too."
 * @param always what the format never carries
 */
export function lossSentence(
  from: readonly [number, string],
  to: readonly [number, string],
  left: Losses,
  always: string,
): string {
  const counted = left.filter(([n]) => n > 0).map(([n, noun]) => plural(n, noun));
  const lost = [...counted, always].join(", ");
  const made = `${plural(...from)} -> ${plural(...to)}.`;
  return `${made} Not carried: ${lost}. Keep \`rankings.jsonl\` too.`;
}

/** Type of a prompt or an answer in a shape. */
export function textType(shape: Shape): Column["type"] {
  return shape === "standard" ? "string" : MESSAGES;
}

/** A prompt or an answer in a shape; null when plain text cannot say it. */
export function spell(
  messages: readonly Message[],
  shape: Shape,
  role: Message["role"],
): Value | null {
  if (shape === "standard") return plainText(messages, role);
  return messages.map(({ role: by, content }) => ({ role: by, content }));
}

/** Whether a prompt and an answer run into one word when they are put together, as trainers do with plain text. */
export function glued(prompt: Value | undefined, answer: Value | undefined): boolean {
  return typeof prompt === "string" && typeof answer === "string" && /\S$/.test(prompt) && /^\S/.test(answer); // prettier-ignore
}

/** How many lines have nothing between prompt and answer, as a sentence; "" for none. */
export function gluedSentence(number: number, lines: number): string {
  if (number === 0) return "";
  return ` TRL puts prompt and answer together as they are: in ${number} of ${plural(lines, "line")} nothing stands between them. Choose messages, whose chat template parts them, or add what your prompts end with.`;
}

/** What plain text is too little for. */
export const CHAT = "conversation that plain text cannot hold";
