// Times the calls of a compiled plan: in the plan by time stamps where the adapter writes them, alone by the clock elsewhere.
import { Executor } from "../gpu/executor.ts";
import type { Peak } from "../gpu/peak.ts";
import { canTime } from "../gpu/profiler.ts";
import { Trial } from "../gpu/trial.ts";
import { keyOf } from "../gpu/variants.ts";
import type { CompiledPlan, Engine } from "../plan/engine.ts";
import type { Call } from "../plan/tape.ts";
import type { Storage, Tensor } from "../plan/tensor.ts";
import { bytesOf } from "../plan/work.ts";
import { aloneOnCpu } from "./kernel-check.ts";
import type { KernelTime, PlanMeasure } from "./kernel-protocol.ts";
import { madeUpFor } from "./made-up.ts";

/** Runs of a plan that time stamps are averaged over: browsers round each to 0.1 ms. */
const MOST_RUNS = 20;
const ENOUGH_MS = 1500;
/** On the CPU a sample lasts about so long at least, because browsers round the clock too. */
const SAMPLE_MS = 10;
const MOST_REPEATS = 4096;

/** Everything outside the plan that it writes, each storage once. */
function effectsOf(calls: readonly Call[]): Tensor[] {
  const storages = new Set<Storage>();
  for (const { kernel, bindings } of calls) {
    for (const name of kernel.writes) {
      const storage = bindings[name]?.storage;
      if (storage?.lifetime === "persistent") storages.add(storage);
    }
  }
  return [...storages].map((storage) => {
    const { name, length, dtype } = storage;
    return { name, shape: [length], dtype, storage, offset: 0 };
  });
}

/** Milliseconds of each call of a plan, the mean of some runs; what the plan writes is put back. */
async function byStamps(
  engine: Executor,
  plan: CompiledPlan,
): Promise<{ milliseconds: Float64Array; runs: number }> {
  const effects = effectsOf(plan.calls);
  const before = await engine.memory.read(effects);
  const sums = new Float64Array(plan.calls.length);
  let runs = 0;
  try {
    // A driver finishes compiling in a pipeline's first run.
    await engine.profile(plan);
    const started = performance.now();
    while (runs < MOST_RUNS && (runs === 0 || performance.now() - started < ENOUGH_MS)) {
      (await engine.profile(plan)).forEach((value, i) => (sums[i] = (sums[i] ?? 0) + value));
      runs++;
    }
  } finally {
    effects.forEach((tensor, i) => {
      const values = before[i];
      if (values !== undefined) engine.memory.write(tensor, values);
    });
  }
  return { milliseconds: sums.map((sum) => sum / runs), runs };
}

async function aloneOnGpu(engine: Executor, call: Call): Promise<number> {
  const trial = new Trial(engine, call, madeUpFor(call));
  try {
    return await trial.milliseconds(engine.choices.program(call));
  } finally {
    trial.destroy();
  }
}

async function clockOnCpu(call: Call): Promise<number> {
  const { run } = await aloneOnCpu(call, madeUpFor(call));
  const sample = (times: number): number => {
    const from = performance.now();
    for (let i = 0; i < times; i++) run();
    return performance.now() - from;
  };
  for (let times = 1; ; times *= 4) {
    const milliseconds = sample(times);
    if (milliseconds >= SAMPLE_MS || times >= MOST_REPEATS) return milliseconds / times;
  }
}

/** Milliseconds of each call of a plan, each kind alone on made-up numbers. */
async function byClock(engine: Engine, { calls }: CompiledPlan): Promise<Float64Array> {
  const known = new Map<string, number>();
  for (const call of calls) {
    if (known.has(keyOf(call))) continue;
    const alone = engine instanceof Executor ? aloneOnGpu(engine, call) : clockOnCpu(call);
    known.set(keyOf(call), await alone);
  }
  return Float64Array.from(calls, (call) => known.get(keyOf(call)) ?? NaN);
}

/** Sums over the calls of each kernel, most time first. */
function perKernel(calls: readonly Call[], milliseconds: Float64Array): KernelTime[] {
  const times = new Map<string, KernelTime>();
  calls.forEach((call, i) => {
    const { name } = call.kernel;
    const known = times.get(name);
    const own = call.kernel.flops?.(call.consts as never) ?? null;
    times.set(name, {
      name,
      calls: (known?.calls ?? 0) + 1,
      milliseconds: (known?.milliseconds ?? 0) + (milliseconds[i] ?? NaN),
      flops: own === null ? null : own + (known?.flops ?? 0),
      bytes: (known?.bytes ?? 0) + bytesOf(call),
    });
  });
  return [...times.values()].sort((x, y) => y.milliseconds - x.milliseconds);
}

/** Times a plan of an engine that nothing else uses meanwhile. Rejects when the device is lost. */
export async function measurePlan(
  engine: Engine,
  plan: CompiledPlan,
  peak: Peak | null,
): Promise<PlanMeasure> {
  const { label, calls } = plan;
  await engine.idle();
  if (engine instanceof Executor && canTime(engine.gpu.device, calls.length)) {
    const { milliseconds, runs } = await byStamps(engine, plan);
    return { plan: label, method: "stamps", runs, kernels: perKernel(calls, milliseconds), peak };
  }
  const milliseconds = await byClock(engine, plan);
  return { plan: label, method: "clock", runs: 0, kernels: perKernel(calls, milliseconds), peak };
}
