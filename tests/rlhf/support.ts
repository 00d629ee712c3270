// What the tests of training share: a real trainer with the shipped model on the CPU engine, and rankings by a taste.
import { readFileSync } from "node:fs";
import { DEFAULTS } from "../../src/config.ts";
import type { RunConfig } from "../../src/config.ts";
import { CpuEngine } from "../../src/cpu/engine.ts";
import type { HostArray } from "../../src/plan/engine.ts";
import { METRICS } from "../../src/workers/protocol.ts";
import type { MetricName, Ranking, Sample, TrainerEvent } from "../../src/workers/protocol.ts";
import { Trainer } from "../../src/workers/trainer.ts";
import { buildTokenizer, livePrompts } from "../../src/world/index.ts";

export interface Opened {
  readonly trainer: Trainer;
  readonly events: TrainerEvent[];
  /** the column of a metric over the iterations so far */
  metric(name: MetricName): number[];
}

/** A trainer with the shipped supervised model on the CPU engine; small batches unless told otherwise. */
export async function openTrainer(
  changes: Partial<RunConfig> = {},
  onEvent: (event: TrainerEvent) => void = () => undefined,
): Promise<Opened> {
  const trainer = new Trainer({
    openEngine: async () => ({
      engine: await CpuEngine.create(),
      kind: "cpu",
      software: true,
      destroy: () => undefined,
    }),
    load: (file) => Promise.resolve(new Uint8Array(readFileSync(`public/${file}`))),
  });
  const events: TrainerEvent[] = [];
  await trainer.open({ ...DEFAULTS, batch: 16, ...changes }, (event) => {
    events.push(event);
    onEvent(event);
  });
  const metric = (name: MetricName): number[] =>
    events.flatMap((event) =>
      event.type === "metrics" ? [event.rows[METRICS.indexOf(name)] ?? NaN] : [],
    );
  return { trainer, events, metric };
}

/** Prompts as the page sends them. */
export function prompts(seed: number, n: number): { id: string; text: string }[] {
  const tokenizer = buildTokenizer();
  return livePrompts(seed, n).map(({ prompt }, i) => ({
    id: String(i),
    text: tokenizer.render(prompt.split(" ")),
  }));
}

/** Rankings of k fresh answers to each of n prompts, ordered by a score (higher is better, equal ties). */
export async function rankings(
  trainer: Trainer,
  n: number,
  k: number,
  score: (sample: Sample) => number,
): Promise<Ranking[]> {
  const asked = prompts(100, n);
  const sets = await trainer.sample(asked, k, 31, "sft");
  return sets.map((set, i) => ({
    id: String(i),
    prompt: asked[i]?.text ?? "",
    completions: set.map(({ tokens }) => tokens),
    ranks: set.map((one) => 1 + set.filter((other) => score(other) > score(one)).length),
  }));
}

/** Whether two arrays from a device hold the same bits; expect() takes seconds for so many numbers. */
export function sameBytes(a: HostArray | undefined, b: HostArray | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const bytes = (array: HostArray): Buffer =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}
