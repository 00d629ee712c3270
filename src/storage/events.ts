// The append-only history: what an event is, and the hash chain that shows a gap or a change.
import type { Judgement } from "./judgement.ts";
import { canonicalJson } from "./json.ts";
import type { Guideline, KeptRecord, ProjectPatch } from "./projects.ts";
import { sha256 } from "./sha256.ts";

/** Version of the event format. Readers raise older events to it; stored ones are never rewritten. */
export const EVENT_VERSION = 1;

/** How a judgement event continues its task. Undo and redo are events too: nothing is deleted. */
export interface JudgementLink {
  /** Id of the event that this one replaces; "" for the first of its task. */
  supersedes: string;
  /** 1 for the first answer to a task, then one more for each change. */
  revision: number;
  /** Id of the event that this one takes back, when it is an undo. */
  undoes?: string;
  /** Id of the event that this one brings back, when it is a redo. */
  redoes?: string;
}

export interface JudgementBody extends JudgementLink {
  judgement: Judgement;
}

/** An answer taken back, or a task set aside, with the reason in the person's words. */
export interface WithoutJudgementBody extends JudgementLink {
  reason: string;
}

/** A better answer written by the person: one row of supervised fine-tuning. */
export interface DemonstrationBody {
  promptId: string;
  prompt: string;
  completion: string;
}

/** A row that came from a file; it keeps its own author, time and event id. */
export interface ImportBody {
  row: JudgementRow;
}

/** What a person decided about one set of answers on the collection page. */
export interface Decision {
  /** A `prefs.ranking` record; what the event itself says (id, time, author …) is left empty in it. */
  ranking: KeptRecord;
  /** The better answer that the person wrote, a `prefs.demonstration` record. */
  demonstration: KeptRecord | null;
}

export interface DecisionBody extends JudgementLink {
  decision: Decision;
}

export interface EventBodies {
  "task.open": { promptId: string; shown: number[] };
  "task.skip": WithoutJudgementBody;
  "judgement.submit": JudgementBody;
  "judgement.revise": JudgementBody;
  "judgement.retract": WithoutJudgementBody;
  "judgement.import": ImportBody;
  "ranking.submit": DecisionBody;
  "ranking.revise": DecisionBody;
  /** A decision from a file; the row keeps its own author, time and id. */
  "ranking.import": ImportBody;
  "demonstration.submit": DemonstrationBody;
  "demonstration.retract": { promptId: string };
  "project.create": ProjectPatch;
  "project.change": ProjectPatch;
  "guideline.save": Guideline;
  /** Records of one import, in parts that belong together; `source` is the file's name. */
  "records.add": { batch: string; source: string; records: KeptRecord[] };
  /** The import is taken back: its records leave the project, the history keeps them. */
  "records.remove": { batch: string };
  /** Run events share one shape; `task` is the id of the run. */
  "run.start": { detail: unknown };
  "run.checkpoint": { checkpoint: string; step: number };
  "run.end": { detail: unknown };
}

export type EventKind = keyof EventBodies;

/** One event. (writer, seq) is its key: one writer per tab life, seq 0, 1, 2 …, so a gap is a loss. */
export interface EventOf<K extends EventKind> {
  writer: string;
  seq: number;
  /** UUID version 7: later events of what a writer has seen have greater ids. */
  id: string;
  v: number;
  /** Milliseconds since 1970 by the clock of the machine. */
  t: number;
  project: string;
  task: string;
  annotator: string;
  session: string;
  kind: K;
  body: EventBodies[K];
  /** Hash of the event before it of the same writer; "" for seq 0. */
  prev: string;
  /** sha256(prev, canonical JSON of the event without its hash), hexadecimal. */
  hash: string;
}

export type StoredEvent = { [K in EventKind]: EventOf<K> }[EventKind];

/** What to append, before it has a place in the chain. */
export type EventDraft = {
  [K in EventKind]: { kind: K; task: string; body: EventBodies[K] };
}[EventKind];

