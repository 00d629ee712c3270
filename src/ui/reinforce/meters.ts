// The numbers of a run that a novice watches, by method: plain names, units, and a word for each reading.
import { compact, signed } from "../../state/format.ts";
import { leashWord, likedName, speechMeans, speechWord } from "../../state/levers.ts";
import type { Choice } from "../../state/methods.ts";
import type { Metrics } from "../../state/metrics.svelte.ts";
import type { MetricName } from "../../workers/protocol.ts";

export interface Meter {
  readonly metric: MetricName;
  readonly name: string;
  readonly unit: string;
  /** one sentence for the tooltip */
  readonly text: string;
}

const LIKED: Meter = {
  metric: "objective/scores",
  name: likedName(false),
  unit: "learned reward, SD",
  text: "Mean learned reward of fresh answers: 0 is the model before training, 1 the spread of its answers. It is a judge trained by you, not you.",
};
const LEASH: Meter = {
  metric: "objective/kl",
  name: "Distance from the start",
  unit: "KL, nats per answer",
  text: "How far the model moved from the copied one; the leash holds it back.",
};
const SPEECH: Meter = {
  metric: "ptx_loss",
  name: "Still speaks English",
  unit: "loss, nats per token",
  text: "Loss on ordinary text; lower is better. It rises when old skills fade. The curve has every batch; the number is the mean of the last ten, beside that of the first.",
};
const EQUAL: Meter = {
  metric: "frac_reward_zero_std",
  name: "Nothing to choose",
  unit: "share of prompts",
  text: "Prompts whose answers all got the same reward: they teach nothing in this step.",
};
const TOLD: Meter = {
  metric: "rewards/accuracies",
  name: "Tells them apart",
  unit: "share of pairs",
  text: "Share of your pairs whose better answer became likelier than the other one, compared with the copied model.",
};
const MARGIN: Meter = {
  metric: "rewards/margins",
  name: "By how much",
  unit: "implicit reward",
  text: "Beta times how much likelier the better answer became than the other one. Answers are fitted, not written, so it can grow while nothing else improves.",
};

const METERS: Readonly<Record<Choice, readonly Meter[]>> = {
  ppo: [LIKED, LEASH, SPEECH],
  grpo: [LIKED, LEASH, SPEECH, EQUAL],
  rloo: [LIKED, LEASH, SPEECH, EQUAL],
  dpo: [
    {
      ...LIKED,
      text: "Mean learned reward of fresh answers, for comparison: DPO never sees it, it learns from your rankings themselves.",
    },
    TOLD,
    MARGIN,
    LEASH,
    SPEECH,
  ],
  "best-of-n": [
    {
      ...LIKED,
      text: "Mean learned reward of the best answers so far to the prompts shown here. Nothing is trained; picking by it is all that happens.",
    },
    {
      ...LEASH,
      text: "How far the best of n is from a single answer: ln n − (n − 1) / n, a formula and not a measurement.",
    },
  ],
};

/** @param flipped the run learns from the rankings turned round, so that its reward is no liking of the person's */
export function metersOf(choice: Choice, flipped = false): readonly Meter[] {
  if (!flipped) return METERS[choice];
  return METERS[choice].map((meter) =>
    meter.metric === LIKED.metric
      ? {
          ...meter,
          name: likedName(true),
          text: `Your rankings turned round: up is away from what you like. ${meter.text}`,
        }
      : meter,
  );
}

export interface Reading {
  readonly value: string;
  /** what the value means, empty where nothing can be said */
  readonly word: string;
}

/** What a meter shows at a row of the metrics. */
export function readMeter({ metric }: Meter, metrics: Metrics, row: number): Reading {
  const value = metrics.at(metric, row);
  const written = compact(value).replace(/^-/, "−");
  if (!Number.isFinite(value)) return { value: "–", word: "" };
  if (metric === "objective/scores") return { value: signed(value, 2), word: "" };
  if (metric === "objective/kl") return { value: written, word: leashWord(value) };
  if (metric !== "ptx_loss") return { value: written, word: "" };
  const losses = metrics.column(metric).slice(0, row + 1);
  const means = speechMeans(losses);
  // one batch is noise: once there are enough, the number is the mean that the word is about
  return { value: means === null ? written : means.last.toFixed(2), word: speechWord(losses) };
}

/** The row of the metrics that the playhead (null = the newest) stands at. */
export function rowAt(metrics: Metrics, playhead: number | null): number {
  return playhead === null ? metrics.count - 1 : metrics.indexAt(playhead);
}
