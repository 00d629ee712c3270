// The collection page: the projects of this browser and the one that is open.
import { allRecords, countsOf, listProjects, oneProject } from "../../storage/collection.ts";
import type { Connection } from "../../storage/database.ts";
import { DEFAULT_SETTINGS, NEW_SCHEDULE } from "../../storage/projects.ts";
import type { ProjectRow, ProjectSettings } from "../../storage/projects.ts";
import { sha256 } from "../../storage/sha256.ts";
import { Store } from "../../storage/store.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { freshId } from "../fresh-id.ts";
import { sentenceOf } from "../format.ts";
import type { Select } from "./chooser.ts";
import { People } from "./people.svelte.ts";
import { PRESETS } from "./presets.ts";
import { Project } from "./project.svelte.ts";

const NOWHERE =
  "There is no project at this address in this browser. Import its file to have it here.";

export class Collect {
  projects = $state.raw<readonly ProjectRow[] | null>(null);
  /** sets and judgements of each project */
  counts = $state.raw<ReadonlyMap<string, { sets: number; judgements: number }>>(new Map());
  project = $state.raw<Project | null>(null);
  readonly people = new People();
  /** why projects or one of them cannot be read */
  failure = $state("");
  readonly announcer: Announcer;
  readonly #connection: Connection;
  readonly #select: Select | undefined;
  #opening: string | null | undefined;

  /** @param select draws the next sets; in the quality worker when it is left out */
  constructor(connection: Connection, announcer: Announcer, select?: Select) {
    this.#connection = connection;
    this.#select = select;
    this.announcer = announcer;
  }

  /** Reads the list of projects. Never rejects. */
  async list(): Promise<void> {
    await this.#quietly(async () => {
      const projects = await listProjects(this.#connection);
      this.projects = projects;
      const counts = await Promise.all(
        projects.map(async ({ id }) => [id, await countsOf(this.#connection, id)] as const),
      );
      this.counts = new Map(counts);
    });
  }

  /** Opens a project, or (null) closes the one that is open. Never rejects. */
  async open(id: string | null): Promise<void> {
    if (this.#opening === id) return;
    this.#opening = id;
    await this.project?.close();
    this.project = null;
    if (id === null) return this.list();
    await this.#quietly(async () => {
      // Not out of the list, which counts what is in each project.
      const row = await oneProject(this.#connection, id);
      if (row === undefined) throw new Error(NOWHERE);
      const who = this.people.current ?? undefined;
      const project = await Project.open(this.#connection, row, this.announcer, who, this.#select);
      if (this.#opening === id) this.project = project;
      else await project.close();
    });
  }

  /** Another person judges from now on, in the project that is open too. */
  async judgeAs(person: string): Promise<void> {
    this.people.choose(person);
    const id = this.#opening;
    if (id === null || id === undefined) return;
    this.#opening = undefined;
    await this.open(id);
  }

  async close(): Promise<void> {
    this.#opening = undefined;
    await this.project?.close();
    this.project = null;
  }

  /** Makes a project; gives its id. @throws Error with one sentence */
  async create(name: string, preset: string, settings: Partial<ProjectSettings>): Promise<string> {
    const id = freshId();
    const whole = { ...DEFAULT_SETTINGS, schedule: NEW_SCHEDULE, ...settings };
    const text = PRESETS.find((one) => one.name === preset)?.text ?? "";
    await this.#into(id, async (store) => {
      const patch = { name: name.trim() || "Untitled", settings: whole, archived: false };
      await store.append("project.create", "", patch);
      if (text === "") return;
      await store.append("guideline.save", "", { version: 1, preset, text, hash: sha256(text) });
    });
    await this.list();
    return id;
  }

  /** A project with the same questions, guideline and sets of answers, and no judgements. */
  async duplicate(row: ProjectRow): Promise<void> {
    await this.#quietly(async () => {
      const copied = await allRecords(this.#connection, row.id);
      const records = copied
        .filter(({ schema }) => schema === "prefs.item" || schema === "prefs.prompt")
        .map(({ record }) => record);
      await this.#into(freshId(), async (store) => {
        const { settings, guidelines } = row;
        const name = `${row.name} (copy)`;
        await store.append("project.create", "", { name, settings, archived: false });
        const last = guidelines.at(-1);
        if (last !== undefined) {
          const { preset, text, hash } = last;
          await store.append("guideline.save", "", { version: 1, preset, text, hash });
        }
        const project = await Project.open(this.#connection, await this.#row(store.project), this.announcer); // prettier-ignore
        if (records.length > 0) await project.batches.add({ records, rows: [] }, row.name);
        await project.close();
      });
      await this.list();
      this.announcer.say(`“${row.name}” was copied, without its judgements.`);
    });
  }

  async rename(row: ProjectRow, name: string): Promise<void> {
    await this.#change(row, { name: name.trim() || row.name }, "Renamed.");
  }

  async archive(row: ProjectRow, archived: boolean): Promise<void> {
    const said = archived ? "Archived. Nothing was deleted." : "Back in the list.";
    await this.#change(row, { archived }, said);
  }

  async #change(
    row: ProjectRow,
    patch: Partial<Pick<ProjectRow, "name" | "archived">>,
    said: string,
  ): Promise<void> {
    await this.#quietly(async () => {
      await this.#into(row.id, async (store) => {
        await store.append("project.change", "", patch);
      });
      await this.list();
      this.announcer.say(said);
    });
  }

  async #row(id: string): Promise<ProjectRow> {
    const row = await oneProject(this.#connection, id);
    if (row === undefined) throw new Error("The project was not found again after it was made.");
    return row;
  }

  async #into(project: string, work: (store: Store) => Promise<void>): Promise<void> {
    const store = await Store.start(this.#connection, { project });
    try {
      await work(store);
    } finally {
      await store.close();
    }
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      this.failure = "";
      await work();
    } catch (error) {
      this.failure = sentenceOf(error);
      this.announcer.alert(this.failure);
    }
  }
}
