// The three numbers of a run that a novice watches: plain names, units, and a word for each reading.
import { compact, signed } from "../../state/format.ts";
import { leashWord, speechWord } from "../../state/levers.ts";
import type { Metrics } from "../../state/metrics.svelte.ts";
import type { MetricName } from "../../workers/protocol.ts";

export interface Meter {
  readonly metric: MetricName;
  readonly name: string;
  readonly unit: string;
  /** one sentence for the tooltip */
  readonly text: string;
}

export const METERS: readonly Meter[] = [
  {
    metric: "objective/scores",
    name: "How you like it",
    unit: "learned reward, SD",
    text: "Mean learned reward of fresh answers: 0 is the model before training, 1 the spread of its answers. It is a judge trained by you, not you.",
  },
  {
    metric: "objective/kl",
    name: "Leash",
    unit: "KL, nats per answer",
    text: "How far the model moved from the copied one.",
  },
  {
    metric: "ptx_loss",
    name: "Still speaks English",
    unit: "loss, nats per token",
    text: "Loss on ordinary text; lower is better. It rises when old skills fade.",
  },
];

export interface Reading {
  readonly value: string;
  /** what the value means, empty where nothing can be said */
  readonly word: string;
}

/** What a meter shows at a row of the metrics. */
export function readMeter({ metric }: Meter, metrics: Metrics, row: number): Reading {
  const value = metrics.at(metric, row);
  if (!Number.isFinite(value)) return { value: "–", word: "" };
  if (metric === "objective/scores") return { value: signed(value, 2), word: "" };
  const first = metrics.column(metric).find((one) => Number.isFinite(one)) ?? value;
  const word = metric === "objective/kl" ? leashWord(value) : speechWord(first, value);
  return { value: compact(value), word };
}

/** The row of the metrics that the playhead (null = the newest) stands at. */
export function rowAt(metrics: Metrics, playhead: number | null): number {
  return playhead === null ? metrics.count - 1 : metrics.indexAt(playhead);
}
