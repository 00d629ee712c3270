// A run that was really computed elsewhere, stored so that the page can show it without a GPU.
import type { RunConfig } from "../config.ts";
import { METRICS } from "../workers/protocol.ts";
import type { Sample, SelfChecks, TrainerEvent } from "../workers/protocol.ts";

/** `public/recorded-run.json`: the events of one run as the trainer sent them, in order. */
export interface RecordedRun {
  readonly version: 1;
  readonly made: {
    readonly adapter: string;
    readonly command: string;
    readonly seed: number;
    /** ISO date */
    readonly date: string;
  };
  /** the taste that was ranked by, in words */
  readonly taste: string;
  readonly rankings: number;
  readonly comparisons: number;
  readonly config: RunConfig;
  /** names of the columns of `rows`; columns may come and go between versions */
  readonly metrics: readonly string[];
  /** one row per step */
  readonly rows: readonly (readonly number[])[];
  readonly checks: SelfChecks;
  /** the same prompts and seeds at several steps; step 0 is the model before training */
  readonly samples: readonly { readonly step: number; readonly samples: readonly Sample[] }[];
}

const FILE = "recorded-run.json";

/** @throws Error with one sentence when it is not such a file */
export function readRecordedRun(value: unknown): RecordedRun {
  const data = value as Partial<RecordedRun> | null;
  if (typeof data !== "object" || data === null || data.version !== 1) {
    throw new Error(`${FILE}: found another format than version 1; no recording is shown.`);
  }
  if (!Array.isArray(data.rows) || !Array.isArray(data.samples) || !Array.isArray(data.metrics)) {
    throw new Error(`${FILE}: rows, metrics or samples are missing; no recording is shown.`);
  }
  return data as RecordedRun;
}

/** Fetches the file from beside the page. */
export async function loadRecordedRun(): Promise<RecordedRun> {
  const response = await fetch(`./${FILE}`);
  if (!response.ok) {
    throw new Error(`${FILE}: the server answered ${response.status}; no recording is shown.`);
  }
  return readRecordedRun(await response.json());
}

/** The recording as the events a trainer would have sent. */
export function recordedEvents(run: RecordedRun): TrainerEvent[] {
  const columns = METRICS.map((name) => run.metrics.indexOf(name));
  const rows = new Float32Array(run.rows.length * METRICS.length);
  for (const [r, row] of run.rows.entries()) {
    for (const [c, column] of columns.entries()) {
      rows[r * METRICS.length + c] = column < 0 ? Number.NaN : (row[column] ?? Number.NaN);
    }
  }
  return [
    { type: "checks", checks: run.checks },
    { type: "metrics", first: 0, rows },
    ...run.samples.map(({ step, samples }) => ({ type: "samples" as const, step, samples })),
  ];
}