/** The current answer of one annotator to one task, derived from events. */
export interface JudgementRow {
  /** Id of the event that the row shows. The greatest id wins, whatever order events arrive in. */
  event: string;
  project: string;
  task: string;
  annotator: string;
  session: string;
  t: number;
  revision: number;
  supersedes: string;
  state: "submitted" | "retracted" | "skipped";
  /** Null unless submitted on the Play page. */
  judgement: Judgement | null;
  /** Present when it was submitted on the collection page. */
  decision?: Decision;
  /** The import that the row came with. */
  batch?: string;
  /** Why it was skipped or retracted; "" when submitted. */
  reason: string;
}

/** Key of a row. */
export type RowKey = [task: string, annotator: string];

/** The event with its hash. */
export function seal(event: Omit<StoredEvent, "hash">): StoredEvent {
  return { ...event, hash: eventHash(event) } as StoredEvent;
}

/** sha256 of `prev` followed by the canonical JSON of the event without `hash`. */
function eventHash(event: Omit<StoredEvent, "hash">): string {
  const { hash: _, ...rest } = event as StoredEvent;
  return sha256(event.prev + canonicalJson(rest));
}

/** One sentence per break in the chains of these events, given in any order; [] when all are whole. */
export function chainProblems(events: readonly StoredEvent[]): string[] {
  const problems: string[] = [];
  for (const writer of new Set(events.map((event) => event.writer))) {
    const list = events.filter((event) => event.writer === writer);
    let prev = "";
    let seq = 0;
    for (const event of list.toSorted((a, b) => a.seq - b.seq)) {
      const where = `Writer ${writer}, event ${event.seq}`;
      if (event.seq !== seq) {
        problems.push(`${where}: event ${seq} before it is missing.`);
      } else if (event.prev !== prev) {
        problems.push(`${where}: it does not follow from the event before it.`);
      }
      if (eventHash(event) !== event.hash) {
        problems.push(`${where}: its content does not match its checksum.`);
      }
      prev = event.hash;
      seq = event.seq + 1;
    }
  }
  return problems;
}

/**
 * The row after an event, or null when the event says nothing about judgements. Takes the row of
 * the same task and annotator, if any. Last id wins, so the result does not depend on the order.
 */
export function foldEvent(row: JudgementRow | undefined, event: StoredEvent): JudgementRow | null {
  const next = rowOf(event);
  if (next === null) return null;
  return row !== undefined && row.event >= next.event ? row : next;
}

/** Key of the projection row that an event changes, or null when it changes none. */
export function rowKey(event: StoredEvent): RowKey | null {
  const row = rowOf(event);
  return row === null ? null : [row.task, row.annotator];
}

function rowOf(event: StoredEvent): JudgementRow | null {
  switch (event.kind) {
    case "judgement.submit":
    case "judgement.revise":
      return { ...common(event), state: "submitted", judgement: event.body.judgement, reason: "" };
    case "judgement.retract":
      return { ...common(event), state: "retracted", judgement: null, reason: event.body.reason };
    case "task.skip":
      return { ...common(event), state: "skipped", judgement: null, reason: event.body.reason };
    case "ranking.submit":
    case "ranking.revise": {
      const { decision } = event.body;
      return { ...common(event), state: "submitted", judgement: null, reason: "", decision };
    }
    case "judgement.import":
    case "ranking.import":
      return event.body.row;
    case "project.create":
    case "project.change":
    case "guideline.save":
    case "records.add":
    case "records.remove":
    case "task.open":
    case "demonstration.submit":
    case "demonstration.retract":
    case "run.start":
    case "run.checkpoint":
    case "run.end":
      return null;
  }
}

function common(
  event: EventOf<
    | "judgement.submit"
    | "judgement.revise"
    | "judgement.retract"
    | "task.skip"
    | "ranking.submit"
    | "ranking.revise"
  >,
): Omit<JudgementRow, "state" | "judgement" | "reason"> {
  const { id, project, task, annotator, session, t, body } = event;
  const { revision, supersedes } = body;
  return { event: id, project, task, annotator, session, t, revision, supersedes };
}
