// What the kernels page shows of the kernels and plans of an open engine.
import { hasTwin, NATIVE_NAMES } from "../cpu/native.ts";
import { CpuEngine } from "../cpu/engine.ts";
import { Executor } from "../gpu/executor.ts";
import { bindingsOf, shaderNames, shaderSource } from "../gpu/shader.ts";
import type { Candidate } from "../gpu/tuner.ts";
import { keyOf, PLAIN, variantsOf } from "../gpu/variants.ts";
import type { CompiledPlan, Engine } from "../plan/engine.ts";
import type { AdapterTraits, Grid } from "../plan/kernel.ts";
import { printPlan } from "../plan/print.ts";
import type { Call } from "../plan/tape.ts";
import { bytesOf, flopsOf } from "../plan/work.ts";
import type {
  KernelBinding,
  KernelInfo,
  KernelProgram,
  KernelReport,
  KernelShape,
} from "./kernel-protocol.ts";

/** What the tuner found, by key of the call. */
export type Found = ReadonlyMap<string, readonly Candidate[]>;

const NO_ADAPTER: AdapterTraits = {
  subgroup: undefined,
  f16: false,
  workgroupBytes: 0,
  workgroupLanes: 0,
};

/** What variants may ask of an engine's adapter; nothing without one. */
export function traitsOfEngine(engine: Engine): AdapterTraits {
  return engine instanceof Executor ? engine.choices.traits : NO_ADAPTER;
}

/** The plans that an engine has compiled and somebody still holds. */
export function plansOf(engine: Engine): readonly CompiledPlan[] {
  return engine instanceof Executor || engine instanceof CpuEngine ? engine.compiledPlans() : [];
}

/** Calls of all plans with the same key, most work first. */
export interface Kind {
  readonly key: string;
  readonly call: Call;
  readonly plans: Map<string, number>;
}

/** The kinds of calls of plans; within a kernel the largest call is first. */
export function kindsOf(plans: readonly CompiledPlan[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const { label, calls } of plans) {
    for (const call of calls) {
      const key = keyOf(call);
      const kind = kinds.get(key) ?? { key, call, plans: new Map<string, number>() };
      kind.plans.set(label, (kind.plans.get(label) ?? 0) + 1);
      kinds.set(key, kind);
    }
  }
  return [...kinds.values()].sort((x, y) => flopsOf(y.call) - flopsOf(x.call));
}

function three([x, y = 1, z = 1]: Grid): [number, number, number] {
  return [x, y, z];
}

function programsOf(call: Call, traits: AdapterTraits): KernelProgram[] {
  const { kernel, consts } = call;
  const grid = three(kernel.grid(consts as never));
  const variants = variantsOf(call, traits).map((variant) => ({
    title: variant.title,
    shader: variant.shader,
    grid: three(variant.grid(consts, traits)),
  }));
  return [{ title: PLAIN, shader: kernel.name, grid }, ...variants];
}

function chosenOf(engine: Engine, call: Call): string {
  if (engine instanceof Executor) return engine.choices.of(call)?.title ?? PLAIN;
  return hasTwin(call.kernel.name, call.consts) ? "WebAssembly" : "reference";
}

function bindingRows({ kernel, bindings }: Call): KernelBinding[] {
  return bindingsOf(shaderSource(kernel.name)).flatMap((binding) => {
    const tensor = bindings[binding.name];
    if (tensor === undefined) return [];
    const { name, shape, dtype } = tensor;
    return [{ ...binding, tensor: name, shape, dtype }];
  });
}

function shapeOf(engine: Engine, { key, call, plans }: Kind, found: Found): KernelShape {
  return {
    key,
    consts: call.consts,
    calls: [...plans].map(([plan, count]) => ({ plan, count })),
    flops: call.kernel.flops?.(call.consts as never) ?? null,
    bytes: bytesOf(call),
    bindings: bindingRows(call),
    programs: programsOf(call, traitsOfEngine(engine)),
    chosen: chosenOf(engine, call),
    candidates: found.get(key) ?? null,
  };
}

/** The sentence in a shader's first line. */
function aboutOf(source: string): string {
  return (source.split("\n", 1)[0] ?? "").replace(/^\/\/\s*/, "");
}

/** All kernels, whether a plan calls them or not; files that only hold a variant are no kernels of their own. */
export function reportOf(engine: Engine, found: Found): KernelReport {
  const plans = plansOf(engine);
  const kinds = kindsOf(plans);
  const names = shaderNames();
  const variants = new Set(
    kinds.flatMap(({ call }) => (call.kernel.variants ?? []).map(({ shader }) => shader)),
  );
  const sources = Object.fromEntries(names.map((name) => [name, shaderSource(name)]));
  const kernels = names
    .filter((name) => !variants.has(name))
    .map((name): KernelInfo => {
      const own = kinds.filter(({ call }) => call.kernel.name === name);
      const shapes = own.map((kind) => shapeOf(engine, kind, found));
      const twin = NATIVE_NAMES.includes(name);
      return { name, about: aboutOf(sources[name] ?? ""), shapes, twin };
    });
  return {
    engine: engine instanceof Executor ? "gpu" : "cpu",
    kernels,
    plans: plans.map(({ label, calls }) => ({
      label,
      calls: calls.length,
      text: printPlan(calls),
    })),
    sources,
  };
}
