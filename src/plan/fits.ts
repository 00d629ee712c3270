// Refuses plans that a device cannot hold or run, before anything is allocated, with the rule and the numbers.
import { NOTHING, additions, bindingsOf, bytesText } from "./memory-plan.ts";
import type { Demand, Held, NamedCalls } from "./memory-plan.ts";
import { boundBy } from "./tape.ts";
import { describe, storageBytes } from "./tensor.ts";

/** What a device allows; Infinity where it sets no limit. */
export interface Limits {
  /** bytes that one binding sees: maxStorageBufferBindingSize */
  readonly binding: number;
  /** bytes of one buffer: maxBufferSize */
  readonly buffer: number;
  /** storage buffers of a call: maxStorageBuffersPerShaderStage */
  readonly bindings: number;
  /** workgroups in each dimension: maxComputeWorkgroupsPerDimension */
  readonly groups: number;
  /** whether shaders may store halves: the feature shader-f16 */
  readonly f16: boolean;
  /** bytes of everything together; a device does not tell it, so it is given or guessed */
  readonly budget: number;
}

/** What every WebGPU device allows, except for the budget, on which the standard is silent. */
export const GUARANTEED: Limits = {
  binding: 2 ** 27,
  buffer: 2 ** 28,
  bindings: 8,
  groups: 65535,
  f16: false,
  budget: Infinity,
};

const SMALLER = "a smaller batch, context or model takes less";

function halfProblem(plans: readonly NamedCalls[], { f16 }: Limits): string | undefined {
  if (f16) return undefined;
  for (const { label, calls } of plans) {
    for (const { bindings } of calls) {
      const half = Object.values(bindings).find(({ dtype }) => dtype === "f16");
      if (half === undefined) continue;
      return `${label}: keeps ${describe(half)} as f16, which needs an adapter with shader-f16, and this one has none; nothing was allocated for it, f32 activations work.`;
    }
  }
  return undefined;
}

function bindingProblem(
  plans: readonly NamedCalls[],
  { binding: limit }: Limits,
): string | undefined {
  for (const { plan, kernel, tensor, bytes } of bindingsOf(plans)) {
    if (bytes <= limit) continue;
    return `${plan}: ${kernel} binds ${bytesText(bytes)} of ${tensor} at once, and this device at most ${bytesText(limit)}`;
  }
  return undefined;
}

function callProblem(plans: readonly NamedCalls[], limits: Limits): string | undefined {
  for (const { label, calls } of plans) {
    for (const call of calls) {
      const { kernel, consts } = call;
      const count = boundBy(call).length;
      if (count > limits.bindings) {
        return `${label}: ${kernel.name} binds ${String(count)} buffers, and this device at most ${String(limits.bindings)} a call`;
      }
      const grid = kernel.grid(consts as never);
      if (grid.some((groups = 1) => groups > limits.groups)) {
        const total = grid.reduce<number>((product, groups = 1) => product * groups, 1);
        return `${label}: ${kernel.name} needs ${grid.join(" x ")} = ${String(total)} workgroups, and this device runs at most ${String(limits.groups)} in each dimension`;
      }
    }
  }
  return undefined;
}

function bufferProblem(demand: Demand, limits: Limits, held: Held): string | undefined {
  const { storages, slots } = additions(demand, held);
  const [first, ...more] = demand.plans.map((plan) => plan.label);
  const others = more.length > 3 ? [`${String(more.length)} other plans`] : more;
  const label = [first, ...others].join(", ");
  const large = storages.find((storage) => storageBytes(storage) > limits.buffer);
  if (large !== undefined) {
    return `${label}: ${large.name} takes ${bytesText(storageBytes(large))}, and a buffer of this device at most ${bytesText(limits.buffer)}`;
  }
  const slot = Math.max(0, ...slots);
  if (slot > limits.buffer) {
    return `${label}: its largest temporary takes ${bytesText(slot)}, and a buffer of this device at most ${bytesText(limits.buffer)}`;
  }
  const added = storages.reduce((sum, storage) => sum + storageBytes(storage), 0);
  const slotBytes = slots.reduce((sum, bytes) => sum + bytes, 0);
  const total = held.bytes.persistent + added + slotBytes + (demand.readBack ?? 0);
  if (total <= limits.budget) return undefined;
  return `${label}: with what is there already it takes ${bytesText(total)} of memory (${bytesText(slotBytes)} of it for temporaries), and the budget is ${bytesText(limits.budget)}`;
}

/** Why a device cannot run plans beside what it holds; undefined if it can. */
function problemOf(demand: Demand, limits: Limits, held: Held): string | undefined {
  return (
    bindingProblem(demand.plans, limits) ??
    callProblem(demand.plans, limits) ??
    bufferProblem(demand, limits, held)
  );
}

/**
 * Refuses what cannot run.
 * @param held what the engine holds already; nothing by default
 * @throws RangeError with one sentence: plan, rule, numbers, what takes less
 */
export function checkFits(demand: Demand, limits: Limits, held: Held = NOTHING): void {
  const half = halfProblem(demand.plans, limits);
  if (half !== undefined) throw new RangeError(half);
  const problem = problemOf(demand, limits, held);
  if (problem === undefined) return;
  throw new RangeError(`${problem}; nothing was allocated for it, ${SMALLER}.`);
}

/** The largest whole number from 1 to `most` for which `fits` holds, found by bisection; 0 if there is none. */
async function largest(most: number, fits: (n: number) => Promise<boolean>): Promise<number> {
  let known = 0;
  let over = most + 1;
  while (over - known > 1) {
    const middle = Math.floor((known + over) / 2);
    if (await fits(middle)) known = middle;
    else over = middle;
  }
  return known;
}

/**
 * As checkFits, for something whose size follows from a batch.
 * @param describe the demand of a batch; what a batch cannot be is a RangeError, and counts as not fitting
 * @param unit batches that are proposed are multiples of it
 * @throws RangeError with one sentence that names the largest batch that fits, if one does
 */
export async function checkBatch(
  batch: number,
  describe: (batch: number) => Demand | Promise<Demand>,
  limits: Limits,
  unit = 1,
): Promise<void> {
  const wanted = await describe(batch);
  const half = halfProblem(wanted.plans, limits);
  if (half !== undefined) throw new RangeError(half);
  const problem = problemOf(wanted, limits, NOTHING);
  if (problem === undefined) return;
  const fits = async (n: number): Promise<boolean> => {
    try {
      return problemOf(await describe(n), limits, NOTHING) === undefined;
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
  const best = unit * (await largest(Math.ceil(batch / unit) - 1, (n) => fits(n * unit)));
  const proposal =
    best > 0
      ? `a batch of ${String(best)} instead of ${String(batch)} would fit`
      : "no batch fits, only a smaller model or context does";
  throw new RangeError(`${problem}; nothing was allocated, ${proposal}.`);
}
