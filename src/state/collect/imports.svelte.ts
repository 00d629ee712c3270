// Bringing data into a project: a file that is previewed, confirmed and taken whole, or typed in.
import { previewImport, readImport, recordHash } from "../../formats/import.ts";
import type { ImportResult, Preview } from "../../formats/import.ts";
import { assistant, candidate, newItem, newPrompt, user } from "../../formats/new-records.ts";
import type { Imported } from "../../formats/records.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { sentenceOf } from "../format.ts";
import { recordsOf } from "./contents.ts";
import { textInZip } from "./in-zip.ts";
import { hasJudgements, takeIn, usualMode } from "./intake.ts";
import type { IntakeMode, Place, Taken } from "./intake.ts";
import { planMerge } from "./merge.ts";
import type { MergePlan } from "./merge.ts";
import { PROJECT_FILE, readProject } from "./project-file.ts";
import type { ProjectFile } from "./project-file.ts";
import type { Project } from "./project.svelte.ts";

export type ImportState =
  | { readonly kind: "idle" }
  | { readonly kind: "reading"; readonly name: string; readonly preview: Preview | null }
  | {
      readonly kind: "read";
      readonly name: string;
      readonly preview: Preview;
      readonly result: ImportResult;
      /** settings that the file brings, or null */
      readonly project: ProjectFile | null;
      /** whether it must be said what the file's judgements count for */
      readonly judged: boolean;
      /** its judgements beside those that are here; null for none */
      readonly beside: MergePlan | null;
    }
  | { readonly kind: "saving"; readonly name: string }
  | { readonly kind: "refused"; readonly sentence: string }
  | { readonly kind: "done"; readonly batch: string; readonly sentence: string };

export class Imports {
  state = $state.raw<ImportState>({ kind: "idle" });
  mode = $state<IntakeMode>("judge");
  /** settings and guidelines of the file are taken over too */
  settings = $state(false);
  readonly #project: Project;
  readonly #announcer: Announcer;
  #turn = 0;

  constructor(project: Project, announcer: Announcer) {
    this.#project = project;
    this.#announcer = announcer;
  }

