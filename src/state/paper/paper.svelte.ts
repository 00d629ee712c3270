// The paper page: results of `npm run reproduce` as shipped or as a person opened them, and the samples behind them.
import { SvelteSet } from "svelte/reactivity";
import { code, FormatError, found } from "../../formats/errors.ts";
import { TRUTH_SERIES } from "../../reproduce/results.ts";
import type { Figure, FigurePoint, Results, SampledPrompt } from "../../reproduce/results.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { count, sentenceOf } from "../format.ts";
import { Browser } from "./browser.svelte.ts";
import { ofSamples, siblings } from "./collection.ts";
import { CsvDesk } from "./csv-desk.svelte.ts";
import { fetchBeside, fetchResults, FILE } from "./shipped.ts";
import { taskOf } from "./task-of.ts";
import { isResults, jsonOf, readResults, readSamples } from "./read-results.ts";

export type PaperState = "idle" | "loading" | "absent" | "failed" | "ready";
export type SamplesState = "idle" | "loading" | "failed" | "ready";

/** Where the text of a file beside results.json comes from. @throws Error with one sentence */
type Source = (file: string) => Promise<string>;

/** Tables that are open at first. */
const OPEN = 2;

/** Names a point of a figure among all points of a page. */
export function pointKey({ id }: Figure, { x }: FigurePoint, series: string): string {
  return JSON.stringify([id, series, x]);
}

export class Paper {
  state = $state<PaperState>("idle");
  results = $state.raw<Results | null>(null);
  /** name of the file that a person opened; null: what the page ships */
  own = $state<string | null>(null);
  /** why nothing could be loaded */
  failure = $state("");
  /** why a person's file was not opened; what was there stays */
  refusal = $state("");
  /** models that figures and samples show; "" stands for all */
  kind = $state("");
  size = $state("");
  /** tables that are open, by their names */
  readonly unfolded = new SvelteSet<string>();
  readonly samples = new Browser();
  /** the point of a figure whose samples were opened, as `pointKey` names it; "" when nobody is to go back to it */
  opened = $state("");
  samplesState = $state<SamplesState>("idle");
  samplesFailure = $state("");
  /** task of the samples on screen, "" before any was opened */
  task = $state("");
  readonly csv: CsvDesk;
  #announcer: Announcer;
  #source: Source = fetchBeside;
  #known = new Map<string, readonly SampledPrompt[]>();
  /** samples files that a person gave, by name */
  #files = new Map<string, File>();
  #turn = 0;

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
    this.csv = new CsvDesk(announcer);
  }

  /** Loads what the page ships, once. Never rejects: see `state`. */
  async load(): Promise<void> {
    if (this.state !== "idle" && this.state !== "failed") return;
    this.state = "loading";
    try {
      const text = await fetchResults();
      if (text === null) this.state = "absent";
      else this.#adopt(readResults(jsonOf(text, FILE), FILE), null);
    } catch (error) {
      this.failure = sentenceOf(error);
      this.state = "failed";
    }
  }

  /** Opens results and samples from a person's files, in any order and number. Never rejects. */
  async openFiles(files: readonly File[]): Promise<void> {
    this.refusal = "";
    try {
      for (const file of files) await this.#openFile(file);
    } catch (error) {
      this.refusal = sentenceOf(error);
      this.#announcer.alert(this.refusal);
    }
  }

  async #openFile(file: File): Promise<void> {
    const value = jsonOf(await file.text(), file.name);
    if (isResults(value)) {
      this.#adopt(readResults(value, file.name), file.name);
      this.#source = (name) => this.#given(name);
      this.#announcer.say(`Opened ${file.name}.`);
      return;
    }
    if (!Array.isArray(value)) {
      throw new FormatError(
        `${code(file.name)}: found ${found(value)}; expected a results.json of npm run reproduce, or a file of samples beside it. Nothing was opened.`,
      );
    }
    // A list of prompts may come before or after the results that name it.
    readSamples(value, file.name);
    this.#files.set(file.name, file);
    this.#known.clear();
    this.#announcer.say(`${file.name} is at hand.`);
    if (this.samplesState === "failed") await this.showTask(this.task);
  }

  #adopt(results: Results, own: string | null): void {
    this.results = results;
    this.unfolded.clear();
    for (const { id } of results.tables.slice(0, OPEN)) this.unfolded.add(id);
    this.own = own;
    this.state = "ready";
    this.kind = "";
    this.size = "";
    this.task = "";
    this.#known.clear();
    this.samples.open(null);
    this.samplesState = "idle";
  }

  /** Opens the samples behind a point of a figure; `series` may name a part of its task. Never rejects. */
  async showPoint(figure: Figure, point: FigurePoint, series = ""): Promise<void> {
    this.opened = pointKey(figure, point, series);
    await this.showTask(
      taskOf(figure, point, this.results?.samples.map((one) => one.task) ?? []),
      point.models ?? null,
    );
    const parts = this.samples.collection?.tasks ?? [];
    const part = parts.find((one) => {
      const name = one.split("/").at(-1) ?? "";
      const asked = Object.entries(TRUTH_SERIES).find(([, said]) => said === series)?.[0];
      const words = series.toLowerCase().split(/[ ,]/);
      return one.includes("/") && (asked === undefined ? words.includes(name) : name === asked);
    });
    if (part !== undefined) this.samples.set({ task: part });
  }

  /**
   * Opens the samples of a task. Never rejects: see `samplesState`.
   * @param models those asked for stand first, beside the others of their size and seed; null: all
   */
  async showTask(task: string, models: readonly string[] | null = null): Promise<void> {
    const { results } = this;
    const row = results?.samples.find((one) => one.task === task);
    if (results === null || row === undefined) return;
    const turn = ++this.#turn;
    this.task = task;
    this.samplesState = "loading";
    try {
      const prompts = await this.#prompts(row.file);
      if (turn !== this.#turn) return;
      const { kind, size } = this;
      const collection = ofSamples(prompts, results.models);
      const compared =
        models === null
          ? { kind, size }
          : { models: siblings(models, results.models), first: models };
      this.samples.open(collection, compared);
      this.samplesState = "ready";
      this.#announcer.say(`${count(prompts.length, "prompt")} of ${task}.`);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.samples.open(null);
      this.samplesFailure = sentenceOf(error);
      this.samplesState = "failed";
    }
  }

  /** The prompts of the task on screen, as the file gives them; for the export. */
  get prompts(): readonly SampledPrompt[] {
    const row = this.results?.samples.find((one) => one.task === this.task);
    return row === undefined ? [] : (this.#known.get(row.file) ?? []);
  }

  async #prompts(file: string): Promise<readonly SampledPrompt[]> {
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    const read = readSamples(jsonOf(await this.#source(file), file), file);
    this.#known.set(file, read);
    return read;
  }

  /** A file that a person gave, by its own name or by the last part of its path. */
  async #given(name: string): Promise<string> {
    const file = this.#files.get(name.split("/").at(-1) ?? name);
    if (file !== undefined) return file.text();
    throw new FormatError(
      `${code(name)} was not among the files that you opened; open it too to see these samples.`,
    );
  }
}

const kept = new WeakMap<Announcer, Paper>();

/** The one paper page of a play page: what is open in it stays while other pages are looked at. */
export function paperOf(announcer: Announcer): Paper {
  const known = kept.get(announcer) ?? new Paper(announcer);
  kept.set(announcer, known);
  return known;
}
