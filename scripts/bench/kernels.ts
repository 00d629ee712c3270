// Section "kernels": each kernel of a training step at S, alone, as a share of what the adapter can do.
import type { Call } from "../../src/plan/tape.ts";
import { Tape } from "../../src/plan/tape.ts";
import { bytesOf } from "../../src/plan/work.ts";
import { lmLoss } from "../../src/rlhf/language-model.ts";
import { update } from "../../src/rlhf/optimiser.ts";
import type { Bench, Section } from "./bench.ts";
import type { Limits, Timing } from "./measure.ts";
import { measurePlans } from "./measure.ts";
import { S, describeTraining, fillTraining } from "./models.ts";
import type { Row } from "./table.ts";

/** One kernel is short, so few samples say enough. */
const SECONDS = 0.5;

interface Share {
  calls: number;
  /** milliseconds by the clock, and of processor time */
  median: number;
  cpu: number;
  flops: number;
  bytes: number;
}

const NONE: Share = { calls: 0, median: 0, cpu: 0, flops: 0, bytes: 0 };

/** The step at S with a storage of its own for every tensor, so that each call can run alone on real data. */
async function unrolled(bench: Bench): Promise<Call[]> {
  const training = describeTraining(bench.engine, S);
  fillTraining(training, S);
  const { config, parameters, optimiser, input, stats } = training;
  const tape = new Tape({ keep: true });
  tape.train(parameters.tensors.values());
  lmLoss(tape, config, parameters, input, { stats });
  tape.backward();
  update(tape, parameters, optimiser);
  const plan = await bench.engine.compile("step", tape.calls);
  await bench.tune([plan]);
  bench.engine.run(plan);
  await bench.engine.idle();
  return tape.calls;
}

async function alone(bench: Bench, call: Call, limits: Limits): Promise<Timing> {
  const plan = await bench.engine.compile(call.kernel.name, [call]);
  return measurePlans(bench.engine, [plan], limits);
}

/** Times every different call once; equal ones count with the same time. */
async function shares(bench: Bench, calls: readonly Call[]): Promise<Map<string, Share>> {
  const limits = { ...bench.options.limits, seconds: SECONDS };
  const times = new Map<string, Timing>();
  const result = new Map<string, Share>();
  for (const call of calls) {
    const key = `${call.kernel.name} ${JSON.stringify(call.consts)}`;
    const known = times.get(key);
    const timing = known ?? (await alone(bench, call, limits));
    times.set(key, timing);
    const share = result.get(call.kernel.name) ?? { ...NONE };
    share.calls++;
    share.median += timing.median;
    share.cpu += timing.cpu;
    share.flops += call.kernel.flops?.(call.consts as never) ?? 0;
    share.bytes += bytesOf(call);
    result.set(call.kernel.name, share);
  }
  return result;
}

function rowOf(bench: Bench, name: string, share: Share, total: number): Row {
  const { calls, median, cpu, flops, bytes } = share;
  return {
    kernel: name,
    calls,
    ms: median,
    "CPU ms": cpu,
    "% of the step": (100 * median) / total,
    ...(flops > 0 ? { "GFLOP/s": flops / median / 1e6, ...bench.ofPeak(flops, share) } : {}),
    "GB/s": bytes / median / 1e6,
    ...bench.ofBandwidth(bytes, share),
  };
}

export const kernelsSection: Section = {
  name: "kernels",
  help: "each kernel of a training step at S as a share of peak and bandwidth",
  async run(bench) {
    const found = await shares(bench, await unrolled(bench));
    const total = [...found.values()].reduce((sum, { median }) => sum + median, 0);
    const rows = [...found]
      .sort(([, a], [, b]) => b.median - a.median)
      .map(([name, share]) => rowOf(bench, name, share, total));
    const notes = [
      `Every call alone, submitted and awaited by itself; together ${total.toFixed(1)} ms. Bytes count each bound tensor once. Kernels without GFLOP/s do about one operation per element.`,
    ];
    if (bench.peak === undefined) {
      notes.push("Left out: shares of a peak, because none is measured for the CPU engine.");
    }
    return [{ title: "Kernels of a training step at S", rows, notes }];
  },
};
