// What an importer is, and the steps that most of them share.
import { Refusal, code } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { withExtra } from "./lossless.ts";
import { sameMessages } from "./pairs.ts";
import { assistant, candidate, newRanking, user } from "./new-records.ts";
import type { Candidate, Imported, Message, Ranking } from "./records.ts";

/** Reads the records of one format. Pure: all it knows is in the record. */
export interface Importer {
  /** Name of the format, as docs/FORMATS.md calls it. */
  name: string;
  /** Keys that a record of the format has; the first importer whose keys and `test` fit wins. */
  keys: readonly string[];
  test?: (fields: Fields) => boolean;
  /** How many records follow, when this one is a header that says so. */
  announces?: (fields: Fields) => number | null;
  /** A sentence about what of the record is not used, if something of it looks as if it should be. */
  remark?: (fields: Fields) => string | null;
  /** The records that one line holds; throws a Refusal when it breaks a rule of the format. */
  read: (fields: Fields) => Imported[];
}

/** True when the record has the keys of the format and passes its test. */
export function detects(importer: Importer, fields: Fields): boolean {
  try {
    return importer.keys.every((key) => fields.has(key)) && (importer.test?.(fields) ?? true);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** -1 when the first is better, 0 for a tie, 1 when the second is better. */
export type Order = -1 | 0 | 1;

/** Groups of two answers from an order. */
export function groupsOf(order: number): number[][] {
  if (order === 0) return [[0, 1]];
  return order < 0 ? [[0], [1]] : [[1], [0]];
}

/** Groups from scores, best first, equal scores together; `sign` -1 when a lower score is better. */
export function groupsByScore(scores: readonly number[], sign: 1 | -1 = 1): number[][] {
  const levels = [...new Set(scores)].sort((a, b) => sign * (b - a));
  return levels.map((level) => scores.flatMap((score, i) => (score === level ? [i] : [])));
}

/** An answer of plain text. */
export function answerText(text: string, known: Partial<Candidate> = {}): Candidate {
  return candidate([assistant(text)], known);
}

/** A ranking of two plain answers to a plain prompt; refuses equal texts, which say nothing. */
export function pairRanking(
  prompt: string,
  answers: readonly [Candidate, Candidate],
  order: number,
  known: Partial<Ranking> = {},
): Ranking {
  return chatRanking([user(prompt)], answers, order, { format: "text", ...known });
}

/** The same for a conversation. */
export function chatRanking(
  context: Message[],
  answers: readonly [Candidate, Candidate],
  order: number,
  known: Partial<Ranking> = {},
): Ranking {
  if (order !== 0 && sameMessages(answers[0].completion, answers[1].completion)) {
    throw new Refusal("The two answers are equal; expected different texts, one preferred.");
  }
  return newRanking(context, answers, groupsOf(order), { format: "chat", ...known });
}

/** Strength between two answers on the scale of `prefs.ranking`: 1 slightly, 2 better, 3 much. */
export function strengthOf(size: number, slightly: number, better: number): number {
  if (size <= 0) return 0;
  if (size <= slightly) return 1;
  return size <= better ? 2 : 3;
}

/** The strengths of a pair: none between tied answers. */
export function pairStrengths(order: number, strength: number): number[] {
  return order === 0 ? [] : [strength];
}

/** A refusal that names a path and says a whole sentence of its own. */
export function broken(path: string, sentence: string): Refusal {
  return new Refusal(`${code(path)}: ${sentence}`);
}

/**
 * Two conversations as one context and two answers: what they share is the context, up to the last
 * turn of the assistant. `diverges` when they part earlier than in the last message.
 */
export function divide(
  a: readonly Message[],
  b: readonly Message[],
): { context: Message[]; answers: [Message[], Message[]]; diverges: boolean } | null {
  let shared = 0;
  const most = Math.min(a.length, b.length) - 1;
  while (shared < most && sameMessages([a[shared]!], [b[shared]!])) shared++;
  while (shared > 0 && (a[shared]?.role !== "assistant" || b[shared]?.role !== "assistant")) {
    shared--;
  }
  if (shared === 0) return null;
  const answers: [Message[], Message[]] = [a.slice(shared), b.slice(shared)];
  const diverges = answers.some((answer) => answer.length > 1);
  return { context: a.slice(0, shared), answers, diverges };
}

/** `extra` with the place where two conversations part, when it is before their last message. */
export function divergence(extra: string, context: readonly Message[], diverges: boolean): string {
  return diverges ? withExtra(extra, new Map([["diverges_at", context.length]])) : extra;
}

/** The context before the last message, and that message, of a conversation that ends in an answer. */
export function split(messages: Message[], path: string): { context: Message[]; answer: Message } {
  const answer = messages.at(-1);
  if (answer?.role !== "assistant" || messages.length < 2 || answer.content === "") {
    throw broken(path, "found no answer at the end; expected a conversation that ends with one.");
  }
  return { context: messages.slice(0, -1), answer };
}
