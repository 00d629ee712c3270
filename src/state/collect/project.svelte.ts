// One open project: its settings, its people, and the parts that ask, save, import and read.
import { oneProject, recordIds, submittedBy } from "../../storage/collection.ts";
import type { Connection } from "../../storage/database.ts";
import type { RowKey } from "../../storage/events.ts";
import type { Guideline, ProjectPatch, ProjectRow } from "../../storage/projects.ts";
import { sha256 } from "../../storage/sha256.ts";
import { Store } from "../../storage/store.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { Asking } from "./asking.svelte.ts";
import { Batches } from "./batches.svelte.ts";
import { Chooser, selectInWorker } from "./chooser.ts";
import type { Select } from "./chooser.ts";
import { Contents } from "./contents.ts";
import { Decisions } from "./decisions.svelte.ts";
import { Judging } from "./judging.svelte.ts";
import { markOf } from "./marks.ts";
import { Queue } from "./queue.svelte.ts";
import { told } from "./told.ts";

export class Project {
  readonly id: string;
  readonly judging = new Judging();
  readonly queue: Queue;
  readonly asking: Asking;
  readonly decisions: Decisions;
  readonly batches: Batches;
  readonly contents: Contents;
  row = $state.raw<ProjectRow>() as ProjectRow;
  /** how many judgements were read so far; null when all were */
  reading = $state<number | null>(null);
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #announcer: Announcer;
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
    const { annotator } = store;
    const settings = () => this.row.settings;
    this.queue = new Queue(annotator, settings, new Chooser(row.id, select));
    const { queue, judging } = this;
    this.contents = new Contents(connection, store);
    this.asking = new Asking({
      ...{ connection, announcer, annotator, queue, judging, settings },
      project: row.id,
    });
    this.decisions = new Decisions(this, store, announcer);
    this.batches = new Batches(this, { connection, store, announcer });
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
    await Promise.all([project.#readItems(), project.#readKeys()]);
    await project.asking.next();
    project.whole = project.#readMarks();
    // What is written here is taken in where it is written.
    store.onChange((where, rows) => {
      if (where === "elsewhere") void project.#takeIn(rows).catch(() => undefined);
    });
    return project;
  }

  /** items in the order they came */
  get items(): readonly string[] {
    return this.queue.items;
  }

  /** how many judgements there are, by everyone */
  get total(): number {
    return this.queue.ledger.size;
  }

  /** everybody who judged anything */
  get people(): string[] {
    return this.queue.ledger.people;
  }

  /** how many items this person judged */
  get mine(): number {
    return this.queue.agenda.mine;
  }

  /** how many sets this person will still be asked about */
  get open(): number {
    return this.queue.agenda.open;
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
    const last = this.queue.ledger.last(this.annotator);
    if (last === null) return false;
    return last.guideline.split(" ")[1] !== this.stamp().guideline.split(" ")[1];
  }

  /** milliseconds of attention that this person gave */
  get attention(): number {
    return this.queue.ledger.attention(this.annotator);
  }

  /** the version in force; null when the project has no guideline */
  get guideline(): (Guideline & { event: string }) | null {
    return this.row.guidelines.at(-1) ?? null;
  }

  /** What every judgement says about the guideline in force. */
  stamp(): { guideline: string; preset: string } {
    const { guideline } = this;
    if (guideline === null) return { guideline: "", preset: "" };
    const { version, hash, preset } = guideline;
    return { guideline: `${this.id}@${version} sha256:${hash}`, preset };
  }

  /** The key under which storage keeps decisions about an item. */
  readonly task = (item: string): string => `${this.id}:${item}`;

  /** item, or repeat of one, that a key of storage is about */
  readonly nameOf = (task: string): string => task.slice(this.id.length + 1);

  close(): Promise<void> {
    this.asking.keepDraft();
    return this.#store.close();
  }

  /**
   * Reads the project again, after a change of many things here or in another tab.
   * @param judgements false when only items and settings can be others
   */
  async refresh(judgements = true): Promise<void> {
    await this.#readItems();
    if (judgements) await this.#readMarks();
    else await this.asking.look();
  }

  /** Changes the name, the settings or the archive mark. */
  async change(patch: ProjectPatch): Promise<void> {
    await told(this.#announcer, async () => {
      await this.#store.append("project.change", "", patch);
      this.row = { ...this.row, ...patch };
      if (patch.settings !== undefined && this.judging.untouched) await this.asking.next();
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
    await told(this.#announcer, async () => {
      const version = (this.guideline?.version ?? 0) + 1;
      const one = { version, preset, text, hash };
      const { id: event } = await this.#store.append("guideline.save", "", one);
      this.row = { ...this.row, guidelines: [...this.row.guidelines, { ...one, event }] };
      return `Version ${version} is in force from the next judgement on.`;
    });
  }

  async #readItems(): Promise<void> {
    const [row, items] = await Promise.all([
      oneProject(this.#connection, this.id),
      recordIds(this.#connection, this.id, "prefs.item"),
    ]);
    if (row !== undefined) this.row = row;
    this.queue.read(items);
  }

  /** Who judged what, from keys alone: enough for the first set. */
  async #readKeys(): Promise<void> {
    await this.queue.fill((ledger) =>
      submittedBy(this.#connection, this.id, (keys) => {
        for (const [task, annotator] of keys) ledger.know(this.nameOf(task), annotator);
      }),
    );
  }

  /** The judgements themselves; they may open a set for a second opinion, or close the one on screen. */
  async #readMarks(): Promise<void> {
    this.reading = 0;
    await this.queue.fill(async (ledger) => {
      for await (const part of this.#store.parts()) {
        for (const row of part) {
          if (row.state === "submitted") ledger.set(markOf(row, this.nameOf(row.task)));
        }
        this.reading = ledger.size;
      }
    });
    this.reading = null;
    await this.asking.look();
  }

  /** Takes in what another tab saved. @param rows null: anything may be different */
  async #takeIn(rows: readonly RowKey[] | null): Promise<void> {
    if (rows === null) return this.refresh();
    for (const [task, annotator] of rows) {
      const row = await this.#store.row(task, annotator);
      const name = this.nameOf(task);
      if (row?.state === "submitted") this.queue.record(markOf(row, name));
      else this.queue.forget(name, annotator);
    }
    await this.asking.look();
  }
}
