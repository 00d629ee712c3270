// Section "train": one whole training step (forward, backward, AdamW) at several sizes.
import { memoryPlan } from "../../src/plan/memory-plan.ts";
import type { MemoryPlan } from "../../src/plan/memory-plan.ts";
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
import { theHost } from "./host.ts";
import { median } from "./measure.ts";
import type { Size, Training } from "./models.ts";
import type { Row, Table } from "./table.ts";

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

/** A step is timed so often in each type, in turns. */
const TURNS = 5;

function planned(bench: Bench, size: Size, activations: "f16" | "f32"): MemoryPlan {
  const { calls } = describeTraining(bench.engine, size, { activations });
  return memoryPlan({ plans: [{ label: size.name, calls }] });
}

/** Milliseconds and processor milliseconds of one step. */
async function once({ engine, plan }: Training): Promise<readonly [number, number]> {
  const used = await theHost().cpuMs();
  const from = performance.now();
  engine.run(plan);
  await engine.idle();
  const elapsed = performance.now() - from;
  return [elapsed, (await theHost().cpuMs()) - used];
}

/** f16 against f32 activations: bytes by the memory plan, times of steps in turns. */
async function halvesRow(bench: Bench, size: Size): Promise<Row | undefined> {
  const { flops } = describeTraining(bench.engine, size);
  if (!bench.fits(`f16 activations at ${size.name}`, 4 * flops)) return undefined;
  await bench.fresh();
  const full = await prepareTraining(bench.engine, size);
  const half = await prepareTraining(bench.engine, size, { activations: "f16" });
  await bench.tune([full.plan, half.plan]);
  const ratios: (readonly [number, number])[] = [];
  for (let turn = 0; turn <= TURNS; turn++) {
    const [f32, f16] = [await once(full), await once(half)];
    // drivers finish compiling in the first
    if (turn > 0) ratios.push([f16[0] / f32[0], f16[1] / f32[1]]);
  }
  const [f32, f16] = [planned(bench, size, "f32"), planned(bench, size, "f16")];
  return {
    size: size.name,
    "MiB slots f32": f32.slots / MIB,
    "MiB slots f16": f16.slots / MIB,
    "MiB all f32": f32.peak / MIB,
    "MiB all f16": f16.peak / MIB,
    "time f16/f32": median(ratios.map(([wall]) => wall)),
    "CPU time f16/f32": median(ratios.map(([, cpu]) => cpu)),
    "loss f32": await lossOf(full),
    "loss f16": await lossOf(half),
  };
}

async function halvesTable(bench: Bench, sizes: readonly Size[]): Promise<Table> {
  const title = "Training step with f16 activations beside f32";
  if (!bench.engine.limits.f16) {
    return { title, rows: [], notes: ["Left out: this engine or adapter has no shader-f16."] };
  }
  const rows: Row[] = [];
  for (const size of sizes) {
    const row = await halvesRow(bench, size);
    if (row !== undefined) rows.push(row);
  }
  const note =
    "Both plans with kernels tuned, on one device, steps in turns; bytes by the memory plan of a step alone.";
  return { title, rows, notes: [note, ...bench.takeLeftOut()] };
}

export const trainSection: Section = {
  name: "train",
  help: "training step at 0.25M, S, 1M and M, with f32 and f16 activations; 5M and 25M with --large",
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
    const table = { title: "Training step", rows, notes: [note, ...bench.takeLeftOut()] };
    return [table, await halvesTable(bench, sizes)];
  },
};
