// Shared by the storage tests: a seeded generator, random judgements, and opening databases.
import { openDatabase } from "../../src/storage/database.ts";
import type { Connection, ConnectionOptions } from "../../src/storage/database.ts";
import { denseRanks } from "../../src/storage/judgement.ts";
import type { Judgement } from "../../src/storage/judgement.ts";
import { Store } from "../../src/storage/store.ts";

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function below(random: () => number, n: number): number {
  return Math.floor(random() * n);
}

const PIECES = [
  "frog",
  " blue",
  "\n",
  "\u2028",
  "\u2029",
  '"',
  "\\",
  "é",
  "🐸",
  "\u202e",
  "{",
  "\0",
];

export function randomText(random: () => number, length = 6): string {
  return Array.from({ length }, () => PIECES[below(random, PIECES.length)]).join("");
}

/** A judgement with K, ties, unranked answers and optional fields drawn at random. */
export function randomJudgement(random: () => number): Judgement {
  const k = 2 + below(random, 8);
  const cannotTell = random() < 0.1;
  const ranks = Array.from({ length: k }, (_, i) =>
    i > 1 && random() < 0.2 ? null : 1 + below(random, k),
  );
  const shown = Array.from({ length: k }, (_, i) => i);
  shown.sort(() => random() - 0.5);
  return {
    promptId: `prompt-${below(random, 100)}`,
    prompt: randomText(random),
    completions: Array.from({ length: k }, () => ({
      text: randomText(random, below(random, 9)),
      ...(random() < 0.5 ? { tokens: [below(random, 512), 7] } : {}),
      checkpoint: random() < 0.5 ? "" : "sft-v1",
      seed: below(random, 2 ** 32),
    })),
    ranks: cannotTell ? ranks.map(() => null) : denseRanks(ranks),
    shown,
    cannotTell,
    milliseconds: { active: below(random, 1e5), idle: 0, hidden: below(random, 50) },
    source: random() < 0.5 ? "person" : "simulated:short",
    ...(random() < 0.3 ? { note: randomText(random, 2) } : {}),
  };
}

/** A small judgement of two answers, the first preferred. */
export function judgement(note?: string): Judgement {
  return {
    promptId: "p1",
    prompt: "Tell me a story about a frog.",
    completions: [
      { text: "Once there was a frog.", checkpoint: "sft", seed: 1, tokens: [1, 2] },
      { text: "frog frog frog", checkpoint: "sft", seed: 2 },
    ],
    ranks: [1, 2],
    shown: [1, 0],
    cannotTell: false,
    milliseconds: { active: 1200, idle: 0, hidden: 0 },
    source: "person",
    ...(note === undefined ? {} : { note }),
  };
}

let databases = 0;

export function freshName(): string {
  databases += 1;
  return `test-${databases}`;
}

/** Opens a connection that must open. */
export async function connect(options: ConnectionOptions = {}): Promise<Connection> {
  const outcome = await openDatabase({ name: freshName(), ...options });
  if (outcome.kind !== "open") throw new Error(outcome.sentence);
  return outcome.connection;
}

/** A store on a database of its own, or on the one named. */
export async function openStore(name = freshName()): Promise<{ store: Store; link: Connection }> {
  const link = await connect({ name });
  return { store: await Store.start(link), link };
}
