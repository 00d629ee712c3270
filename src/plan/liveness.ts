// Assigns temporaries to slots: two tensors may share one when their lives do not overlap.
import type { Call } from "./tape.ts";
import { storageBytes } from "./tensor.ts";
import type { Storage } from "./tensor.ts";

export interface Life {
  readonly storage: Storage;
  /** index of the first and of the last call that touches it */
  readonly first: number;
  readonly last: number;
}

/** Lives of all temporary storages, in order of first use. */
export function lives(calls: readonly Call[]): Life[] {
  const first = new Map<Storage, number>();
  const last = new Map<Storage, number>();
  calls.forEach((call, index) => {
    for (const { storage } of Object.values(call.bindings)) {
      if (storage.lifetime !== "temporary") continue;
      if (!first.has(storage)) first.set(storage, index);
      last.set(storage, index);
    }
  });
  return [...first].map(([storage, at]) => ({ storage, first: at, last: last.get(storage) ?? at }));
}

export interface Slots {
  readonly slotOf: ReadonlyMap<Storage, number>;
  /** bytes of each slot; the first `existing.length` keep the sizes they came with */
  readonly sizes: readonly number[];
}

/**
 * Best-fit assignment. `existing` are slots that other plans already made (plans never overlap in time, so
 * they are all free at the start); new slots are appended when none is large enough.
 */
export function assignSlots(calls: readonly Call[], existing: readonly number[] = []): Slots {
  const sizes = [...existing];
  const freeFrom = existing.map(() => 0);
  const slotOf = new Map<Storage, number>();
  for (const life of lives(calls)) {
    const bytes = storageBytes(life.storage);
    let best = -1;
    for (let slot = 0; slot < sizes.length; slot++) {
      const fits = (sizes[slot] ?? 0) >= bytes && (freeFrom[slot] ?? 0) <= life.first;
      if (fits && (best < 0 || (sizes[slot] ?? 0) < (sizes[best] ?? 0))) best = slot;
    }
    if (best < 0) {
      best = sizes.length;
      sizes.push(bytes);
    }
    freeFrom[best] = life.last + 1;
    slotOf.set(life.storage, best);
  }
  return { slotOf, sizes };
}
