// What an imported file becomes in a project: sets to judge, decisions that count, records that are kept.
import { candidate, newItem } from "../../formats/new-records.ts";
import { withExtra } from "../../formats/lossless.ts";
import { isEmpty, sameMessages } from "../../formats/pairs.ts";
import type {
  Candidate,
  Imported,
  Item,
  Labelled,
  Message,
  Ranking,
} from "../../formats/records.ts";
import type { JudgementRow } from "../../storage/events.ts";
import { isUuidV7 } from "../../storage/ids.ts";
import { namesItself } from "./blind.ts";
import { isRepeat } from "./schedule.ts";
import { MAX_COMPLETIONS, MIN_COMPLETIONS } from "../../storage/judgement.ts";
import { canonicalJson } from "../../storage/json.ts";
import type { KeptRecord } from "../../storage/projects.ts";

/** "judge": take the answers and ask again; "keep": the file's judgements count as they are. */
export type IntakeMode = "judge" | "keep";

export interface Taken {
  records: KeptRecord[];
  rows: JudgementRow[];
  sets: number;
  decisions: number;
  demonstrations: number;
  prompts: number;
  labelled: number;
  /** Prompts with a single answer, which nobody can rank. */
  alone: number;
  /** Answers that may name the model that wrote them. */
  named: number;
  /** Sets that are in the project already. */
  present: number;
}

/** True when the file holds judgements, so that the person must say what they count for. */
export function hasJudgements(records: readonly Imported[]): boolean {
  return records.some(({ schema }) => schema === "prefs.ranking" || schema === "prefs.labelled");
}

/** Files of our own were judged here, or by a colleague; others are usually taken for their answers. */
export function usualMode(format: string): IntakeMode {
  return /lossless|Nudge/.test(format) ? "keep" : "judge";
}

/** Where records are taken in. */
export interface Place {
  readonly project: string;
  /** the key under which storage keeps decisions about an item */
  readonly task: (item: string) => string;
  /** whether a set is in the project already */
  readonly has: (item: string) => boolean;
}

export function takeIn(imported: readonly Imported[], mode: IntakeMode, place: Place): Taken {
  const records: Imported[] = [];
  const rows: JudgementRow[] = [];
  const asked: (Ranking | Labelled)[] = [];
  let present = 0;
  for (const record of imported) {
    const judged = record.schema === "prefs.ranking" || record.schema === "prefs.labelled";
    const row = record.schema === "prefs.ranking" ? rowOf(record, place) : null;
    if (judged && mode === "judge") asked.push(record);
    else if (row !== null) rows.push(row);
    else if (record.schema === "prefs.item") {
      const parts = cutItem(record);
      // a set under its own name is compared with what is stored; a part's name says what is in it
      const other = parts.filter((part) => part === record || !place.has(part.id));
      present += parts.length - other.length;
      records.push(...other);
    } else records.push(record);
  }
  const { items, alone } = setsOf(asked);
  const fresh = items.filter(({ id }) => !place.has(id));
  const all = [...fresh, ...records];
  const count = (schema: Imported["schema"]): number =>
    all.filter((record) => record.schema === schema).length;
  return {
    records: all,
    rows,
    sets: all.filter((one) => one.schema === "prefs.item" && one.completions.length > 1).length,
    decisions: rows.length + count("prefs.ranking"),
    demonstrations: count("prefs.demonstration"),
    prompts: count("prefs.prompt"),
    labelled: count("prefs.labelled"),
    named: all.reduce((sum, record) => sum + namedIn(record), 0),
    present: present + items.length - fresh.length,
    alone:
      alone + all.filter((one) => one.schema === "prefs.item" && one.completions.length < 2).length,
  };
}

function namedIn(record: Imported): number {
  if (record.schema !== "prefs.item") return 0;
  return record.completions.filter(({ completion }) =>
    completion.some(({ content }) => namesItself(content)),
  ).length;
}

/** The row of a ranking that was made with this program: it has an id, a task and an author of ours. */
function rowOf(ranking: Ranking, { project, task }: Place): JudgementRow | null {
  if (!isUuidV7(ranking.id) || ranking.task === "" || ranking.annotator === "") return null;
  if (ranking.completions.length > MAX_COMPLETIONS) return null;
  return {
    event: ranking.id,
    project,
    task: task(ranking.task),
    annotator: ranking.annotator,
    session: ranking.session,
    t: Math.max(0, Date.parse(ranking.submitted) || 0),
    revision: ranking.revision,
    supersedes: ranking.supersedes,
    state: "submitted",
    judgement: null,
    reason: "",
    decision: { ranking, demonstration: null },
  };
}

interface Group {
  context: Message[];
  format: Item["format"];
  answers: Candidate[];
}

/**
 * Sets of different answers to the same prompt: pairs and single answers of one prompt come together
 * again, up to nine in a set; larger rankings are cut.
 */
export function setsOf(records: readonly (Ranking | Labelled)[]): { items: Item[]; alone: number } {
  const groups = new Map<string, Group>();
  for (const record of records) {
    const answers = record.schema === "prefs.ranking" ? record.completions : [answerOf(record)];
    const name = canonicalJson(record.context);
    const { context, format } = record;
    const group = groups.get(name) ?? { context, format, answers: [] };
    for (const one of answers) {
      const there = group.answers.some((other) => sameMessages(other.completion, one.completion));
      if (!there && !isEmpty(one)) group.answers.push(unjudged(one));
    }
    groups.set(name, group);
  }
  const items: Item[] = [];
  let alone = 0;
  for (const { context, format, answers } of groups.values()) {
    const parts = cut(answers);
    if (answers.length < MIN_COMPLETIONS) alone++;
    else items.push(...parts.map((part) => newItem(context, part, { format })));
  }
  return { items, alone };
}

/** An item with at most nine answers as it is; a larger one in parts, and one whose name says "a repeat" renamed. */
function cutItem(item: Item): Item[] {
  const { context, completions, format, extra } = item;
  if (completions.length > MAX_COMPLETIONS) {
    return cut(completions).map((part) => newItem(context, part, { format, extra }));
  }
  if (!isRepeat(item.id)) return [item];
  const named = withExtra(extra, new Map([["id", item.id]]));
  return [newItem(context, completions, { format, extra: named })];
}

/** Parts of at most nine, none of them of one. */
function cut(answers: readonly Candidate[]): Candidate[][] {
  const parts = Math.ceil(answers.length / MAX_COMPLETIONS);
  const size = Math.ceil(answers.length / Math.max(1, parts));
  return Array.from({ length: parts }, (_, i) => answers.slice(i * size, (i + 1) * size));
}

function answerOf({ cid, completion }: Labelled): Candidate {
  return candidate(completion, { cid });
}

/** An answer without what somebody else said about it. */
function unjudged(one: Candidate): Candidate {
  return { ...one, rank: 0, ratings: [], note: "" };
}
