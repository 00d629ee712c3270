// One set of answers to rank, what a person decided about it, and the forms others need it in.
import type { Judgement } from "../storage/judgement.ts";
import type { Ranking, Sample } from "../workers/protocol.ts";
import { denseSlots } from "./bucket-order.ts";
import type { Slots } from "./bucket-order.ts";
import type { ShippedSet } from "./first-prompt.ts";
import { freshId } from "./fresh-id.ts";
import type { Ranked } from "./persisted.svelte.ts";
import type { Times } from "./stopwatch.ts";

export interface Answer {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly checkpoint: string;
  readonly seed: number;
}

export interface AnswerSet {
  /** id of the task in storage */
  readonly task: string;
  readonly promptId: string;
  readonly prompt: string;
  readonly answers: readonly Answer[];
  /** answer indices in the order they stand on screen */
  readonly shown: readonly number[];
}

/** How well the reward model guessed an order before the person gave it. */
export interface Guess {
  readonly right: number;
  readonly pairs: number;
}

/** A set with a saved decision. */
export interface Judged {
  readonly set: AnswerSet;
  readonly slots: Slots;
  readonly cannotTell: boolean;
  readonly note: string;
  /** null when no guess was made in time */
  readonly guess: Guess | null;
}

/** A random order of 0..n-1 (Fisher-Yates). */
export function shuffled(n: number, random: () => number = Math.random): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

export function setFromShipped(shipped: ShippedSet, checkpoint: string): AnswerSet {
  return {
    task: `shipped-${shipped.id}`,
    promptId: shipped.id,
    prompt: shipped.prompt,
    answers: shipped.answers.map((answer) => ({ ...answer, checkpoint })),
    shown: shuffled(shipped.answers.length),
  };
}

/** A set from fresh samples of one prompt: the first `k` that differ; null when all are the same. */
export function setFromSamples(samples: readonly Sample[], k: number): AnswerSet | null {
  const distinct = [...new Map(samples.map((sample) => [sample.text, sample])).values()].slice(
    0,
    k,
  );
  const first = distinct[0];
  if (first === undefined || distinct.length < 2) return null;
  return {
    task: `set-${freshId()}`,
    promptId: first.promptId,
    prompt: first.prompt,
    answers: distinct.map(({ text, tokens, checkpoint, seed }) => ({
      text,
      tokens,
      checkpoint,
      seed,
    })),
    shown: shuffled(distinct.length),
  };
}

/** As storage keeps it. */
export function toJudgement(judged: Omit<Judged, "guess">, milliseconds: Times): Judgement {
  const { set, slots, cannotTell, note } = judged;
  return {
    promptId: set.promptId,
    prompt: set.prompt,
    completions: set.answers.map((answer) => ({ ...answer, tokens: [...answer.tokens] })),
    ranks: [...denseSlots(slots)],
    shown: [...set.shown],
    cannotTell,
    milliseconds: { ...milliseconds },
    source: "person",
    ...(note === "" ? {} : { note }),
  };
}

/** As it was stored. */
export function fromRow(row: Ranked, guess: Guess | null): Judged {
  const { promptId, prompt, completions, ranks, shown, cannotTell, note } = row.judgement;
  const answers = completions.map(({ text, tokens, checkpoint, seed }) => ({
    text,
    tokens: tokens ?? [],
    checkpoint,
    seed,
  }));
  const set = { task: row.task, promptId, prompt, answers, shown };
  return { set, slots: ranks, cannotTell, note: note ?? "", guess };
}

/** Training data: the decisions that say something about order. */
export function toRankings(judged: readonly Judged[]): Ranking[] {
  return judged
    .filter(({ cannotTell, slots }) => !cannotTell && new Set(ranksOf(slots)).size > 1)
    .map(({ set, slots }) => ({
      id: set.task,
      prompt: set.prompt,
      completions: set.answers.map((answer) => answer.tokens),
      ranks: denseSlots(slots),
    }));
}

function ranksOf(slots: Slots): number[] {
  return slots.filter((slot) => slot !== null);
}
