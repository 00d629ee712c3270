// What a person said about K answers to one prompt, and the rules a judgement must keep.
import { quote, StorageError } from "./errors.ts";
import { isWellFormed } from "./json.ts";

export const MIN_COMPLETIONS = 2;
/** Nine, as in InstructGPT ("between K = 4 and K = 9"), and one digit key each. */
export const MAX_COMPLETIONS = 9;

/** One answer that was shown, with what is needed to make it again. */
export interface Completion {
  text: string;
  /** Token ids without the prompt; absent when the text did not come from this model. */
  tokens?: number[];
  /** Name or checksum of the weights that sampled it; "" for text from elsewhere. */
  checkpoint: string;
  seed: number;
}

export type JudgementSource = "person" | `simulated:${string}`;

/** One ranking of K completions (2 to 9). Index i is the same completion in every list. */
export interface Judgement {
  promptId: string;
  prompt: string;
  completions: Completion[];
  /** (K) 1 = best; ties share a rank; the ranks used are 1..m without a gap; null = unranked. */
  ranks: (number | null)[];
  /** (K) completion indices in the order they stood on screen, for measuring position bias. */
  shown: number[];
  /** The person could not tell: kept as data, never turned into pairs. */
  cannotTell: boolean;
  /** Time on this judgement; idle and hidden are not part of active. */
  milliseconds: { active: number; idle: number; hidden: number };
  source: JudgementSource;
  note?: string;
}

/** A rule that was broken: where, and the rest of the sentence. */
export type Problem = string;

/** Ranks renumbered to 1..m in the same order, e.g. [1, 1, 3] becomes [1, 1, 2]. */
export function denseRanks(ranks: readonly (number | null)[]): (number | null)[] {
  const levels = [...new Set(ranks.filter((rank) => rank !== null))].sort((a, b) => a - b);
  return ranks.map((rank) => (rank === null ? null : levels.indexOf(rank) + 1));
}

/** The first rule that the judgement breaks, as one sentence, or null when it keeps them all. */
export function judgementProblem(judgement: Judgement): Problem | null {
  return (
    textProblem("promptId", judgement.promptId, false) ??
    textProblem("prompt", judgement.prompt, false) ??
    completionsProblem(judgement.completions) ??
    ranksProblem(judgement) ??
    shownProblem(judgement) ??
    restProblem(judgement)
  );
}

/**
 * The judgement as it is stored: checked, unknown keys dropped, times in whole milliseconds, empty
 * optional fields absent. Plain objects only.
 * @throws StorageError "invalid" with the broken rule
 */
export function normalJudgement(judgement: Judgement): Judgement {
  const problem = judgementProblem(judgement);
  if (problem !== null) throw new StorageError("invalid", `${problem} This was not saved.`);
  const { active, idle, hidden } = judgement.milliseconds;
  return {
    promptId: judgement.promptId,
    prompt: judgement.prompt,
    completions: judgement.completions.map(({ text, tokens, checkpoint, seed }) => ({
      text,
      ...(tokens !== undefined && tokens.length > 0 ? { tokens: [...tokens] } : {}),
      checkpoint,
      seed,
    })),
    ranks: [...judgement.ranks],
    shown: [...judgement.shown],
    cannotTell: judgement.cannotTell,
    milliseconds: {
      active: Math.round(active),
      idle: Math.round(idle),
      hidden: Math.round(hidden),
    },
    source: judgement.source,
    ...(judgement.note !== undefined && judgement.note !== "" ? { note: judgement.note } : {}),
  };
}

function found(path: string, value: unknown, expected: string): Problem {
  return `${path}: found ${quote(value)}; expected ${expected}.`;
}

function textProblem(path: string, value: unknown, mayBeEmpty: boolean): Problem | null {
  if (typeof value !== "string") return found(path, value, "text");
  if (!mayBeEmpty && value === "") return found(path, value, "text that is not empty");
  if (!isWellFormed(value)) return found(path, value, "text without half a surrogate pair");
  return null;
}

/** An answer may be empty (the model may stop at once); its prompt may not. */
function completionsProblem(value: unknown): Problem | null {
  if (!Array.isArray(value)) return found("completions", value, "a list of 2 to 9 answers");
  if (value.length < MIN_COMPLETIONS || value.length > MAX_COMPLETIONS) {
    return `completions: found ${value.length}; expected 2 to 9 answers.`;
  }
  for (const [i, item] of (value as unknown[]).entries()) {
    const path = `completions[${i}]`;
    if (typeof item !== "object" || item === null) return found(path, item, "an answer");
    const completion = item as Partial<Record<keyof Completion, unknown>>;
    const problem =
      textProblem(`${path}.text`, completion.text, true) ??
      textProblem(`${path}.checkpoint`, completion.checkpoint, true) ??
      (Number.isSafeInteger(completion.seed)
        ? null
        : found(`${path}.seed`, completion.seed, "a whole number")) ??
      tokensProblem(`${path}.tokens`, completion.tokens);
    if (problem !== null) return problem;
  }
  return null;
}

function tokensProblem(path: string, value: unknown): Problem | null {
  if (value === undefined) return null;
  if (!Array.isArray(value)) return found(path, value, "a list of token ids");
  const wrong = (value as unknown[]).findIndex((id) => !Number.isSafeInteger(id) || Number(id) < 0);
  return wrong < 0 ? null : found(`${path}[${wrong}]`, value[wrong], "a token id, 0 or more");
}

function ranksProblem({ ranks, completions, cannotTell }: Judgement): Problem | null {
  if (typeof cannotTell !== "boolean") return found("cannotTell", cannotTell, "true or false");
  if (!Array.isArray(ranks) || ranks.length !== completions.length) {
    return found("ranks", ranks, `one rank or null for each of ${completions.length} answers`);
  }
  for (const [i, rank] of ranks.entries()) {
    if (rank !== null && (!Number.isSafeInteger(rank) || rank < 1)) {
      return found(`ranks[${i}]`, rank, "a whole number from 1, or null");
    }
  }
  const levels = new Set(ranks.filter((rank) => rank !== null));
  if (levels.size > 0 && Math.max(...levels) !== levels.size) {
    return found("ranks", ranks, "ranks 1, 2, 3 … without a gap, where ties share one");
  }
  if (!cannotTell && ranks.filter((rank) => rank !== null).length < MIN_COMPLETIONS) {
    return found("ranks", ranks, 'at least two ranked answers, or "cannot tell"');
  }
  return null;
}

function shownProblem({ shown, completions }: Judgement): Problem | null {
  const expected = `each index from 0 to ${completions.length - 1} once`;
  if (!Array.isArray(shown)) return found("shown", shown, expected);
  const complete =
    shown.length === completions.length && completions.every((_, i) => shown.includes(i));
  return complete ? null : found("shown", shown, expected);
}

function restProblem({ milliseconds, source, note }: Judgement): Problem | null {
  const times: unknown = milliseconds;
  if (typeof times !== "object" || times === null) return found("milliseconds", times, "times");
  for (const key of ["active", "idle", "hidden"] as const) {
    const value: unknown = milliseconds[key];
    if (typeof value !== "number" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
      return found(`milliseconds.${key}`, value, "a time of 0 or more");
    }
  }
  if (textProblem("source", source, false) ?? !/^(person|simulated:.+)$/su.test(source)) {
    return found("source", source, '"person" or "simulated:" and the name of a taste');
  }
  return note === undefined ? null : textProblem("note", note, true);
}
