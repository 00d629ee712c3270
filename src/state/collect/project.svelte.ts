// One open project: what is queued in it, who judged what, and saving decisions.
import { writeLossless } from "../../formats/lossless.ts";
import { collect } from "../../formats/records.ts";
import type { Collection, Imported, Item, Ranking } from "../../formats/records.ts";
import { plainText } from "../../formats/rows.ts";
import {
  addDrafts,
  allRecords,
  oneProject,
  oneRecord,
  recordIds,
  removeDrafts,
  submittedBy,
  taskEvents,
} from "../../storage/collection.ts";
import type { Connection } from "../../storage/database.ts";
import type { JudgementRow } from "../../storage/events.ts";
import { requestPersistence } from "../../storage/persistence.ts";
import type { Guideline, ProjectPatch, ProjectRow, RecordRow } from "../../storage/projects.ts";
import { sha256 } from "../../storage/sha256.ts";
import { Store } from "../../storage/store.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { freshId } from "../fresh-id.ts";
import { count, sentenceOf } from "../format.ts";
import { recall, remember } from "../settings.svelte.ts";
import type { Taken } from "./intake.ts";
import { Judging } from "./judging.svelte.ts";
import type { Draft } from "./judging.svelte.ts";
import { SECOND_OPINION, questionsOf } from "./questions.ts";
import { setOfItem, wholeDemonstration, wholeRanking } from "./sets.ts";

/** Sets that wait in memory, so that the next one appears at once. */
const AHEAD = 2;

/** An import as the page lists it. */
export interface Batch {
  readonly id: string;
  readonly source: string;
  readonly records: number;
  readonly decisions: number;
}

/** One version of a judgement; a ranking of null: it was taken back then. */
export interface Revision {
  readonly id: string;
  readonly t: number;
  readonly ranking: Ranking | null;
}

