// Section "train": one whole training step (forward, backward, AdamW) at several sizes.
import { gflops, timed } from "./bench.ts";
import type { Bench, Section } from "./bench.ts";
import {
  FIVE_MILLION,
  M,
  ONE_MILLION,
  QUARTER_MILLION,
  S,
  TWENTY_FIVE_MILLION,
  describeTraining,
  lossOf,
  prepareTraining,
} from "./models.ts";
import type { Size } from "./models.ts";
import type { Row } from "./table.ts";

const MIB = 1 << 20;

async function rowOf(bench: Bench, size: Size): Promise<Row | undefined> {
  const { flops } = describeTraining(bench.engine, size);
  if (!bench.fits(`a training step at ${size.name}`, flops)) return undefined;
  await bench.fresh();
  const training = await prepareTraining(bench.engine, size);
  const timing = await bench.time([training.plan], flops);
  const loss = await lossOf(training);
  const { persistent, slots } = bench.engine.memory.bytes;
  const rate = gflops(flops, timing);
  return {
    size: size.name,
    parameters: training.parameterCount,
    "tokens a step": training.tokens,
    ...timed(timing),
    "tokens/s": (1000 * training.tokens) / timing.median,
    "GFLOP a step": flops / 1e9,
    "GFLOP/s": rate,
    ...bench.ofPeak(flops, timing),
    "MiB kept": persistent / MIB,
    "MiB slots": slots / MIB,
    "loss at the end": loss,
  };
}

export const trainSection: Section = {
  name: "train",
  help: "training step at 0.25M, S, 1M and M; 5M and 25M with --large",
  async run(bench) {
    const sizes = [QUARTER_MILLION, S, ONE_MILLION, M];
    if (bench.options.large) sizes.push(FIVE_MILLION, TWENTY_FIVE_MILLION);
    else bench.leaveOut("5M and 25M", "--large was not given");
    const rows: Row[] = [];
    for (const size of sizes) {
      const row = await rowOf(bench, size);
      if (row !== undefined) rows.push(row);
    }
    const note =
      "GFLOP counts matrix products and causal attention as they are executed. Kept: weights, gradients, moments and inputs; slots: all activations. The loss is that of the same batch over and over.";
    return [{ title: "Training step", rows, notes: [note, ...bench.takeLeftOut()] }];
  },
};
