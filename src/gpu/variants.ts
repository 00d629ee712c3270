// Which shader computes a call on this adapter: the plain one, or the variant that was chosen for it.
import type { AdapterTraits, Grid, Variant } from "../plan/kernel.ts";
import type { Call } from "../plan/tape.ts";
import type { Gpu } from "./device.ts";
import { halvable, shaderSource, specialise } from "./shader.ts";

/** Title of the way to compute a call that is not a variant. */
export const PLAIN = "plain";

/** A shader that computes a call, ready to compile. */
export interface Program {
  /** PLAIN or the variant's title */
  readonly title: string;
  /** file in wgsl/, without extension */
  readonly shader: string;
  readonly code: string;
  readonly grid: Grid;
}

/** What variants may ask of an adapter. */
export function traitsOf({ device, adapter }: Gpu): AdapterTraits {
  const { subgroupMinSize: least, subgroupMaxSize: most } = adapter.info;
  const fixed = device.features.has("subgroups") && least === most && least > 0;
  return {
    subgroup: fixed ? least : undefined,
    f16: device.features.has("shader-f16"),
    workgroupBytes: device.limits.maxComputeWorkgroupStorageSize,
    workgroupLanes: device.limits.maxComputeInvocationsPerWorkgroup,
  };
}

/** The bindings of a call whose tensors are f16, in alphabetical order. */
function halvesOf({ bindings }: Call): Set<string> {
  const names = Object.keys(bindings).sort();
  return new Set(names.filter((name) => bindings[name]?.dtype === "f16"));
}

/** Two calls with the same key are computed by the same program. */
export function keyOf(call: Call): string {
  const { kernel, consts } = call;
  const names = Object.keys(consts).sort();
  const halves = [...halvesOf(call)].map((name) => ` ${name}:f16`);
  return `${kernel.name} ${names.map((name) => `${name}=${String(consts[name])}`).join(" ")}${halves.join("")}`;
}

/** The variants of a kernel that can compute a call, its halves included. */
export function variantsOf(call: Call, traits: AdapterTraits): Variant[] {
  const { kernel, consts } = call;
  const halves = halvesOf(call);
  const takes = ({ shader }: Variant): boolean => {
    const known = halves.size > 0 ? halvable(shaderSource(shader)) : halves;
    return [...halves].every((name) => known.has(name));
  };
  const all = (kernel.variants ?? []) as readonly Variant[];
  return all.filter((variant) => variant.applies(consts, traits) && takes(variant));
}

/** The program of a call: by a variant, or the plain one. */
export function programOf(call: Call, traits: AdapterTraits, variant?: Variant): Program {
  const { kernel, consts } = call;
  const halves = halvesOf(call);
  if (variant === undefined) {
    const code = specialise(kernel.name, shaderSource(kernel.name), consts, halves);
    return { title: PLAIN, shader: kernel.name, code, grid: kernel.grid(consts as never) };
  }
  const { title, shader } = variant;
  const code = specialise(shader, shaderSource(shader), variant.consts(consts, traits), halves);
  return { title, shader, code, grid: variant.grid(consts, traits) };
}

/** Picks the variant of a call among those that apply, in their order; undefined means plain. */
export type Force = (call: Call, applicable: readonly Variant[]) => Variant | undefined;

/** The choices made for one device. */
export class Choices {
  readonly traits: AdapterTraits;
  /** title of a variant that computes every call that it can, or what picks one, whatever was chosen: for tests */
  forced: string | Force | undefined;
  private readonly chosen = new Map<string, Variant>();

  constructor(traits: AdapterTraits) {
    this.traits = traits;
  }

  /** The variant of a call; undefined means plain. */
  of(call: Call): Variant | undefined {
    const { forced } = this;
    if (forced !== undefined) {
      const applicable = variantsOf(call, this.traits);
      if (typeof forced === "function") return forced(call, applicable);
      return applicable.find(({ title }) => title === forced);
    }
    return this.chosen.get(keyOf(call));
  }

  program(call: Call): Program {
    return programOf(call, this.traits, this.of(call));
  }

  /** True if this changes how the call is computed. */
  set(call: Call, variant: Variant | undefined): boolean {
    const key = keyOf(call);
    if (this.chosen.get(key) === variant) return false;
    if (variant === undefined) this.chosen.delete(key);
    else this.chosen.set(key, variant);
    return true;
  }
}
