// A run in storage beside its weights: what the page needs to draw it again after a reload.
import type { RunConfig } from "../config.ts";
import { METRICS } from "../workers/protocol.ts";
import type { SelfChecks } from "../workers/protocol.ts";
import type { Recipe } from "./methods.ts";
import type { Persisted } from "./persisted.svelte.ts";
import type { Frame, Mark } from "./timeline.svelte.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** What the run itself knows. */
interface RunFacts {
  readonly config: RunConfig;
  /** how it reinforced; runs from before there was a choice lack it and were PPO-ptx */
  readonly recipe?: Recipe;
  readonly step: number;
  /** iterations wanted; runs from before it was kept have as many as their configuration says */
  readonly total?: number;
  /** it learned from the rankings turned round */
  readonly flipped: boolean;
}

export interface RunDetail extends RunFacts {
  readonly frames: readonly Frame[];
  readonly marks: readonly Mark[];
  /** metrics by step; null where a value was not finite, which JSON cannot say */
  readonly rows: readonly (readonly (number | null)[])[];
  readonly checks: KeptChecks | null;
}

/** The self-checks; null where one was not measured yet. */
type KeptChecks = {
  readonly [name in keyof SelfChecks]:
    SelfChecks[name] | (SelfChecks[name] extends number ? null : never);
};

export interface KeptRun {
  readonly id: string;
  /** when it was saved last, milliseconds since 1970 */
  readonly t: number;
  readonly finished: boolean;
  readonly detail: RunDetail;
}

/** Saves what the page shows of a run. @throws Error with one sentence */
export async function saveRun(
  persisted: Persisted,
  trainer: Trainer,
  id: string,
  facts: RunFacts,
  finished: boolean,
): Promise<void> {
  const { timeline, metrics, checks } = trainer;
  const rows = metrics.rows().map((row) => row.map(finiteOrNull));
  const { frames, marks } = timeline;
  const detail: RunDetail = {
    ...facts,
    frames,
    marks,
    rows,
    checks: checks === null ? null : keptChecks(checks),
  };
  const state = finished ? "finished" : "running";
  await persisted.saveRun({ id, t: Date.now(), state, detail });
}

/** The last run as it was drawn, or null; its weights are the worker's. @throws Error with one sentence */
export async function loadRun(persisted: Persisted): Promise<KeptRun | null> {
  const row = await persisted.lastRun();
  if (row === null) return null;
  return {
    id: row.id,
    t: row.t,
    finished: row.state === "finished",
    detail: row.detail as RunDetail,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function keptChecks({ ratioError, initialKl, finite, eosRate }: SelfChecks): KeptChecks {
  return {
    ratioError: finiteOrNull(ratioError),
    initialKl: finiteOrNull(initialKl),
    finite,
    eosRate: finiteOrNull(eosRate),
  };
}

/** Puts a kept run on screen, up to the step that its weights belong to. */
export function showRun(trainer: Trainer, detail: RunDetail, step: number): void {
  const { timeline, metrics } = trainer;
  timeline.clear();
  timeline.frames = detail.frames;
  timeline.marks = detail.marks;
  const rows = new Float32Array(detail.rows.length * METRICS.length);
  for (const [r, row] of detail.rows.entries()) {
    const values = row.map((value) => value ?? Number.NaN);
    rows.set(values, r * METRICS.length);
  }
  metrics.clear();
  metrics.append(0, rows);
  timeline.keepThrough(step);
  metrics.keepThrough(step);
  const { checks } = detail;
  trainer.checks =
    checks === null
      ? null
      : {
          ratioError: checks.ratioError ?? Number.NaN,
          initialKl: checks.initialKl ?? Number.NaN,
          finite: checks.finite,
          eosRate: checks.eosRate ?? Number.NaN,
        };
}
