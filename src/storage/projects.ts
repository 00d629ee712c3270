// Projects of the collection page: their rows, the records in them, and how events make both.
import type { StoredEvent } from "./events.ts";

/**
 * A record of a file format, which storage keeps as it is: src/formats knows what it holds.
 * `id` is "" for a ranking made here, whose id is that of its event.
 */
export interface KeptRecord {
  readonly schema: string;
  readonly id: string;
}

/** One kept record and its place: `at` grows in the order of the file and of the imports. */
export interface RecordRow {
  project: string;
  id: string;
  batch: string;
  /** Name of the file it came from. */
  source: string;
  at: string;
  schema: string;
  record: KeptRecord;
}

export interface OwnQuestion {
  /** Name of the column: letters, digits and underscores. */
  key: string;
  text: string;
  scale: "yes-no" | "1-7";
}

/** A set whose right order somebody gave, to train people or to try them. */
export interface GoldRule {
  item: string;
  /** "worked": asked first, the explanation follows; "silent": looks like any other. */
  kind: "worked" | "silent";
  /** (K) right ranks of the item's answers; null = not asked. */
  ranks: (number | null)[];
  explanation: string;
  /** Who knew: is not asked. */
  author: string;
}

/** Names of the ways to choose the next set; "order": as they came. */
export type ChoicePolicy = "order" | "gap_ucb" | "bald" | "d_opt" | "random";

/** What comes next for a person. */
export interface Schedule {
  policy: ChoicePolicy;
  /** Share of the draws that is random beside the policy, 0 to 1. */
  explore: number;
  gold: GoldRule[];
  /** One silent gold set in so many judgements; 0: none. */
  goldEvery: number;
  /** One set again, in the opposite order, in so many judgements; 0: none. */
  repeatEvery: number;
}

/** What is asked about a set of answers, and of how many people. */
export interface ProjectSettings {
  /** Answers per set, 2 to 9. */
  k: number;
  /** Ask for a rating of each answer from 1 to 7 before the ranking. */
  overall: boolean;
  /** Which of the eleven labels are asked, by their column names. */
  labels: string[];
  own: OwnQuestion[];
  /** Ask how much better each group is than the next. */
  strength: boolean;
  /** How many people judge each set. */
  overlap: number;
  /** Left out by projects that were made before there was one. */
  schedule?: Schedule;
  /** Prompts and answers are shown as Markdown; left out: as they stand. What is saved is the text. */
  markdown?: boolean;
}

/** One version of the text that labelers work by; never changed once saved. */
export interface Guideline {
  version: number;
  /** Name of the preset it started from; "own" otherwise. */
  preset: string;
  text: string;
  /** sha256 of the text, hexadecimal. */
  hash: string;
}

/** The part of a project that an event sets. */
export interface ProjectPatch {
  name?: string;
  settings?: ProjectSettings;
  archived?: boolean;
}

export interface ProjectRow {
  id: string;
  name: string;
  settings: ProjectSettings;
  archived: boolean;
  /** Time of the event that created it, milliseconds since 1970. */
  created: number;
  /** Versions of the guideline, oldest first; the last one is in force. */
  guidelines: (Guideline & { event: string })[];
  /** Id of the event that each part comes from; the greatest wins, whatever order events come in. */
  stamps: { name: string; settings: string; archived: string };
}

/** Of projects whose settings say nothing about it, which are older than any schedule. */
export const DEFAULT_SCHEDULE: Schedule = {
  policy: "order",
  explore: 0.2,
  gold: [],
  goldEvery: 10,
  repeatEvery: 0,
};

/** What new projects begin with: 80 % by the disagreement of small reward models, 20 % at random. */
export const NEW_SCHEDULE: Schedule = { ...DEFAULT_SCHEDULE, policy: "bald", explore: 0.2 };

export const DEFAULT_SETTINGS: ProjectSettings = {
  k: 4,
  overall: false,
  labels: [],
  own: [],
  strength: false,
  overlap: 1,
};

function emptyProject(id: string): ProjectRow {
  return {
    id,
    name: "",
    settings: DEFAULT_SETTINGS,
    archived: false,
    created: 0,
    guidelines: [],
    stamps: { name: "", settings: "", archived: "" },
  };
}

/** The project after an event, or null when the event says nothing about projects. */
export function foldProject(row: ProjectRow | undefined, event: StoredEvent): ProjectRow | null {
  const before = row ?? emptyProject(event.project);
  switch (event.kind) {
    case "project.create":
      return patched({ ...before, created: event.t }, event.body, event.id);
    case "project.change":
      return patched(before, event.body, event.id);
    case "guideline.save": {
      if (before.guidelines.some((one) => one.event === event.id)) return before;
      const all = [...before.guidelines, { ...event.body, event: event.id }];
      return { ...before, guidelines: all.sort((a, b) => (a.event < b.event ? -1 : 1)) };
    }
    default:
      return null;
  }
}

function patched(row: ProjectRow, patch: ProjectPatch, event: string): ProjectRow {
  const { stamps } = row;
  const next = { ...row, stamps: { ...stamps } };
  if (patch.name !== undefined && stamps.name < event) {
    next.name = patch.name;
    next.stamps.name = event;
  }
  if (patch.settings !== undefined && stamps.settings < event) {
    next.settings = patch.settings;
    next.stamps.settings = event;
  }
  if (patch.archived !== undefined && stamps.archived < event) {
    next.archived = patch.archived;
    next.stamps.archived = event;
  }
  return next;
}

/** The rows of the records that an event adds; [] for every other event. */
export function recordsOf(event: StoredEvent): RecordRow[] {
  if (event.kind !== "records.add") return [];
  const { batch, source, records } = event.body;
  return records.map((record, i) => ({
    project: event.project,
    id: record.id,
    batch,
    source,
    at: `${event.id}.${String(i).padStart(6, "0")}`,
    schema: record.schema,
    record,
  }));
}
