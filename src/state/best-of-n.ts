// Best-of-n as a run: each step draws one more answer to every watched prompt and keeps what scores best.
import { METRICS } from "../workers/protocol.ts";
import type { Sample } from "../workers/protocol.ts";
import type { PromptText } from "./first-prompt.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** Between the seeds of two draws, so that no draw repeats the dice of another one's neighbour. */
const SEED_STRIDE = 7919;

/**
 * KL of the best of n answers to a single one in nats, for a reward without ties: ln n - (n-1)/n
 * (Stiennon et al. 2020, appendix G).
 */
export function bestOfKl(n: number): number {
  return Math.log(n) - (n - 1) / n;
}

/** Of two answers to each prompt the one that scores better; the older one when they are equal. */
export function better(kept: readonly Sample[], fresh: readonly Sample[]): Sample[] {
  return fresh.map((sample) => {
    const old = kept.find(({ promptId }) => promptId === sample.promptId);
    if (old === undefined) return sample;
    return (sample.reward ?? -Infinity) > (old.reward ?? -Infinity) ? sample : old;
  });
}

/** A row of metrics (METRICS.length) for the best of n; what has no meaning here is NaN. */
export function bestOfRow(n: number, best: readonly Sample[]): Float32Array {
  const mean = (of: (sample: Sample) => number): number =>
    best.reduce((sum, sample) => sum + of(sample), 0) / best.length;
  const known: Partial<Record<(typeof METRICS)[number], number>> = {
    step: n,
    "objective/scores": mean(({ reward }) => reward ?? Number.NaN),
    "objective/kl": bestOfKl(n),
    eos_rate: mean(({ finished }) => (finished ? 1 : 0)),
    response_length: mean(({ tokens }) => tokens.length),
  };
  return Float32Array.from(METRICS, (name) => known[name] ?? Number.NaN);
}

/** Draws answer number n (1, 2, …) of every prompt and puts the best so far on the timeline. */
export async function drawAgain(
  trainer: Trainer,
  prompts: readonly PromptText[],
  n: number,
  seed: number,
): Promise<void> {
  const { timeline, metrics } = trainer;
  const dice = (seed + (n - 1) * SEED_STRIDE) >>> 0;
  const sets = await trainer.ask((api) => api.sample(prompts, 1, dice, "sft"));
  const best = better(timeline.frames.at(-1)?.samples ?? [], sets.flat());
  timeline.add(n, best);
  metrics.append(n - 1, bestOfRow(n, best));
}
