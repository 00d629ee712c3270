// CSV files with the paper's columns that a person opened: read as they stream in, one on screen.
import { mean } from "../../evaluation/intervals.ts";
import { readBenchmarkCsv } from "../../formats/benchmark-csv.ts";
import type { BenchmarkFile } from "../../formats/benchmark-csv.ts";
import type { Judged } from "../../formats/benchmark-rows.ts";
import type { Measured } from "../../reproduce/results.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { count, sentenceOf } from "../format.ts";
import { Browser } from "./browser.svelte.ts";
import { ofBenchmark } from "./collection.ts";

export interface MeanRow {
  readonly model: string;
  readonly asked: string;
  readonly rows: number;
  /** mean of each judged number, with its interval */
  readonly means: Readonly<Partial<Record<Judged, Measured>>>;
}

export class CsvDesk {
  files = $state.raw<readonly BenchmarkFile[]>([]);
  file = $state.raw<BenchmarkFile | null>(null);
  reading = $state.raw<{ readonly name: string; readonly rows: number } | null>(null);
  /** why the last file was not opened; what was open stays */
  refusal = $state("");
  readonly browser = new Browser();
  readonly means: readonly MeanRow[] = $derived(this.file === null ? [] : meansOf(this.file));
  #announcer: Announcer;
  #turn = 0;

  constructor(announcer: Announcer) {
    this.#announcer = announcer;
  }

  /** Reads files one after the other; each is there as soon as it is read. Never rejects. */
  async open(files: readonly File[]): Promise<void> {
    this.refusal = "";
    const turn = ++this.#turn;
    for (const file of files) {
      if (turn !== this.#turn) return;
      await this.#read(file, turn);
    }
  }

  /** Stops reading; what was read before stays. */
  cancel(): void {
    this.#turn++;
    this.reading = null;
    this.#announcer.say("Stopped reading.");
  }

  show(file: BenchmarkFile): void {
    this.file = file;
    const collection = ofBenchmark(file);
    // One way of asking at a time: twelve answers can be compared at a glance, thirty-six cannot.
    const asked = collection.asked.length > 1 ? (collection.asked[0] ?? "") : "";
    this.browser.open(collection, { asked });
  }

  async #read(file: File, turn: number): Promise<void> {
    const { name } = file;
    this.reading = { name, rows: 0 };
    try {
      const read = await readBenchmarkCsv(file.stream(), name, {
        onProgress: (rows) => {
          if (turn !== this.#turn) throw new Stopped();
          this.reading = { name, rows };
        },
      });
      if (turn !== this.#turn) return;
      this.files = [...this.files.filter((other) => other.name !== name), read];
      this.show(read);
      const { length } = this.browser.collection?.prompts ?? [];
      this.#announcer.say(
        `${name}: ${count(read.rows.length, "row")}, ${count(length, "prompt")}.`,
      );
    } catch (error) {
      if (error instanceof Stopped || turn !== this.#turn) return;
      this.refusal = sentenceOf(error);
      this.#announcer.alert(this.refusal);
    } finally {
      if (turn === this.#turn) this.reading = null;
    }
  }
}

class Stopped extends Error {}

/** Means by model and by how it was asked, in the order of the file. */
function meansOf({ rows }: BenchmarkFile): MeanRow[] {
  const groups = new Map<string, (typeof rows)[number][]>();
  for (const row of rows) {
    const key = `${row.model}\u0000${row.promptType}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()].map((group) => {
    const names = new Set(group.flatMap(({ judged }) => Object.keys(judged) as Judged[]));
    const of = (name: Judged): number[] =>
      group.map(({ judged }) => judged[name]).filter((value) => value !== undefined);
    return {
      model: group[0]?.model ?? "",
      asked: group[0]?.promptType ?? "",
      rows: group.length,
      means: Object.fromEntries([...names].map((name) => [name, mean(of(name))])),
    };
  });
}
