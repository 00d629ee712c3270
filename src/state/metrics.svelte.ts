// The numbers of a run: rows in a typed array that runes never see, and a counter that they do.
import { METRICS } from "../workers/protocol.ts";
import type { MetricName } from "../workers/protocol.ts";

/** Names of the columns, in order. */
export const COLUMNS: readonly MetricName[] = METRICS;
const WIDTH = METRICS.length;
/** Rows kept; beyond that the oldest are overwritten. */
const CAPACITY = 4096;

export class Metrics {
  /** Changes with every append; read it to depend on the rows. */
  version = $state(0);
  #ring = new Float32Array(CAPACITY * WIDTH);
  /** rows ever appended and not taken back */
  #count = 0;

  /** How many rows there are, including overwritten ones; who reads it depends on the rows. */
  get count(): number {
    return this.version === 0 ? 0 : this.#count;
  }

  /** @param first index of the first row @param rows (n, METRICS.length) */
  append(first: number, rows: Float32Array): void {
    const n = Math.floor(rows.length / WIDTH);
    for (let r = 0; r < n; r++) {
      const row = rows.subarray(r * WIDTH, (r + 1) * WIDTH);
      this.#ring.set(row, ((first + r) % CAPACITY) * WIDTH);
    }
    this.#count = first + n;
    this.version++;
  }

  /** Forgets the rows after the given step, as a rollback does. */
  keepThrough(step: number): void {
    while (this.#count > 0 && this.at("step", this.#count - 1) > step) this.#count--;
    this.version++;
  }

  clear(): void {
    this.#count = 0;
    this.version++;
  }

  /** Value of a column in row `index`, NaN where there is none. */
  at(name: MetricName, index: number): number {
    if (index < 0 || index >= this.count || index < this.count - CAPACITY) return Number.NaN;
    return this.#ring[(index % CAPACITY) * WIDTH + METRICS.indexOf(name)] ?? Number.NaN;
  }

  /** The kept values of a column, oldest first. */
  column(name: MetricName): number[] {
    const from = Math.max(0, this.count - CAPACITY);
    return Array.from({ length: this.count - from }, (_, i) => this.at(name, from + i));
  }

  /** Index of the last row at or before a step, -1 when there is none. */
  indexAt(step: number): number {
    for (let i = this.count - 1; i >= 0; i--) if (this.at("step", i) <= step) return i;
    return -1;
  }

  /** All kept rows as plain numbers, for saving. */
  rows(): number[][] {
    const from = Math.max(0, this.count - CAPACITY);
    return Array.from({ length: this.count - from }, (_, i) =>
      METRICS.map((name) => this.at(name, from + i)),
    );
  }
}
