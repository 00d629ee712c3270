// Merging files of several people: read all of them, show what they bring, decide contradictions, commit at once.
import { readEvents } from "../../formats/histories.ts";
import { readImport } from "../../formats/import.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { count, sentenceOf } from "../format.ts";
import { takeIn, usualMode } from "./intake.ts";
import { planMerge, rowsOfEvents } from "./merge.ts";
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
      const plan = planMerge(await this.#project.contents(), read, Date.now());
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
      const batch = await this.#project.merge(plan, this.choices, names);
      const sets = plan.sets === 0 ? "" : ` and ${count(plan.sets, "set")}`;
      const sentence = `Merged ${count(plan.rows.length, "judgement")}${sets} from ${names}.`;
      this.state = { kind: "done", batch, sentence };
      this.#announcer.say(sentence);
    } catch (error) {
      this.#refuse(sentenceOf(error));
    }
  }

  /** Takes the merge back: what it replaced counts again. */
  async undo(batch: string): Promise<void> {
    await this.#project.remove(batch);
    this.state = { kind: "idle" };
  }

  async #file(file: File): Promise<MergeFile> {
    const { name } = file;
    const { id: project, task } = this.#project;
    const place = { project, task, has: () => false };
    if (isHistory(await file.slice(0, LOOK).text())) {
      const { events, refused, problems } = readEvents(await file.text(), name);
      const { rows, records } = rowsOfEvents(events, project, task);
      const taken = takeIn(records, "keep", place);
      return { name, rows: [...rows, ...taken.rows], records: taken.records, notes: [...refused, ...problems] }; // prettier-ignore
    }
    const result = await readImport(file.stream(), name);
    if (usualMode(result.format) !== "keep") {
      throw new Error(
        `\`${name}\`: found ${result.format}; expected a file that this page exported, with who judged what. Nothing was merged. Import it instead.`,
      );
    }
    const { rows, records } = takeIn(result.records, "keep", place);
    return { name, rows, records, notes: result.problems };
  }

  #refuse(sentence: string): void {
    this.state = { kind: "refused", sentence };
    this.#announcer.alert(sentence);
  }
}

/** Whether a text begins as `events.jsonl` does. */
function isHistory(start: string): boolean {
  const line = start.replace(/^\uFEFF/, "").split("\n")[0] ?? "";
  return /"writer":"/.test(line) && /"seq":\d/.test(line) && /"hash":"/.test(line);
}
