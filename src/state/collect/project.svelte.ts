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
import type { EventDraft, JudgementRow, StoredEvent } from "../../storage/events.ts";
import { requestPersistence } from "../../storage/persistence.ts";
import type { Guideline, ProjectPatch, ProjectRow, RecordRow } from "../../storage/projects.ts";
import { sha256 } from "../../storage/sha256.ts";
import { Store } from "../../storage/store.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { freshId } from "../fresh-id.ts";
import { count, sentenceOf } from "../format.ts";
import { recall, remember } from "../settings.svelte.ts";
import { Chooser, selectInWorker } from "./chooser.ts";
import type { Chosen, Select } from "./chooser.ts";
import { goldStamp, lessonOf } from "./gold.ts";
import type { Lesson } from "./gold.ts";
import type { Taken } from "./intake.ts";
import { keyOf, mergedRows, revised, rowsBefore } from "./merge.ts";
import type { MergePlan } from "./merge.ts";
import { Judging } from "./judging.svelte.ts";
import type { Draft } from "./judging.svelte.ts";
import type { ProjectFile } from "./project-file.ts";
import { questionsOf } from "./questions.ts";
import { Queue, itemOfTurn } from "./queue.svelte.ts";
import type { Turn } from "./queue.svelte.ts";
import { isRepeat } from "./schedule.ts";
import { setAgain, setOfItem, wholeDemonstration, wholeRanking } from "./sets.ts";

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
  readonly queue: Queue;
  /** current rows of everyone, oldest change first */
  rows = $state.raw<readonly JudgementRow[]>([]);
  /** imports, the newest first; null until they were read */
  batches = $state.raw<readonly Batch[] | null>(null);
  /** nothing is left to judge for this person */
  finished = $state(false);
  /** what there is to learn from a worked gold set that was just ranked; null for nothing */
  lesson = $state.raw<Lesson | null>(null);
  /** the newest save, for the eye: "Saved" only when it is on disk */
  saved = $state("");
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #announcer: Announcer;
  #ahead = new Map<string, Promise<Item | null>>();
  /** how the set on screen came to be asked */
  #turn: Turn | null = null;
  /** what was logged about the decision that is being changed */
  #revised: Chosen = { select_policy: "", select_score: 0, propensity: 0 };
  /** Resolves when everything was read; the first set is on screen before that. */
  whole: Promise<void> = Promise.resolve();

  private constructor(
    connection: Connection,
    store: Store,
    row: ProjectRow,
    { announcer, select }: { announcer: Announcer; select: Select },
  ) {
    this.#connection = connection;
    this.#store = store;
    this.#announcer = announcer;
    this.id = row.id;
    this.row = row;
    const chooser = new Chooser(row.id, select);
    this.queue = new Queue(store.annotator, () => this.row.settings, chooser);
  }

  /** Opens a project and puts the first set on screen. */
  static async open(
    connection: Connection,
    row: ProjectRow,
    announcer: Announcer,
    annotator?: string,
    select: Select = selectInWorker,
  ): Promise<Project> {
    const who = annotator === undefined ? {} : { annotator };
    const store = await Store.start(connection, { project: row.id, ...who });
    const project = new Project(connection, store, row, { announcer, select });
    await project.#readKeys();
    await project.next();
    project.whole = project.#readRows();
    // What is written here is taken in where it is written.
    store.onChange((where) => {
      if (where === "elsewhere") void project.refresh().catch(() => undefined);
    });
    return project;
  }

  /** items in the order they came */
  get items(): readonly string[] {
    return this.queue.items;
  }

  /** how many items this person judged */
  get mine(): number {
    return this.queue.mine;
  }

  /** how many sets this person will still be asked about */
  get open(): number {
    return this.queue.open;
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
    this.queue.read(
      items,
      keys.map(([task, annotator]) => [this.#nameOf(task), annotator] as const),
    );
  }

  /** The judgements themselves; they may open a set for a second opinion, or close the one on screen. */
  async #readRows(): Promise<void> {
    this.rows = (await this.#store.rows()).filter(({ state }) => state === "submitted");
    this.queue.readOpinions(this.rows, this.#nameOf);
    const { set, revising, untouched } = this.judging;
    const ordinary = this.#turn?.gold === null && !isRepeat(this.#turn.item);
    const elsewhere = set !== null && !revising && untouched && ordinary && !this.queue.isOpen(set.item); // prettier-ignore
    if (elsewhere || (set === null && this.open > 0)) await this.next();
  }

  /** Takes in what this tab just saved, without reading everything again. */
  async #refreshOne(item: string): Promise<void> {
    const row = await this.#store.row(this.task(item));
    if (row === undefined) return;
    this.rows = [...this.rows.filter((one) => one.task !== row.task || one.annotator !== row.annotator), row]; // prettier-ignore
    this.queue.add(item, row.annotator);
    this.queue.readOpinions(this.rows, this.#nameOf);
  }

  /** The next open set comes on screen, or none. */
  async next(): Promise<void> {
    this.lesson = null;
    const turns = await this.queue.turns(this.rows, this.#nameOf);
    const ids = turns.slice(0, 1 + AHEAD).map(itemOfTurn);
    const item = await this.#load(ids[0]);
    for (const id of this.#ahead.keys()) if (!ids.includes(id)) this.#ahead.delete(id);
    for (const id of ids.slice(1)) void this.#load(id);
    const turn = turns[0];
    if (item === null || turn === undefined) {
      this.#turn = null;
      this.judging.clear();
      this.finished = this.items.length > 0;
      return;
    }
    const set = setOfItem(item, this.annotator);
    if (set.cards.length < 2) {
      this.queue.cannotRank(item.id);
      return this.next();
    }
    this.finished = false;
    this.#turn = turn;
    this.judging.show(isRepeat(turn.item) ? setAgain(set, turn.item) : set, questionsOf(this.row.settings)); // prettier-ignore
    this.#recallDraft(turn.item);
  }

  /** Puts the set on screen behind the others, without a decision. */
  async later(): Promise<void> {
    const { set } = this.judging;
    if (set === null) return;
    if (!this.judging.revising) this.queue.putOff(set.item);
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
    this.lesson = null;
    this.#turn = null;
    const { select_policy, select_score, propensity } = ranking;
    this.#revised = { select_policy, select_score, propensity };
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

  /**
   * Adds what a file or the person brought, all of it or nothing.
   * @param from settings and guidelines to take over as well
   * @throws Error with one sentence
   */
  async add(
    taken: Pick<Taken, "records" | "rows">,
    source: string,
    from?: Pick<ProjectFile, "settings" | "guidelines">,
  ): Promise<string> {
    const batch = freshId();
    const intake = { batch, source, records: taken.records, rows: taken.rows };
    const settings = from === undefined ? [] : this.#takeOver(from);
    await this.#store.appendAll(() => [...addDrafts(intake), ...settings], "Importing");
    void requestPersistence();
    await this.refresh();
    if (this.judging.set === null) await this.next();
    await this.readBatches();
    return batch;
  }

  /** The whole history of the project, in the order of its ids. */
  events(): Promise<StoredEvent[]> {
    return this.#store.events();
  }

  /** What merging needs to know of this project: decisions of everyone, also taken back, and ids of records. */
  async contents(): Promise<{ rows: JudgementRow[]; records: Set<string> }> {
    const rows = await this.#store.rows();
    const made = rows.flatMap((row) => wholeDemonstration(row)?.id ?? []);
    const kept = (await this.records()).map(({ id }) => id);
    return { rows, records: new Set([...kept, ...made]) };
  }

  /** Adds a merge, all of it or nothing. @throws Error with one sentence */
  async merge(
    plan: MergePlan,
    choices: ReadonlyMap<number, number>,
    source: string,
  ): Promise<string> {
    const batch = freshId();
    await this.#store.appendAll((nextId, observe) => {
      for (const { event } of plan.rows) observe(event);
      const rows = mergedRows(plan, choices, nextId);
      return addDrafts({ batch, source, records: plan.records, rows });
    }, "Merging");
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
      const mine = rows.filter((row) => row.batch === batch);
      const before = rowsBefore(mine.length === 0 ? [] : await this.#store.events(), batch, mine);
      await this.#store.appendAll((nextId, observe) => {
        for (const { event } of mine) observe(event);
        return removeDrafts(batch, rows, nextId, (row, link) => {
          const then = before.get(keyOf(row));
          return then?.state === "submitted" ? revised(then, link) : null;
        });
      }, "Undoing the import");
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

  /** item, or repeat of one, that a key of storage is about */
  readonly #nameOf = (task: string): string => task.slice(this.id.length + 1);

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
    const chosen = judging.revising ? this.#revised : this.#turn?.chosen;
    const unstamped = judging.decision(outcome, reason, { ...this.#stamp(), ...chosen });
    if (unstamped === null || judging.saving === "saving") return;
    const { gold } = this.queue.schedule;
    const rule = gold.find(({ item, author }) => item === unstamped.ranking.task && author !== this.annotator); // prettier-ignore
    const decision = { ...unstamped, ranking: { ...unstamped.ranking, ...goldStamp(unstamped.ranking, rule) } }; // prettier-ignore
    const first = !judging.revising;
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
    this.saved = said;
    const lesson = first && rule?.kind === "worked" ? lessonOf(decision.ranking, rule) : null;
    if (lesson !== null) {
      judging.clear();
      this.lesson = lesson;
      this.#announcer.say(`${said} ${lesson.sentence}`);
      return;
    }
    if (judging.set?.item === decision.ranking.task) await this.next();
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

  /** The events that take over settings, and the guidelines that are not in force here already. */
  #takeOver({ settings, guidelines }: Pick<ProjectFile, "settings" | "guidelines">): EventDraft[] {
    const here = this.row.guidelines.length;
    const texts = guidelines.filter(({ hash }) => hash !== this.guideline?.hash);
    return [
      { kind: "project.change", task: "", body: { settings } },
      ...texts.map((one, i): EventDraft => ({
        kind: "guideline.save",
        task: "",
        body: { ...one, version: here + i + 1 },
      })),
    ];
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
