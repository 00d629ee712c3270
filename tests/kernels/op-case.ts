// What an op declares for the generic kernel tests, and how a case is built, run and compared.
import type { Executor } from "../../src/gpu/executor.ts";
import { variantsOf } from "../../src/gpu/variants.ts";
import type { Variant } from "../../src/plan/kernel.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent, size } from "../../src/plan/tensor.ts";
import type { DType, Shape, Tensor, TypedArray } from "../../src/plan/tensor.ts";
import { normal, random } from "../support/random.ts";

export interface InputSpec {
  readonly shape: Shape;
  readonly dtype?: DType;
  /** element i of the input; standard normal by default */
  readonly value?: (i: number, next: () => number) => number;
  /** false: no derivative is asked for (integers never have one) */
  readonly differentiable?: boolean;
}

export interface OpCase {
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Records the op on the tape. Returned tensors are compared; those that carry derivatives get a random upstream one. */
  build(tape: Tape, inputs: Readonly<Record<string, Tensor>>): readonly Tensor[];
  /** relative to the largest magnitude of each tensor; default 2e-5 */
  readonly tolerance?: number;
  /** finite differences are skipped for ops that are not differentiable by design (say why in the case) */
  readonly finiteDifferences?: false;
  /** compares the variants of its kernels too: all, one of each shader file, or by title; compilers take seconds for each */
  readonly variants?: "all" | "files" | readonly string[];
  /** the case runs with f16 activations, and these inputs are f16 too: see `inHalves` */
  readonly halves?: readonly string[];
}

/** Rounding differs where a result lies between two halves: one step of 11 bits. */
const HALF_TOLERANCE = 2 ** -10;

/**
 * The twin of a case with f16 activations and these inputs in f16, compared with a reference that rounds what it
 * stores. Its derivatives are those of the case itself, whose finite differences are taken.
 */
export function inHalves(opCase: OpCase, halves: readonly string[] = []): OpCase {
  const name = `${opCase.name} in halves`;
  return { ...opCase, name, halves, tolerance: HALF_TOLERANCE, finiteDifferences: false };
}

export interface Built {
  readonly tape: Tape;
  readonly inputs: ReadonlyMap<Tensor, TypedArray>;
  readonly outputs: readonly Tensor[];
  /** upstream derivative of each differentiable output */
  readonly seeds: ReadonlyMap<Tensor, Tensor>;
  readonly differentiable: readonly Tensor[];
}

/** Builds forward and derived backward of a case with seeded random data. */
export function buildCase(opCase: OpCase, seed = 1): Built {
  const next = random(seed);
  const { halves } = opCase;
  const tape = new Tape({ keep: true, activations: halves === undefined ? "f32" : "f16" });
  const inputs = new Map<Tensor, TypedArray>();
  const named: Record<string, Tensor> = {};
  const differentiable: Tensor[] = [];
  for (const [name, spec] of Object.entries(opCase.inputs)) {
    const dtype = spec.dtype ?? "f32";
    const wants = dtype === "f32" && spec.differentiable !== false;
    const stored = halves?.includes(name) === true ? "f16" : dtype;
    const plain = persistent(name, spec.shape, stored);
    const tensor = wants ? { ...plain, gradient: persistent(`d${name}`, spec.shape) } : plain;
    const values =
      dtype === "f32" ? new Float32Array(size(spec.shape)) : new Int32Array(size(spec.shape));
    for (let i = 0; i < values.length; i++) values[i] = spec.value?.(i, next) ?? normal(next);
    inputs.set(tensor, values);
    named[name] = tensor;
    if (wants) differentiable.push(tensor);
  }
  tape.train(differentiable);
  const outputs = tape.block("case", () => opCase.build(tape, named));
  const seeds = new Map<Tensor, Tensor>();
  for (const output of outputs) {
    if (!tape.wants(output) || output.shape.length === 0) continue;
    const upstream = persistent(`d_${output.name}`, output.shape);
    inputs.set(
      upstream,
      Float32Array.from({ length: size(output.shape) }, () => normal(next)),
    );
    seeds.set(output, upstream);
    tape.seed(output, upstream);
  }
  tape.backward();
  return { tape, inputs, outputs, seeds, differentiable };
}

