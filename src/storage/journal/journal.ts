// The second copy of every event: what storage asks of it, and what the page shows about it.
import type { StoredEvent } from "../events.ts";

export type JournalState =
  /** nothing was written yet by this page */
  | { kind: "ready" }
  /** every event that this page saved is in both copies */
  | { kind: "whole" }
  /** events wait in memory for room or for an answer; they are in the database */
  | { kind: "behind"; sentence: string }
  /** this browser or window offers no place for it */
  | { kind: "unavailable"; sentence: string };

/** Where events go after they are in the database. */
export interface Journal {
  /**
   * Resolves when the events are flushed to the second copy, or when that was given up for now: then
   * the state says so. Never rejects, because the events are in the database already.
   */
  append(events: readonly StoredEvent[]): Promise<void>;
}

/** What one copy has and the other lacks. */
export interface Comparison {
  /** events in the database and in the journal */
  database: number;
  journal: number;
  /** events that were in the database alone, and are in the journal now */
  caughtUp: number;
  /** what is in the journal alone; null when the database has everything */
  missing: Missing | null;
  files: number;
  bytes: number;
  /** stretches of damage in the journal itself */
  damaged: number;
}

/** What could be put back, as a person counts it. */
export interface Missing {
  events: number;
  /** sets with a judgement, each counted once for each person */
  judgements: number;
  projects: string[];
  /** times of the oldest and newest event, milliseconds since 1970 */
  from: number;
  to: number;
}
