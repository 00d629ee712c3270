// What the page keeps in mind of every judgement; texts and places stay in the database until they are shown.
import type { Ranking } from "../../formats/records.ts";
import type { JudgementRow } from "../../storage/events.ts";
import { SECOND_OPINION } from "./questions.ts";

export interface Mark {
  /** item, or repeat of one, that was judged */
  readonly name: string;
  readonly annotator: string;
  /** id of the event; it grows with every change */
  readonly event: string;
  /** milliseconds since 1970 */
  readonly t: number;
  /** the import that it came with; "" for none */
  readonly batch: string;
  /** version and checksum of the guideline in force then */
  readonly guideline: string;
  /** milliseconds of attention */
  readonly active: number;
  /** it has an order, and was neither skipped nor only flagged */
  readonly ranked: boolean;
  /** a second opinion was asked for */
  readonly opinion: boolean;
}

/** @param name item, or repeat of one, that the row's task is about */
export function markOf(row: JudgementRow, name: string): Mark {
  const { annotator, event, t, batch = "" } = row;
  const ranking = row.decision?.ranking as Ranking | undefined;
  return {
    name,
    annotator,
    event,
    t,
    batch,
    guideline: ranking?.guideline ?? "",
    active: ranking?.active_ms ?? 0,
    ranked: ranking?.outcome === "ranked",
    opinion: ranking?.flags.some((flag) => flag.startsWith(SECOND_OPINION)) === true,
  };
}
