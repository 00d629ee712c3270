// `events.jsonl`: a whole history, one event per line, in and out without loss.
import { EVENT_VERSION, chainProblems, seal } from "../storage/events.ts";
import type { StoredEvent } from "../storage/events.ts";
import { isUuidV7 } from "../storage/ids.ts";
import { judgementProblem } from "../storage/judgement.ts";
import type { Judgement } from "../storage/judgement.ts";
import { canonicalJson, jsonLine, readJson } from "../storage/json.ts";
import { FormatError, Refusal, code, found, refusal, refusedSentence } from "./errors.ts";

/** The events in the order given, one canonical line each. */
export function writeEvents(events: readonly StoredEvent[]): string {
  return events.map((event) => `${jsonLine(JSON.parse(canonicalJson(event)))}\n`).join("");
}

export interface ReadEvents {
  readonly events: StoredEvent[];
  /** One sentence per line that was refused. */
  readonly refused: string[];
  /** One sentence per gap or change in a writer's history; what was read is still there. */
  readonly problems: string[];
}

/** Longest line that is read, in UTF-16 code units. */
const LINE_LIMIT = 8 * 2 ** 20;

/**
 * Reads a history. A line that breaks a rule is left out with a sentence; a gap or a changed event is
 * told and kept, since a part of a history is still a person's work.
 * @throws FormatError when no line is an event
 */
export function readEvents(text: string, name = "events.jsonl"): ReadEvents {
  const events: StoredEvent[] = [];
  const refused: string[] = [];
  text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .forEach((line, i) => {
      if (line.trim() === "") return;
      try {
        events.push(readLine(line));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused.push(refusedSentence(name, `line ${i + 1}`, error));
      }
    });
  if (events.length === 0) {
    const first = refused[0] ?? "It is empty.";
    throw new FormatError(`${code(name)}: found no event; nothing was imported. ${first}`);
  }
  return { events, refused, problems: chainProblems(events) };
}

const TEXTS = ["writer", "id", "project", "annotator", "session", "kind", "hash"] as const;
/** Kinds that this version does not know say nothing about rankings and are kept. */
const KIND = /^[a-z]+\.[a-z-]+$/;

function readLine(line: string): StoredEvent {
  if (line.length > LINE_LIMIT) {
    throw new Refusal(`found ${line.length} characters; expected at most ${LINE_LIMIT}.`);
  }
  const json = readJson(line);
  if (!json.ok) throw new Refusal(`${json.reason}; expected one JSON object.`);
  if (!isObject(json.value)) throw refusal("event", json.value, "an object");
  const value = json.value;
  for (const key of TEXTS) {
    if (typeof value[key] !== "string" || value[key] === "") {
      throw refusal(key, value[key], "text that is not empty");
    }
  }
  for (const key of ["task", "prev"]) {
    if (typeof value[key] !== "string") throw refusal(key, value[key], "text");
  }
  if (!isUuidV7(String(value["id"]))) throw refusal("id", value["id"], "a UUID of version 7");
  for (const key of ["seq", "t"]) {
    if (!Number.isSafeInteger(value[key]) || Number(value[key]) < 0) {
      throw refusal(key, value[key], "a whole number from 0");
    }
  }
  if (value["v"] !== EVENT_VERSION) throw refusal("v", value["v"], String(EVENT_VERSION));
  if (!KIND.test(String(value["kind"]))) {
    throw refusal("kind", value["kind"], "a kind such as judgement.submit");
  }
  checkBody(String(value["kind"]), value["body"]);
  const event = value as unknown as StoredEvent;
  if (seal(event).hash !== event.hash) {
    throw new Refusal(
      `${code("hash")}: found ${found(event.hash)}; expected the checksum of this line, so it was changed after it was written.`,
    );
  }
  return event;
}

/** Bodies that rankings are read from; the others only need to be objects. */
function checkBody(kind: string, body: unknown): void {
  if (!isObject(body)) throw refusal("body", body, "an object");
  if (/^(judgement|ranking)\.import$/.test(kind)) return checkRow(body["row"]);
  if (!/^(judgement|ranking)\.|^task\.skip$/.test(kind)) return;
  checkLink("body", body);
  if (kind === "task.skip" || kind.endsWith(".retract")) {
    if (typeof body["reason"] !== "string") throw refusal("body.reason", body["reason"], "text");
  } else if (kind.startsWith("judgement.")) checkJudgement("body", body);
  else if (!isObject(body["decision"]))
    throw refusal("body.decision", body["decision"], "a ranking");
}

function checkRow(row: unknown): void {
  if (!isObject(row)) throw refusal("body.row", row, "a ranking");
  for (const key of ["event", "project", "task", "annotator", "session", "state", "reason"]) {
    if (typeof row[key] !== "string") throw refusal(`body.row.${key}`, row[key], "text");
  }
  if (!isUuidV7(String(row["event"]))) {
    throw refusal("body.row.event", row["event"], "a UUID of version 7");
  }
  checkLink("body.row", row);
  if (row["judgement"] !== null) checkJudgement("body.row", row);
}

function checkLink(path: string, value: Record<string, unknown>): void {
  if (typeof value["supersedes"] !== "string") {
    throw refusal(`${path}.supersedes`, value["supersedes"], "an event's id or nothing");
  }
  if (!Number.isSafeInteger(value["revision"])) {
    throw refusal(`${path}.revision`, value["revision"], "a whole number");
  }
}

function checkJudgement(path: string, value: Record<string, unknown>): void {
  const judgement = value["judgement"];
  if (!isObject(judgement)) throw refusal(`${path}.judgement`, judgement, "a ranking");
  const problem = judgementProblem(judgement as unknown as Judgement);
  if (problem !== null) throw new Refusal(`${path}.judgement.${problem}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
