// Section "kernels": each kernel of a training step at S, alone, as a share of what the adapter can do.
import type { Call } from "../../src/plan/tape.ts";
import { Tape } from "../../src/plan/tape.ts";
import { size } from "../../src/plan/tensor.ts";
import { lmLoss } from "../../src/rlhf/language-model.ts";
import { update } from "../../src/rlhf/optimiser.ts";
import type { Bench, Section } from "./bench.ts";
import { measurePlans } from "./measure.ts";
import { S, describeTraining, fillTraining } from "./models.ts";
import type { Row } from "./table.ts";

/** One kernel is short, so few samples say enough. */
const SECONDS = 0.5;

interface Share {
  calls: number;
  milliseconds: number;
  flops: number;
  bytes: number;
}

/** Bytes of every tensor that a call binds, each once. */
export function bytesOf({ bindings }: Pick<Call, "bindings">): number {
  return [...new Set(Object.values(bindings))].reduce((sum, { shape }) => sum + 4 * size(shape), 0);
}

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
  bench.engine.run(await bench.engine.compile("step", tape.calls));
  await bench.engine.idle();
  return tape.calls;
}

/** Times every different call once; equal ones count with the same time. */
async function shares(bench: Bench, calls: readonly Call[]): Promise<Map<string, Share>> {
  const limits = { ...bench.options.limits, seconds: SECONDS };
  const times = new Map<string, number>();
  const result = new Map<string, Share>();
  for (const call of calls) {
    const key = `${call.kernel.name} ${JSON.stringify(call.consts)}`;
    if (!times.has(key)) {
      const plan = await bench.engine.compile(call.kernel.name, [call]);
      times.set(key, (await measurePlans(bench.engine, [plan], limits)).median);
    }
    const share = result.get(call.kernel.name) ?? { calls: 0, milliseconds: 0, flops: 0, bytes: 0 };
    share.calls++;
    share.milliseconds += times.get(key) ?? NaN;
    share.flops += call.kernel.flops?.(call.consts as never) ?? 0;
    share.bytes += bytesOf(call);
    result.set(call.kernel.name, share);
  }
  return result;
}

function rowOf(bench: Bench, name: string, share: Share, total: number): Row {
  const { calls, milliseconds, flops, bytes } = share;
  const rate = flops / milliseconds / 1e6;
  const gigabytes = bytes / milliseconds / 1e6;
  const { peak } = bench;
  return {
    kernel: name,
    calls,
    ms: milliseconds,
    "% of the step": (100 * milliseconds) / total,
    ...(flops > 0 ? { "GFLOP/s": rate, ...bench.ofPeak(rate) } : {}),
    "GB/s": gigabytes,
    ...(peak === undefined ? {} : { "% of bandwidth": (100 * gigabytes) / peak.gigabytes }),
  };
}

export const kernelsSection: Section = {
  name: "kernels",
  help: "each kernel of a training step at S as a share of peak and bandwidth",
  async run(bench) {
    const found = await shares(bench, await unrolled(bench));
    const total = [...found.values()].reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const rows = [...found]
      .sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
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
