// Runs one call on made-up numbers and compares what an engine makes of it with the reference in float64.
import { CpuEngine } from "../cpu/engine.ts";
import { hasTwin } from "../cpu/native.ts";
import { differenceOf, toleranceOf } from "../gpu/difference.ts";
import { Executor } from "../gpu/executor.ts";
import { Trial } from "../gpu/trial.ts";
import { keyOf, programOf, variantsOf } from "../gpu/variants.ts";
import type { Engine, HostArray } from "../plan/engine.ts";
import type { Call } from "../plan/tape.ts";
import { persistent } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";
import type { CheckedProgram, KernelCheck } from "./kernel-protocol.ts";
import { madeUpFor } from "./made-up.ts";

type Values = Readonly<Record<string, HostArray>>;

/** The names of what a call writes, in the order of its bindings. */
function outputsOf({ kernel, bindings }: Call): string[] {
  const written = new Set<string>(kernel.writes);
  return Object.keys(bindings).filter((name) => written.has(name));
}

/** What the reference writes when it computes in float64. */
function expectedOf(call: Call, values: Values): TypedArray[] {
  const buffers: Record<string, TypedArray> = {};
  for (const [name, array] of Object.entries(values)) {
    buffers[name] = array instanceof Float32Array ? Float64Array.from(array) : array.slice();
  }
  call.kernel.reference(buffers, call.consts as never);
  return outputsOf(call).map((name) => buffers[name] as TypedArray);
}

/** Never throws for what the program does. */
async function compare(
  title: string,
  run: () => Promise<readonly HostArray[]>,
  { expected, tolerance }: { expected: readonly TypedArray[]; tolerance: number },
): Promise<CheckedProgram> {
  try {
    const { absolute, relative } = differenceOf(await run(), expected);
    return { title, absolute, relative, outcome: relative <= tolerance ? "right" : "wrong" };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { title, outcome: "failed", message };
  }
}

async function onGpu(engine: Executor, call: Call, values: Values): Promise<CheckedProgram[]> {
  const { traits } = engine.choices;
  const wanted = { expected: expectedOf(call, values), tolerance: toleranceOf(call) };
  const trial = new Trial(engine, call, values);
  try {
    const checked: CheckedProgram[] = [];
    for (const variant of [undefined, ...variantsOf(call, traits)]) {
      const program = programOf(call, traits, variant);
      checked.push(await compare(program.title, () => trial.results(program), wanted));
    }
    return checked;
  } finally {
    trial.destroy();
  }
}

/** A call by itself on a CPU engine of its own, whose memory goes when it does. */
export async function aloneOnCpu(
  call: Call,
  values: Values,
): Promise<{
  run: () => void;
  results: () => Promise<HostArray[]>;
}> {
  const engine = await CpuEngine.create();
  const bindings: Record<string, Tensor> = {};
  for (const [name, { shape, dtype }] of Object.entries(call.bindings)) {
    bindings[name] = persistent(name, shape, dtype);
  }
  // a guard would name a tensor of the plan that the call is from, which is 0 here: the call would do nothing
  const alone = { ...call, bindings, guard: undefined };
  const plan = await engine.compile(call.kernel.name, [alone]);
  for (const [name, array] of Object.entries(values)) {
    engine.memory.write(bindings[name] as Tensor, array);
  }
  const outputs = outputsOf(call).map((name) => bindings[name] as Tensor);
  return { run: () => engine.run(plan), results: () => engine.memory.read(outputs) };
}

async function onCpu(call: Call, values: Values): Promise<CheckedProgram[]> {
  const twin = hasTwin(call.kernel.name, call.consts);
  const run = async (): Promise<HostArray[]> => {
    const alone = await aloneOnCpu(call, values);
    alone.run();
    return alone.results();
  };
  const title = twin ? "WebAssembly" : "reference";
  const wanted = { expected: expectedOf(call, values), tolerance: toleranceOf(call) };
  return [await compare(title, run, wanted)];
}

/** Checks every way in which an engine can compute a call. Rejects when the device is lost. */
export async function checkCall(engine: Engine, call: Call): Promise<KernelCheck> {
  const values = madeUpFor(call);
  const programs =
    engine instanceof Executor ? await onGpu(engine, call, values) : await onCpu(call, values);
  return { name: call.kernel.name, key: keyOf(call), tolerance: toleranceOf(call), programs };
}
