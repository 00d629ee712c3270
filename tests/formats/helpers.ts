// Shared by the tests of formats: byte sources, whole imports, and generated collections.
import { readFileSync, readdirSync } from "node:fs";
import { canonicalJson } from "../../src/storage/json.ts";
import { readImport } from "../../src/formats/import.ts";
import type { ImportOptions, ImportResult } from "../../src/formats/import.ts";
import {
  assistant,
  candidate,
  newDemonstration,
  newItem,
  newLabelled,
  newPrompt,
  newRanking,
  user,
} from "../../src/formats/new-records.ts";
import { LABELS } from "../../src/formats/records.ts";
import type { Collection, Message, Ranking, Rating } from "../../src/formats/records.ts";
import { below, generator } from "../storage/helpers.ts";

const FOLDER = "tests/fixtures/formats";

/** Names of the fixture files, one per foreign format. */
export const FIXTURES = readdirSync(FOLDER).sort();

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${FOLDER}/${name}`));
}

/** Bytes in chunks of the given size. */
export async function* chunked(bytes: Uint8Array, size = 64): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Imports text or bytes as a file of this name. */
export function load(
  content: string | Uint8Array,
  name = "votes.jsonl",
  options: ImportOptions = {},
): Promise<ImportResult> {
  return readImport(chunked(bytesOf(content), 1000), name, options);
}

/** The message of the error that importing throws. */
export async function refusalOf(
  content: string | Uint8Array,
  name = "votes.jsonl",
): Promise<string> {
  return load(content, name).then(
    ({ summary }) => `not refused: ${summary}`,
    (error: unknown) =>
      error instanceof Error ? `${error.name}: ${error.message}` : "not an error",
  );
}

const PIECES = [
  "frog",
  " blue",
  "\n",
  "\u2028",
  '"',
  "\\",
  "é",
  "🐸",
  "\u202e",
  "{",
  "\0",
  ",",
  "=",
];

/** Text that is not empty; `plain` leaves out what HH-RLHF could not carry. */
export function someText(random: () => number, most = 6): string {
  const n = 1 + below(random, most);
  return Array.from({ length: n }, () => PIECES[below(random, PIECES.length)]).join("");
}

function someRatings(random: () => number): Rating[] {
  const labels = LABELS.filter(() => random() < 0.3).map((key) => ({
    key,
    value: below(random, 2),
  }));
  return random() < 0.5 ? labels : [{ key: "overall", value: 1 + below(random, 7) }, ...labels];
}

function someContext(random: () => number, chat: boolean): Message[] {
  if (!chat) return [user(someText(random))];
  const system: Message[] = random() < 0.2 ? [{ role: "system", content: "Be brief." }] : [];
  const before = random() < 0.3 ? [user(someText(random)), assistant(someText(random))] : [];
  return [...system, ...before, user(someText(random))];
}

/** A ranking with K, ties, unranked answers, strengths and every optional field drawn at random. */
export function someRanking(random: () => number, chat = random() < 0.3): Ranking {
  const k = 2 + below(random, 8);
  const context = someContext(random, chat);
  const texts = new Set<string>();
  while (texts.size < k) texts.add(someText(random, 8));
  const candidates = [...texts].map((text, i) =>
    candidate([assistant(text)], {
      model: `gpt-${i % 2}`,
      checkpoint: random() < 0.5 ? "" : "sha256:77ab",
      seed: below(random, 2 ** 32),
      temperature: below(random, 3) / 2,
      logprob: -random() * 10,
      ratings: someRatings(random),
      note: random() < 0.2 ? someText(random, 2) : "",
    }),
  );
  const places = candidates.map((_, i) => (i > 1 && random() < 0.2 ? -1 : below(random, k)));
  const levels = [...new Set(places.filter((place) => place >= 0))].sort((a, b) => a - b);
  const groups = levels.map((level) => places.flatMap((p, i) => (p === level ? [i] : [])));
  const skipped = random() < 0.1;
  const shown = candidates.map((_, i) => i).sort(() => random() - 0.5);
  const t = 1.7e12 + below(random, 1e9);
  return newRanking(context, candidates, skipped ? [] : groups, {
    id: `r${below(random, 2 ** 32)}-${below(random, 2 ** 32)}`,
    task: `task ${below(random, 100)}`,
    format: chat ? "chat" : "text",
    strengths: skipped ? [] : groups.slice(1).map(() => below(random, 4)),
    all_bad: random() < 0.1,
    outcome: skipped ? "skipped" : "ranked",
    shown,
    blind: random() < 0.5,
    annotator: `a${below(random, 3)}`,
    submitted: new Date(t).toISOString(),
    active_ms: below(random, 1e5),
    select_score: random(),
    flags: random() < 0.2 ? ["offensive"] : [],
    note: random() < 0.2 ? someText(random, 3) : "",
    extra: random() < 0.2 ? canonicalJson({ [someText(random, 2)]: [1, null, "x"] }) : "",
  });
}

/** A project of up to five rankings and some of every other record. */
export function someProject(seed: number): Collection {
  const random = generator(seed);
  const some = <T>(most: number, make: (i: number) => T) =>
    Array.from({ length: below(random, most) }, (_, i) => make(i));
  return {
    rankings: [someRanking(random), ...some(5, () => someRanking(random))],
    labelled: some(4, (i) => {
      const known = { id: `l${i}`, label: i % 2, ratings: someRatings(random), rank: -1 };
      return newLabelled([user(someText(random))], [assistant(someText(random))], known);
    }),
    demonstrations: some(4, (i) =>
      newDemonstration([user(someText(random))], [assistant(someText(random))], { id: `d${i}` }),
    ),
    prompts: some(3, (i) => newPrompt([user(someText(random))], { id: `p${i}` })),
    items: some(3, (i) => {
      const { context, completions, format } = someRanking(random);
      return newItem(context, completions, { id: `t${i}`, format });
    }),
  };
}