export class Project {
  readonly id: string;
  readonly judging = new Judging();
  row = $state.raw<ProjectRow>() as ProjectRow;
  /** items in the order they came */
  items = $state.raw<readonly string[]>([]);
  /** current rows of everyone, oldest change first */
  rows = $state.raw<readonly JudgementRow[]>([]);
  /** imports, the newest first; null until they were read */
  batches = $state.raw<readonly Batch[] | null>(null);
  /** nothing is left to judge for this person */
  finished = $state(false);
  /** the newest save, for the eye: "Saved" only when it is on disk */
  saved = $state("");
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #announcer: Announcer;
  /** (item) people who submitted a decision */
  #done = $state.raw<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  /** items for which somebody asked for a second opinion */
  #opinions = $state.raw<ReadonlySet<string>>(new Set());
  #ahead = new Map<string, Promise<Item | null>>();
  /** items put off until the others are done */
  #later: readonly string[] = [];
  /** items whose answers are all the same text */
  #unrankable = $state.raw<ReadonlySet<string>>(new Set());
  /** items with a decision by this person */
  readonly mine = $derived.by(
    () => this.items.filter((item) => this.#done.get(item)?.has(this.annotator)).length,
  );
  /** items that this person may still judge */
  readonly open = $derived.by(() => this.items.filter((item) => this.#isOpen(item)).length);
  /** Resolves when everything was read; the first set is on screen before that. */
  whole: Promise<void> = Promise.resolve();

  private constructor(connection: Connection, store: Store, row: ProjectRow, announcer: Announcer) {
    this.#connection = connection;
    this.#store = store;
    this.#announcer = announcer;
    this.id = row.id;
    this.row = row;
  }

  /** Opens a project and puts the first set on screen. */
  static async open(
    connection: Connection,
    row: ProjectRow,
    announcer: Announcer,
    annotator?: string,
  ): Promise<Project> {
    const who = annotator === undefined ? {} : { annotator };
    const store = await Store.start(connection, { project: row.id, ...who });
    const project = new Project(connection, store, row, announcer);
    await project.#readKeys();
    await project.next();
    project.whole = project.#readRows();
    // What is written here is taken in where it is written.
    store.onChange((where) => {
      if (where === "elsewhere") void project.refresh().catch(() => undefined);
    });
    return project;
  }

  get annotator(): string {
    return this.#store.annotator;
  }

  /** pseudonym of this browser, whoever judges now */
  get own(): string {
    return this.#store.own;
  }

  /** the guideline is another one than at this person's last judgement */
  get guidelineChanged(): boolean {
    const last = this.#lastRow();
    if (last === undefined) return false;
    const then = (last.decision?.ranking as Ranking | undefined)?.guideline ?? "";
    return then.split(" ")[1] !== this.#stamp().guideline.split(" ")[1];
  }

  /** milliseconds of attention that this person gave */
  get attention(): number {
    const mine = this.rows.filter(({ annotator }) => annotator === this.annotator);
    return mine.reduce(
      (sum, row) => sum + ((row.decision?.ranking as Ranking | undefined)?.active_ms ?? 0),
      0,
    );
  }

  /** the version in force; null when the project has no guideline */
  get guideline(): (Guideline & { event: string }) | null {
    return this.row.guidelines.at(-1) ?? null;
  }

  close(): Promise<void> {
    this.keepDraft();
    return this.#store.close();
  }

  /** Reads the project again, after a change here or in another tab. */
  async refresh(): Promise<void> {
    await this.#readKeys();
    await this.#readRows();
  }

  /** What there is and who judged it, from keys alone. */
  async #readKeys(): Promise<void> {
    const [row, items, keys] = await Promise.all([
      oneProject(this.#connection, this.id),
      recordIds(this.#connection, this.id, "prefs.item"),
      submittedBy(this.#connection, this.id),
    ]);
    if (row !== undefined) this.row = row;
    const done = new Map<string, Set<string>>();
    for (const [task, annotator] of keys) {
      const item = task.slice(this.id.length + 1);
      done.set(item, (done.get(item) ?? new Set()).add(annotator));
    }
    this.items = items;
    this.#done = done;
  }

  /** The judgements themselves; they may open a set for a second opinion, or close the one on screen. */
  async #readRows(): Promise<void> {
    this.rows = (await this.#store.rows()).filter(({ state }) => state === "submitted");
    this.#readOpinions();
    const { set, revising, untouched } = this.judging;
    const elsewhere = set !== null && !revising && untouched && !this.#isOpen(set.item);
    if (elsewhere || (set === null && this.open > 0)) await this.next();
  }

  #readOpinions(): void {
    const wanted = this.rows.filter((row) =>
      (row.decision?.ranking as Ranking | undefined)?.flags.some((flag) =>
        flag.startsWith(SECOND_OPINION),
      ),
    );
    this.#opinions = new Set(wanted.map(({ task }) => task.slice(this.id.length + 1)));
  }

  /** Takes in what this tab just saved, without reading everything again. */
  async #refreshOne(item: string): Promise<void> {
    const row = await this.#store.row(this.task(item));
    if (row === undefined) return;
    this.rows = [...this.rows.filter((one) => one.task !== row.task || one.annotator !== row.annotator), row]; // prettier-ignore
    const people = new Set(this.#done.get(item)).add(row.annotator);
    this.#done = new Map(this.#done).set(item, people);
    this.#readOpinions();
  }

  /** The next open set comes on screen, or none. */
  async next(): Promise<void> {
    const waiting = this.items.filter((item) => this.#isOpen(item));
    const queue = [
      ...waiting.filter((item) => !this.#later.includes(item)),
      ...this.#later.filter((item) => waiting.includes(item)),
    ];
    const item = await this.#load(queue[0]);
    for (const id of this.#ahead.keys()) if (!queue.includes(id)) this.#ahead.delete(id);
    for (const id of queue.slice(1, 1 + AHEAD)) void this.#load(id);
    if (item === null) {
      this.judging.clear();
      this.finished = this.items.length > 0;
      return;
    }
    const set = setOfItem(item, this.annotator);
    if (set.cards.length < 2) {
      this.#unrankable = new Set(this.#unrankable).add(item.id);
      return this.next();
    }
    this.finished = false;
    this.judging.show(set, questionsOf(this.row.settings));
    this.#recallDraft(item.id);
  }

  /** Puts the set on screen behind the others, without a decision. */
  async later(): Promise<void> {
    const { set } = this.judging;
    if (set === null) return;
    if (!this.judging.revising) {
      this.#later = [...this.#later.filter((item) => item !== set.item), set.item];
    }
    await this.next();
    this.#announcer.say("Put off. Another prompt is here.");
  }

  /** Saves the ranking on screen; says why not when it is not ready. */
  async submit(): Promise<void> {
    if (this.judging.ready) await this.#save("ranked", "", "Saved.");
    else this.#announcer.say(this.judging.hindrance);
  }

  skip(reason: string): Promise<void> {
    return this.#save("skipped", reason, "Skipped.");
  }

  /** Sets a flagged set aside without a ranking. */
  leaveFlagged(): Promise<void> {
    return this.#save("flagged", "", "Flagged.");
  }

  /** One step back: on the board, or to the decision saved last. */
  async undo(): Promise<void> {
    const { judging } = this;
    await this.whole;
    if (judging.canUndo) {
      judging.undo();
      this.#announcer.say("Undone.");
      return;
    }
    const own = this.rows.filter(({ annotator }) => annotator === this.annotator);
    const current = this.task(judging.set?.item ?? "");
    const at = judging.revising ? own.findIndex(({ task }) => task === current) : own.length;
    const last = own[at - 1]?.task;
    if (last === undefined) {
      this.#announcer.say("Nothing to undo.");
      return;
    }
    await this.edit(last);
    this.#announcer.say("Back to the one before. Change it and press Enter, or leave it.");
  }

  redo(): void {
    const possible = this.judging.canRedo;
    this.judging.redo();
    this.#announcer.say(possible ? "Redone." : "Nothing to redo.");
  }

  /** Puts a decision of this person on screen, to be changed. */
  async edit(task: string): Promise<void> {
    const row = await this.#store.row(task);
    const ranking = row === undefined ? null : wholeRanking(row);
    if (row === undefined || ranking === null) return;
    this.keepDraft();
    const better = plainText(wholeDemonstration(row)?.completion ?? [], "assistant") ?? "";
    this.judging.revise({ ranking, better }, questionsOf(this.row.settings));
  }

  /** Takes a decision of this person back; its set is open again, its history stays. */
  async retract(task: string): Promise<void> {
    await this.#told(async () => {
      await this.#store.retract(task, "taken back");
      await this.refresh();
      if (this.judging.set === null) await this.next();
      return "Taken back. Its history stays.";
    });
  }

  /** Leaves a saved decision as it was. */
  async cancelEdit(): Promise<void> {
    await this.next();
    this.#announcer.say("Left as it was.");
  }

  /** Changes the name, the settings or the archive mark. */
  async change(patch: ProjectPatch): Promise<void> {
    await this.#told(async () => {
      await this.#store.append("project.change", "", patch);
      this.row = { ...this.row, ...patch };
      if (patch.settings !== undefined && this.judging.untouched) await this.next();
      return "Saved.";
    });
  }

  /** Saves a text as the next version of the guideline, unless it is the one in force. */
  async saveGuideline(text: string, preset: string): Promise<void> {
    const hash = sha256(text);
    if (hash === this.guideline?.hash) {
      this.#announcer.say("Nothing changed.");
      return;
    }
    await this.#told(async () => {
      const version = (this.guideline?.version ?? 0) + 1;
      const one = { version, preset, text, hash };
      const { id: event } = await this.#store.append("guideline.save", "", one);
      this.row = { ...this.row, guidelines: [...this.row.guidelines, { ...one, event }] };
      return `Version ${version} is in force from the next judgement on.`;
    });
  }

  /** Adds what a file or the person brought, all of it or nothing. @throws Error with one sentence */
  async add(taken: Pick<Taken, "records" | "rows">, source: string): Promise<string> {
    const batch = freshId();
    const intake = { batch, source, records: taken.records, rows: taken.rows };
    await this.#store.appendAll(() => addDrafts(intake), "Importing");
    void requestPersistence();
    await this.refresh();
    if (this.judging.set === null) await this.next();
    await this.readBatches();
    return batch;
  }

  /** Takes an import back: what came with it leaves, decisions made here since stay. */
  async remove(batch: string): Promise<void> {
    await this.#told(async () => {
      const rows = await this.#store.rows();
      await this.#store.appendAll(
        (nextId) => removeDrafts(batch, rows, nextId),
        "Undoing the import",
      );
      await this.refresh();
      const { set } = this.judging;
      if (set !== null && !this.items.includes(set.item)) await this.next();
      await this.readBatches();
      return "The import was taken back. Judgements that you made on it stay.";
    });
  }

  /** Lists the imports, the newest first. Never rejects. */
  async readBatches(): Promise<void> {
    const batches = new Map<string, Batch>();
    const add = (id: string, source: string, records: number, decisions: number): void => {
      const one = batches.get(id) ?? { id, source, records: 0, decisions: 0 };
      const named = one.source === "" ? { ...one, source } : one;
      batches.set(id, { ...named, records: one.records + records, decisions: one.decisions + decisions }); // prettier-ignore
    };
    try {
      for (const { batch, source } of await this.records()) add(batch, source, 1, 0);
      for (const { batch } of this.rows) if (batch !== undefined) add(batch, "", 0, 1);
      this.batches = [...batches.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    } catch (error) {
      this.#announcer.alert(sentenceOf(error));
    }
  }

  /** Every version of one person's judgement of a set, oldest first. @throws Error with one sentence */
  async revisions({ task, annotator }: JudgementRow): Promise<Revision[]> {
    const events = await taskEvents(this.#connection, this.id, task);
    return events.flatMap((event): Revision[] => {
      if (event.kind === "ranking.import") {
        const { row } = event.body;
        const one = { id: event.id, t: row.t, ranking: row.decision ? wholeRanking(row) : null };
        return row.annotator === annotator ? [one] : [];
      }
      if (event.annotator !== annotator) return [];
      const { id, t } = event;
      if (event.kind === "judgement.retract") return [{ id, t, ranking: null }];
      if (event.kind !== "ranking.submit" && event.kind !== "ranking.revise") return [];
      return [{ id, t, ranking: event.body.decision.ranking as unknown as Ranking }];
    });
  }

  /** All records of the project, with who brought them. */
  records(): Promise<RecordRow[]> {
    return allRecords(this.#connection, this.id);
  }

  /** Everything that an export can hold. */
  async collection(): Promise<Collection> {
    await this.whole;
    const kept = (await this.records()).map(({ record }) => record as unknown as Imported);
    const made = this.rows.flatMap((row) => {
      const all: (Imported | null)[] = [wholeRanking(row), wholeDemonstration(row)];
      return all.filter((record) => record !== null);
    });
    return collect([...kept, ...made]);
  }

  /** The key under which storage keeps decisions about an item. */
  readonly task = (item: string): string => `${this.id}:${item}`;

  keepDraft(): void {
    const { draft } = this.judging;
    if (draft !== null) remember(`draft.${this.id}`, JSON.stringify(draft));
  }

  #recallDraft(item: string): void {
    const draft = readDraft(recall(`draft.${this.id}`));
    if (draft?.item !== item || draft.decided?.slots.length !== this.judging.shown.length) return;
    this.judging.recall(draft);
  }

  async #save(outcome: Ranking["outcome"], reason: string, said: string): Promise<void> {
    const { judging } = this;
    const decision = judging.decision(outcome, reason, this.#stamp());
    if (decision === null || judging.saving === "saving") return;
    const task = this.task(decision.ranking.task);
    judging.saving = "saving";
    try {
      // A record that no file could hold is refused before it is stored.
      writeLossless([decision.ranking]);
      await this.#store.rank(task, decision);
    } catch (error) {
      judging.saving = "failed";
      judging.failure = sentenceOf(error);
      this.#announcer.alert(judging.failure);
      return;
    }
    judging.saving = "idle";
    void requestPersistence();
    remember(`draft.${this.id}`, "null");
    await this.#refreshOne(decision.ranking.task);
    if (judging.set?.item === decision.ranking.task) await this.next();
    this.saved = said;
    const left = this.open;
    this.#announcer.say(
      `${said} ${left === 0 ? "Nothing is left." : `${count(left, "set")} left.`}`,
    );
  }

  #stamp(): { guideline: string; preset: string } {
    const { guideline } = this;
    if (guideline === null) return { guideline: "", preset: "" };
    const { version, hash, preset } = guideline;
    return { guideline: `${this.id}@${version} sha256:${hash}`, preset };
  }

  #lastRow(): JudgementRow | undefined {
    return this.rows.findLast(({ annotator }) => annotator === this.annotator);
  }

  /** Open for this person: not judged by them, and by too few others or wanted a second time. */
  #isOpen(item: string): boolean {
    const people = this.#done.get(item);
    if (this.#unrankable.has(item)) return false;
    if (people === undefined) return true;
    if (people.has(this.annotator)) return false;
    return people.size < this.row.settings.overlap || this.#opinions.has(item);
  }

  async #load(id: string | undefined): Promise<Item | null> {
    if (id === undefined) return null;
    const loading =
      this.#ahead.get(id) ??
      oneRecord(this.#connection, this.id, id).then(
        (row) => (row?.record as unknown as Item | undefined) ?? null,
      );
    this.#ahead.set(id, loading);
    return loading;
  }

  /** Announces what was done, or one sentence why it was not. */
  async #told(work: () => Promise<string>): Promise<void> {
    try {
      this.#announcer.say(await work());
    } catch (error) {
      this.#announcer.alert(sentenceOf(error));
    }
  }
}

function readDraft(text: string | null): Draft | null {
  try {
    return JSON.parse(text ?? "null") as Draft | null;
  } catch {
    return null; // cut off or written by hand: the set starts without places
  }
}
