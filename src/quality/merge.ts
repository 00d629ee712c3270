// Merging what several people collected: a union by id, with every contradiction shown and none decided.
import type { Ranking } from "../formats/records.ts";
import { chainProblems, foldEvent } from "../storage/events.ts";
import type { JudgementRow, StoredEvent } from "../storage/events.ts";
import { canonicalJson } from "../storage/json.ts";
import { groupBy } from "./items.ts";

/** Something that two files say differently. Nothing is dropped: all versions are in the union. */
export interface Conflict {
  /**
   * `altered`: one id with different contents. `answers`: one person gave one task two answers of which
   * neither replaces the other. `forked`: one writer's history continues in two ways.
   */
  readonly kind: "altered" | "answers" | "forked";
  /** Event id, task, or writer that it is about. */
  readonly about: string;
  readonly annotator: string;
  /** The versions, in an order that does not depend on the files' order. */
  readonly versions: readonly JudgementRow[];
  readonly sentence: string;
}

export interface MergedRows {
  /** The union: every version of every row, ordered by event id, then content. */
  readonly union: readonly JudgementRow[];
  /** One row per task and annotator: the greatest event id, whatever order the files came in. */
  readonly current: readonly JudgementRow[];
  readonly conflicts: readonly Conflict[];
}

/**
 * Merges rows of any number of files. The union of sets by (id, content), so that merging again,
 * in another order, or in other brackets changes nothing.
 */
export function mergeRows(...files: readonly (readonly JudgementRow[])[]): MergedRows {
  const known = new Map<string, JudgementRow>();
  for (const row of files.flat()) {
    const key = canonicalJson(row);
    if (!known.has(key)) known.set(key, row);
  }
  const union = sortedBy([...known], ([key, row]) => row.event + key).map(([, row]) => row);
  const groups = groupBy(union, (row) => JSON.stringify([row.task, row.annotator]));
  const current = [...groups.values()].flatMap((versions) => versions.at(-1) ?? []);
  const altered = [...groupBy(union, ({ event }) => event)]
    .filter(([, versions]) => versions.length > 1)
    .map(([event, versions]) => alteredConflict(event, versions));
  const answers = [...groups.values()].flatMap(answerConflict);
  return { union, current, conflicts: inOrder([...altered, ...answers]) };
}

function alteredConflict(event: string, versions: readonly JudgementRow[]): Conflict {
  const { annotator, task } = versions[0]!;
  return {
    kind: "altered",
    about: event,
    annotator,
    versions,
    sentence: `Ranking ${event} of task ${task} by ${annotator} has ${versions.length} different contents under one id, so a file was changed by hand; choose which to keep. None was dropped.`,
  };
}

/**
 * One person's versions of one task. A version is replaced when another supersedes it, or has a higher
 * revision, was made later, and so may have; what is left must say the same.
 */
function answerConflict(versions: readonly JudgementRow[]): Conflict[] {
  const replaced = new Set(versions.map(({ supersedes }) => supersedes));
  const heads = versions.filter(
    ({ event, revision }) =>
      !replaced.has(event) &&
      !versions.some((other) => other.revision > revision && other.event > event),
  );
  const distinct = new Map(heads.map((row) => [canonicalJson(contentOf(row)), row]));
  const ids = new Set([...distinct.values()].map(({ event }) => event));
  if (distinct.size < 2 || ids.size < 2) return [];
  const { task, annotator } = versions[0]!;
  return [
    {
      kind: "answers",
      about: task,
      annotator,
      versions: [...distinct.values()],
      sentence: `${annotator} answered task ${task} in ${distinct.size} ways in different files, none as a change of another; the latest is used until you choose. None was dropped.`,
    },
  ];
}

/** What a person said, without when, how, in which session and under which id. */
function contentOf({ state, judgement, reason, decision }: JudgementRow): unknown {
  if (decision === undefined) return { state, judgement, reason };
  const { outcome, ranking, unranked, strengths, all_bad, confidence, skip_reason, flags, completions } =
    decision.ranking as unknown as Ranking; // prettier-ignore
  return {
    ...{ state, outcome, strengths, all_bad, confidence, skip_reason, flags },
    ranking: ranking.map((group) => group.toSorted((a, b) => a - b)),
    unranked: unranked.toSorted((a, b) => a - b),
    answers: completions.map(({ completion, ratings }) => ({ completion, ratings })),
  };
}

export interface MergedEvents extends Omit<MergedRows, "union"> {
  /** Every event once, ordered by id, then checksum. */
  readonly events: readonly StoredEvent[];
  /** One sentence per gap or change in a writer's history. */
  readonly problems: readonly string[];
}

/** Merges whole histories in the same way, and looks at each writer's chain. */
export function mergeEvents(...files: readonly (readonly StoredEvent[])[]): MergedEvents {
  const known = new Map<string, StoredEvent>();
  for (const event of files.flat()) {
    const key = canonicalJson(event);
    if (!known.has(key)) known.set(key, event);
  }
  const events = sortedBy([...known], ([key, event]) => event.id + key).map(([, event]) => event);
  const rows = events.flatMap((event) => foldEvent(undefined, event) ?? []);
  const { current, conflicts } = mergeRows(rows);
  const forked = [...groupBy(events, ({ writer }) => writer)].flatMap(([writer, own]) =>
    forkOf(writer, own),
  );
  const writers = new Set(forked.map(({ about }) => about));
  const whole = events.filter(({ writer }) => !writers.has(writer));
  return {
    events,
    current,
    conflicts: inOrder([...conflicts, ...forked]),
    problems: chainProblems(whole).sort(),
  };
}

/** A writer with two different events in one place of its chain. */
function forkOf(writer: string, own: readonly StoredEvent[]): Conflict[] {
  const places = [...groupBy(own, ({ seq }) => String(seq)).values()];
  const split = places.filter((events) => events.length > 1);
  const first = split.toSorted((x, y) => x[0]!.seq - y[0]!.seq)[0];
  if (first === undefined) return [];
  const { annotator, seq } = first[0]!;
  return [
    {
      kind: "forked",
      about: writer,
      annotator,
      versions: first.flatMap((event) => foldEvent(undefined, event) ?? []),
      sentence: `The history of writer ${writer} by ${annotator} continues in ${first.length} ways from event ${seq}, as when a copied browser profile goes on in two places; both are kept.`,
    },
  ];
}

function sortedBy<T>(list: readonly T[], key: (one: T) => string): T[] {
  return list
    .map((one) => ({ one, by: key(one) }))
    .sort((x, y) => (x.by < y.by ? -1 : x.by > y.by ? 1 : 0))
    .map(({ one }) => one);
}

function inOrder(conflicts: readonly Conflict[]): Conflict[] {
  return sortedBy(conflicts, ({ kind, about, annotator }) =>
    JSON.stringify([kind, about, annotator]),
  );
}
