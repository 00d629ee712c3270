// The ranking that is half made: kept in this tab, so that a reload does not lose it.
import type { Answer, AnswerSet } from "./answers.ts";
import type { Slots } from "./bucket-order.ts";
import { OWN } from "./settings.svelte.ts";

export interface Draft {
  readonly set: AnswerSet;
  readonly slots: Slots;
}

const KEY = `${OWN}draft`;

/** Keeps a draft, or (null) none. */
export function keepDraft(draft: Draft | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // Refused or full: the draft lasts as long as the page.
  }
}

/** The draft of this tab; null where there is none that can be read. */
export function recallDraft(): Draft | null {
  try {
    const draft: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return isDraft(draft) ? draft : null;
  } catch {
    return null;
  }
}

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

function isAnswer(value: unknown): value is Answer {
  const { text, tokens, checkpoint, seed } = (value ?? {}) as Partial<Answer>;
  return (
    typeof text === "string" &&
    typeof checkpoint === "string" &&
    typeof seed === "number" &&
    Array.isArray(tokens) &&
    tokens.every(isWhole)
  );
}

function isDraft(value: unknown): value is Draft {
  const { set, slots } = (value ?? {}) as Partial<Draft>;
  const { task, promptId, prompt, answers, shown } = (set ?? {}) as Partial<AnswerSet>;
  const named = [task, promptId, prompt].every((text) => typeof text === "string");
  if (!named || !Array.isArray(answers) || !answers.every(isAnswer)) return false;
  if (!Array.isArray(shown) || !Array.isArray(slots) || slots.length !== answers.length) return false; // prettier-ignore
  const order = (shown as unknown[]).toSorted((a, b) => Number(a) - Number(b));
  return (
    order.length === answers.length &&
    order.every((at, i) => at === i) &&
    slots.every((slot) => slot === null || (isWhole(slot) && Number(slot) >= 1))
  );
}
