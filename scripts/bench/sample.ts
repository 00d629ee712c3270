// Section "sample": whole rollouts at S, prefill and decode with a cache, read back once.
import { gflops, timed } from "./bench.ts";
import type { Bench, Section } from "./bench.ts";
import { measure } from "./measure.ts";
import { S } from "./models.ts";
import { prepareSampling } from "./sampling.ts";
import type { Row } from "./table.ts";

const BATCHES = [1, 16, 64];
const PROMPT = 8;
const ANSWER = 32;

async function rowOf(bench: Bench, B: number): Promise<Row | undefined> {
  await bench.fresh();
  const { engine } = bench;
  const { generator, rollout } = await prepareSampling(engine, S, { B, P: PROMPT, G: ANSWER });
  const flops = generator.flops();
  if (!bench.fits(`sampling in a batch of ${String(B)}`, flops)) return undefined;
  await rollout(0);
  const before = { ...engine.counts };
  let tokens = 0;
  let runs = 0;
  const timing = await measure(async () => {
    tokens += (await rollout(++runs)).length;
  }, bench.options.limits);
  bench.learn(flops, timing.median);
  const per = (name: "submits" | "readBacks" | "dispatches"): number =>
    (engine.counts[name] - before[name]) / runs;
  return {
    batch: B,
    ...timed(timing),
    "tokens drawn": tokens / runs,
    "tokens/s": ((tokens / runs) * 1000) / timing.median,
    "ms a token of the batch": timing.median / ANSWER,
    "GFLOP/s": gflops(flops, timing),
    dispatches: per("dispatches"),
    submits: per("submits"),
    "read-backs": per("readBacks"),
  };
}

export const sampleSection: Section = {
  name: "sample",
  help: "rollouts at S in batches of 1, 16 and 64",
  async run(bench) {
    const rows: Row[] = [];
    for (const B of BATCHES) {
      const row = await rowOf(bench, B);
      if (row !== undefined) rows.push(row);
    }
    const note = `A rollout: prompts of ${String(PROMPT)} tokens, answers of up to ${String(ANSWER)}, temperature 1, random weights. Tokens after an end token are computed and not counted. One of the submits copies the result for its read-back.`;
    return [{ title: "Sampling at S", rows, notes: [note, ...bench.takeLeftOut()] }];
  },
};