export function runCpu(built: Built, double: boolean): CpuMemory {
  const memory = new CpuMemory({ double, halves: true });
  for (const [tensor, values] of built.inputs) memory.write(tensor, values);
  runOnCpu(built.tape.calls, memory);
  return memory;
}

/** Runs a case on the GPU and returns every compared tensor: outputs and derivatives of inputs. */
async function runGpu(built: Built, on: Executor): Promise<Map<Tensor, TypedArray>> {
  for (const [tensor, values] of built.inputs) on.memory.write(tensor, values as Float32Array);
  on.run(await on.compile("case", built.tape.calls));
  const tensors = compared(built);
  const values = await on.memory.read(tensors);
  return new Map(tensors.map((tensor, index) => [tensor, values[index] as TypedArray]));
}

/** Tensors whose values are compared between reference and shader. */
export function compared(built: Built): Tensor[] {
  const gradients = built.differentiable
    .filter((tensor) => built.tape.hasGradient(tensor))
    .map((tensor) => tensor.gradient as Tensor);
  return [...built.outputs, ...gradients];
}

/** L = sum over outputs of upstream·output (a scalar output counts with weight 1), for finite differences. */
export function objective(built: Built, memory: CpuMemory): number {
  let sum = 0;
  for (const output of built.outputs) {
    if (!built.tape.wants(output)) continue;
    const values = memory.of(output);
    const upstream = built.seeds.get(output);
    const weights = upstream === undefined ? undefined : memory.of(upstream);
    for (let i = 0; i < values.length; i++) sum += values[i]! * (weights?.[i] ?? 1);
  }
  return sum;
}

/** Largest |a-b| and where. */
export function worst(
  a: TypedArray,
  b: TypedArray,
): { error: number; index: number; scale: number } {
  let error = 0;
  let index = 0;
  let scale = 0;
  for (let i = 0; i < a.length; i++) {
    scale = Math.max(scale, Math.abs(a[i]!));
    const d = Math.abs(a[i]! - b[i]!);
    if (!(d <= error)) {
      error = Number.isNaN(d) ? Infinity : d;
      index = i;
    }
  }
  return { error, index, scale };
}

/** One line for every compared tensor in which the GPU's values are out of tolerance. */
export async function differences(opCase: OpCase, built: Built, on: Executor): Promise<string[]> {
  const reference = runCpu(built, true);
  const actual = await runGpu(built, on);
  return compared(built).flatMap((tensor) => {
    const expected = reference.of(tensor);
    const got = actual.get(tensor)!;
    const { error, index, scale } = worst(expected, got);
    if (error <= (opCase.tolerance ?? 2e-5) * Math.max(1, scale)) return [];
    return `${tensor.name}[${String(index)}]: reference ${String(expected[index])}, WGSL ${String(got[index])}`;
  });
}

/** The variants that a case compares on an executor: all that apply, the first of each shader file, or those named. */
export function variantsOfCase(opCase: OpCase, built: Built, on: Executor): Variant[] {
  const { variants } = opCase;
  if (variants === undefined) return [];
  const all = built.tape.calls.flatMap((call) => variantsOf(call, on.choices.traits));
  return all.filter(({ shader, title, only }) => {
    if (typeof variants === "object") return variants.includes(title);
    // those take seconds to compile on a software adapter, so cases ask for them by title
    if (only === "hardware") return false;
    return variants === "all" || title === all.find((v) => v.shader === shader)?.title;
  });
}

/** As `differences`, computed by the variants of a case instead of the plain programs. */
export async function variantDifferences(
  opCase: OpCase,
  built: Built,
  on: Executor,
): Promise<string[]> {
  const lines: string[] = [];
  const titles = variantsOfCase(opCase, built, on).map(({ title }) => title);
  for (const title of new Set(titles)) {
    on.choices.forced = title;
    try {
      const found = await differences(opCase, built, on);
      lines.push(...found.map((line) => `${title}: ${line}`));
    } finally {
      on.choices.forced = undefined;
    }
  }
  return lines;
}
