// Merging files of several people: read all of them, show what they bring, decide contradictions, commit at once.
import { readEvents } from "../../formats/histories.ts";
import { readImport } from "../../formats/import.ts";
import { mergeRows } from "../../quality/merge.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { count, sentenceOf } from "../format.ts";
import { HISTORY } from "./exports.ts";
import { textInZip } from "./in-zip.ts";
import { takeIn, usualMode } from "./intake.ts";
import type { Place } from "./intake.ts";
import { plainRow, planMerge, rowsOfEvents } from "./merge.ts";
import type { MergeFile, MergePlan } from "./merge.ts";
import type { Project } from "./project.svelte.ts";

export type MergeState =
  | { readonly kind: "idle" }
  | { readonly kind: "reading"; readonly name: string }
  | { readonly kind: "read"; readonly plan: MergePlan }
  | { readonly kind: "saving" }
  | { readonly kind: "refused"; readonly sentence: string }
  | { readonly kind: "done"; readonly batch: string; readonly sentence: string };

/** Bytes in which the kind of a file is looked for. */
const LOOK = 64 * 1024;

export class Merging {
  state = $state.raw<MergeState>({ kind: "idle" });
  /** (conflict) the version that was chosen */
  choices = $state.raw<ReadonlyMap<number, number>>(new Map());
  readonly #project: Project;
  readonly #announcer: Announcer;
  #turn = 0;

  constructor(project: Project, announcer: Announcer) {
    this.#project = project;
    this.#announcer = announcer;
  }

  /** Reads files and compares them with what is here; nothing is stored. Never rejects. */
  async read(files: readonly File[]): Promise<void> {
    const turn = ++this.#turn;
    this.choices = new Map();
    try {
      const read: MergeFile[] = [];
      for (const file of files) {
        this.state = { kind: "reading", name: file.name };
        read.push(await this.#file(file));
        if (turn !== this.#turn) return;
      }
      const plan = planMerge(await this.#project.contents.forMerge(), read, Date.now());
      if (turn !== this.#turn) return;
      this.state = { kind: "read", plan };
      this.#announcer.say(`${count(plan.rows.length, "new judgement")}, ${count(plan.conflicts.length, "contradiction")}.`); // prettier-ignore
    } catch (error) {
      if (turn === this.#turn) this.#refuse(sentenceOf(error));
    }
  }

  choose(conflict: number, version: number): void {
    this.choices = new Map(this.choices).set(conflict, version);
  }

  cancel(): void {
    this.#turn++;
    this.state = { kind: "idle" };
    this.#announcer.say("Nothing was merged.");
  }

  /** Commits all of it or nothing. Never rejects. */
  async commit(): Promise<void> {
    const { state } = this;
    if (state.kind !== "read") return;
    const { plan } = state;
    this.state = { kind: "saving" };
    try {
      const names = plan.files.map(({ name }) => name).join(", ");
      const batch = await this.#project.batches.merge(plan, this.choices, names);
      const gone = plan.rows.filter(({ state }) => state === "retracted").length;
      const taken = gone === 0 ? "" : `, ${gone} of them taken back,`;
      const sets = plan.sets === 0 ? "" : ` and ${count(plan.sets, "set")}`;
      const sentence = `Merged ${count(plan.rows.length, "judgement")}${taken}${sets} from ${names}.`;
      this.state = { kind: "done", batch, sentence };
      this.#announcer.say(sentence);
    } catch (error) {
      this.#refuse(sentenceOf(error));
    }
  }

  /** Takes the merge back: what it replaced counts again. */
  async undo(batch: string): Promise<void> {
    await this.#project.batches.remove(batch);
    this.state = { kind: "idle" };
  }

  async #file(file: File): Promise<MergeFile> {
    const { name } = file;
    const { id: project, task } = this.#project;
    const place: Place = { project, task, has: () => false };
    if (isHistory(await file.slice(0, LOOK).text())) {
      return this.#history(await file.text(), name, place);
    }
    const result = await readImport(file.stream(), name);
    if (usualMode(result.format) !== "keep") {
      throw new Error(
        `\`${name}\`: found ${result.format}; expected a file that this page exported, with who judged what. Nothing was merged. Import it instead.`,
      );
    }
    const { rows, records } = takeIn(result.records, "keep", place);
    const lossless = { name, rows, records, notes: result.problems };
    const history = await textInZip(file, HISTORY);
    return history === null ? lossless : together(lossless, this.#history(history, name, place));
  }

  /** A history, with every version of what people said. */
  #history(text: string, name: string, place: Place): MergeFile {
    const { events, refused, problems } = readEvents(text, name);
    const { rows, records } = rowsOfEvents(events, place.project, place.task);
    const taken = takeIn(records, "keep", place);
    return { name, rows: [...rows, ...taken.rows], records: taken.records, notes: [...refused, ...problems] }; // prettier-ignore
  }

  #refuse(sentence: string): void {
    this.state = { kind: "refused", sentence };
    this.#announcer.alert(sentence);
  }
}

/** Two parts of one zip as one file; what both have counts once. */
function together(lossless: MergeFile, history: MergeFile): MergeFile {
  const { union: rows } = mergeRows(lossless.rows.map(plainRow), history.rows);
  const records = new Map([...history.records, ...lossless.records].map((one) => [one.id, one]));
  const notes = [...new Set([...lossless.notes, ...history.notes])];
  return { name: lossless.name, rows, records: [...records.values()], notes };
}

/** Whether a text begins as `events.jsonl` does. */
function isHistory(start: string): boolean {
  const line = start.replace(/^\uFEFF/, "").split("\n")[0] ?? "";
  return /"writer":"/.test(line) && /"seq":\d/.test(line) && /"hash":"/.test(line);
}
