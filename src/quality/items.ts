// Stored rows as statistics see them: one ranking per person and item, answers in one common order.
import type { Ranking } from "../formats/records.ts";
import type { JudgementRow } from "../storage/events.ts";

/**
 * One ranking. Index a is the same answer for every ranking of the same item: distinct texts, sorted.
 * Identical texts are one answer with the best of their ranks and the first of their places.
 */
export interface Ranked {
  /** Id of the event that the row shows; greater ids are later. */
  readonly event: string;
  readonly task: string;
  /** The annotator, or "simulated:…" for a taste that ranked in a person's place. */
  readonly rater: string;
  /** The same for every ranking of the same answers to the same prompt, whatever its task is called. */
  readonly item: string;
  /** (K) 1 = best, equal = tied, null = unranked. All null when the person could not tell. */
  readonly ranks: readonly (number | null)[];
  /** (K) place on screen of each answer, 0 = first; null when a file does not say. */
  readonly places: readonly number[] | null;
  /** (K) checkpoint that wrote each answer. */
  readonly players: readonly string[];
  readonly cannotTell: boolean;
  /** Active time in milliseconds; idle and hidden time are not part of it. */
  readonly active: number;
  /** Words that had to be read: the prompt and every answer. */
  readonly words: number;
}

/** Which pair of answers stands how: negative when a is better, 0 when tied. */
export function order(ranks: Ranked["ranks"], a: number, b: number): number | null {
  const first = ranks[a] ?? null;
  const second = ranks[b] ?? null;
  return first === null || second === null ? null : Math.sign(first - second);
}

/** What a row says about its answers, wherever it was made; index i as in the row. */
interface Said {
  readonly prompt: string;
  readonly texts: readonly string[];
  readonly players: readonly string[];
  readonly ranks: readonly (number | null)[];
  /** answers in the order they stood on screen; [] when that is not known */
  readonly shown: readonly number[];
  readonly cannotTell: boolean;
  readonly source: string;
  readonly active: number;
}

/** A row of the collection page, which holds a `prefs.ranking` record instead of a judgement. */
interface DecisionRow {
  readonly decision?: { readonly ranking: unknown };
}

/** The ranking that a row holds, or null for a row that holds none. */
export function saidBy(row: JudgementRow): Said | null {
  const { decision } = row as DecisionRow;
  if (decision !== undefined) return saidByRecord(decision.ranking as Ranking);
  if (row.judgement === null) return null;
  const { prompt, completions, ranks, shown, cannotTell, source, milliseconds } = row.judgement;
  const texts = completions.map(({ text }) => text);
  const players = completions.map(({ checkpoint }) => checkpoint);
  const { active } = milliseconds;
  return { prompt, texts, players, ranks, shown, cannotTell, source, active };
}

/** Skips and flags without an order are no rankings; "cannot tell" is one, with nothing ranked. */
function saidByRecord(record: Ranking): Said | null {
  const cannotTell = record.skip_reason === CANNOT_TELL;
  if (record.outcome === "skipped" ? !cannotTell : record.ranking.length === 0) return null;
  return {
    prompt: record.context.map(({ content }) => content).join("\n"),
    texts: record.completions.map(({ completion }) => completion.map((m) => m.content).join("\n")),
    players: record.completions.map(({ model, checkpoint }) => (model === "" ? checkpoint : model)),
    ranks: record.completions.map((_, i) => {
      const place = record.ranking.findIndex((group) => group.includes(i));
      return place < 0 ? null : place + 1;
    }),
    shown: record.shown,
    cannotTell,
    source: "person",
    active: record.active_ms,
  };
}

/** The reason that src/formats gives a skip for "cannot tell". */
const CANNOT_TELL = "cannot tell";

/** The submitted rows as rankings, in the order of their events. */
export function rankedOf(rows: readonly JudgementRow[]): Ranked[] {
  return rows
    .flatMap((row) => {
      const said = saidBy(row);
      return said === null ? [] : [rankedRow(row, said)];
    })
    .sort((x, y) => (x.event < y.event ? -1 : 1));
}

function rankedRow(row: JudgementRow, said: Said): Ranked {
  const { prompt, texts, ranks, shown, cannotTell, source } = said;
  const answers = [...new Set(texts)].sort((x, y) => (x < y ? -1 : 1));
  const copies = answers.map((answer) => texts.flatMap((text, i) => (text === answer ? [i] : [])));
  const first = copies.map((list) => Math.min(...list.map((i) => shown.indexOf(i))));
  const inOrder = first.toSorted((x, y) => x - y);
  return {
    event: row.event,
    task: row.task,
    rater: source === "person" ? row.annotator : source,
    item: JSON.stringify([prompt, ...answers]),
    ranks: copies.map((list) => (cannotTell ? null : bestRank(list.map((i) => ranks[i] ?? null)))),
    places: shown.length === 0 ? null : first.map((place) => inOrder.indexOf(place)),
    players: copies.map(([i = 0]) => said.players[i] ?? ""),
    cannotTell,
    active: said.active,
    words: [prompt, ...answers].reduce((sum, text) => sum + countWords(text), 0),
  };
}

function bestRank(ranks: readonly (number | null)[]): number | null {
  const placed = ranks.filter((rank) => rank !== null);
  return placed.length === 0 ? null : Math.min(...placed);
}

function countWords(text: string): number {
  return text.split(/\s+/u).filter((word) => word !== "").length;
}

/** Lists by key, keys in order of appearance. */
export function groupBy<T>(list: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const name = key(one);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return groups;
}

/** For each item the first ranking of each person: later ones are repeats. */
export function firstByPerson(rankings: readonly Ranked[]): Ranked[][] {
  return [...groupBy(rankings, ({ item }) => item).values()].map((list) => {
    const first = new Map<string, Ranked>();
    for (const one of list) if (!first.has(one.rater)) first.set(one.rater, one);
    return [...first.values()];
  });
}