  /** what the file would become */
  get taken(): Taken | null {
    const { state } = this;
    if (state.kind !== "read") return null;
    const { beside, result } = state;
    const taken = takeIn(result.records, this.mode, this.#place);
    if (taken.rows.length === 0 || beside === null) return taken;
    const decisions = taken.decisions - taken.rows.length + beside.counting;
    return { ...taken, rows: [...beside.versions, ...beside.rows], decisions };
  }

  /** Shows the beginning of a file, then reads all of it; nothing is stored. Never rejects. */
  async read(file: File): Promise<void> {
    const turn = ++this.#turn;
    const { name } = file;
    this.state = { kind: "reading", name, preview: null };
    try {
      const preview = await previewImport(file.stream(), name);
      if (turn !== this.#turn) return;
      this.state = { kind: "reading", name, preview };
      const known = await this.#known();
      const result = await readImport(file.stream(), name, { stored: (id) => known.get(id) });
      if (turn !== this.#turn) return;
      this.mode = usualMode(result.format);
      const project = await projectIn(file);
      if (turn !== this.#turn) return;
      this.settings = project !== null && this.#project.total === 0;
      const judged = hasJudgements(result.records);
      const { rows } = takeIn(result.records, "keep", this.#place);
      const here = rows.length === 0 ? null : await this.#project.contents.forMerge();
      if (turn !== this.#turn) return;
      const theirs = { name, rows, records: [], notes: [] };
      const beside = here === null ? null : planMerge(here, [theirs], Date.now());
      this.state = { kind: "read", name, preview, result, judged, project, beside };
      this.#announcer.say(`${result.format}. ${result.summary}`);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.state = { kind: "refused", sentence: sentenceOf(error) };
      this.#announcer.alert(sentenceOf(error));
    }
  }

  cancel(): void {
    this.#turn++;
    this.state = { kind: "idle" };
    this.#announcer.say("Nothing was imported.");
  }

  /** Commits what was read, all of it or nothing. Never rejects. */
  async commit(): Promise<void> {
    const { state, taken } = this;
    if (state.kind !== "read" || taken === null) return;
    this.state = { kind: "saving", name: state.name };
    try {
      const project = this.settings ? (state.project ?? undefined) : undefined;
      const batch = await this.#project.batches.add(taken, state.name, project);
      const also = project === undefined ? "" : " and the settings of its project";
      const sentence = `Imported ${whatOf(taken)}${also} from ${state.name}.`;
      this.state = { kind: "done", batch, sentence };
      this.#announcer.say(sentence);
    } catch (error) {
      this.state = { kind: "refused", sentence: sentenceOf(error) };
      this.#announcer.alert(sentenceOf(error));
    }
  }

  /** Takes the import back that was just made. */
  async undo(batch: string): Promise<void> {
    await this.#project.batches.remove(batch);
    this.state = { kind: "idle" };
  }

  /** Adds a prompt with its answers, typed in. True when it was saved. */
  async type(prompt: string, answers: readonly string[]): Promise<boolean> {
    const texts = [...new Set(answers.filter((text) => text.trim() !== ""))];
    if (prompt.trim() === "") return this.#refuse("The prompt is empty; write what was asked.");
    if (texts.length === 1) {
      return this.#refuse("One answer cannot be ranked; write at least two different ones.");
    }
    const context = [user(prompt)];
    const item = newItem(context, texts.map((text) => candidate([assistant(text)], { author: "person" }))); // prettier-ignore
    const record = texts.length === 0 ? newPrompt(context, { id: `p_${item.id}` }) : item;
    if (this.#project.queue.agenda.has(record.id)) return this.#refuse("This set is here already.");
    try {
      await this.#project.batches.add({ records: [record], rows: [] }, "typed in");
      this.#announcer.say(texts.length === 0 ? "Prompt added." : "Set added.");
      return true;
    } catch (error) {
      return this.#refuse(sentenceOf(error));
    }
  }

  #refuse(sentence: string): false {
    this.#announcer.alert(sentence);
    return false;
  }

  get #place(): Place {
    const { id: project, task, queue } = this.#project;
    return { project, task, has: (item) => queue.agenda.has(item) };
  }

  /** Checksums of what is here, by id, so that a file imported twice adds nothing. */
  async #known(): Promise<Map<string, string>> {
    const { contents } = this.#project;
    const kept = (await contents.records()).map(({ record }) => record as unknown as Imported);
    const all = [...kept, ...(await contents.rows()).flatMap(recordsOf)];
    return new Map(all.map((record) => [record.id, recordHash(record)]));
  }
}

/** What a zip says about its project; null for other files and zips without it. @throws FormatError */
async function projectIn(file: File): Promise<ProjectFile | null> {
  const text = await textInZip(file, PROJECT_FILE);
  return text === null ? null : readProject(text, file.name);
}

/** "3 sets to judge, 2 demonstrations". */
export function whatOf(taken: Taken): string {
  const parts = [
    [taken.sets, "set to judge", "sets to judge"],
    [taken.decisions, "judgement", "judgements"],
    [taken.labelled, "labelled answer", "labelled answers"],
    [taken.demonstrations, "demonstration", "demonstrations"],
    [taken.prompts, "prompt without answers", "prompts without answers"],
  ] as const;
  const named = parts
    .filter(([n]) => n > 0)
    .map(([n, one, many]) => `${n} ${n === 1 ? one : many}`);
  return named.length === 0 ? "nothing new" : named.join(", ");
}

/** What a file's judgements do to those that are here: sentences, none if they do nothing. */
export function effectOf({ files: [file], conflicts }: MergePlan): string[] {
  const { replacing = 0, same = 0, older = 0 } = file ?? {};
  const told: readonly (readonly [number, string])[] = [
    [replacing, "Judgements that take the place of what the same person said here before"],
    [conflicts.length, "Sets to which a person gave another answer here and in the file, of which the later one counts unless you merge the file and choose"],
    [same, "Judgements that are here already"],
    [older, "Judgements older than what is here, which go into the history and change no answer"],
  ]; // prettier-ignore
  return told.filter(([n]) => n > 0).map(([n, what]) => `${what}: ${n}.`);
}
