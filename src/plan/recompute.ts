// Activation recomputation (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): forward calls again, instead of kept results.
import type { Call } from "./tape.ts";
import { check } from "./tensor.ts";
import type { Storage } from "./tensor.ts";

/** A stretch of forward code whose temporaries are not kept for backward. */
export interface Segment {
  readonly name: string;
  /** its calls are `first` to `end` - 1 of the tape, its backward rules `firstRule` to `endRule` - 1 */
  readonly first: number;
  readonly end: number;
  readonly firstRule: number;
  readonly endRule: number;
  /** storages made inside */
  readonly made: ReadonlySet<Storage>;
}

const isWritten = ({ kernel }: Call, binding: string): boolean => kernel.writes.includes(binding);

function storagesOf(call: Call, written: boolean): Storage[] {
  return Object.entries(call.bindings)
    .filter(([binding]) => isWritten(call, binding) === written)
    .map(([, { storage }]) => storage);
}

/** What is computed again: calls by their indices, and the storages that get a second copy. */
interface Again {
  readonly needed: readonly number[];
  readonly wanted: ReadonlySet<Storage>;
}

/** Follows `read` storages back through the segment, as far as `kept` ones. */
function trace(
  calls: readonly Call[],
  { first, end, made }: Segment,
  { read, kept }: { read: Iterable<Storage>; kept: ReadonlySet<Storage> },
): Again {
  const wanted = new Set(read);
  let needed: number[] = [];
  // A call may bring in a storage that others, passed already, write too: until nothing is added.
  for (let before = -1; before < wanted.size;) {
    before = wanted.size;
    needed = [];
    for (let i = end - 1; i >= first; i--) {
      const call = calls[i] as Call;
      const written = storagesOf(call, true);
      if (!written.some((storage) => wanted.has(storage))) continue;
      const inputs = storagesOf(call, false).filter((storage) => !kept.has(storage));
      for (const storage of [...written, ...inputs]) if (made.has(storage)) wanted.add(storage);
      needed.unshift(i);
    }
  }
  return { needed, wanted };
}

/** A call may run again if it writes nothing but copies and still finds what it read. */
function checkRepeatable(
  calls: readonly Call[],
  { name }: Segment,
  { index, wanted }: { index: number; wanted: ReadonlySet<Storage> },
): void {
  const call = calls[index] as Call;
  const outside = storagesOf(call, true).find((storage) => !wanted.has(storage));
  check(
    outside === undefined,
    `recompute: ${call.kernel.name} in ${name} also writes ${String(outside?.name)}, which was made outside; it cannot run twice`,
  );
  const inputs = new Set(storagesOf(call, false).filter((storage) => !wanted.has(storage)));
  for (const later of calls.slice(index + 1)) {
    const spoiled = storagesOf(later, true).find((storage) => inputs.has(storage));
    check(
      spoiled === undefined,
      `recompute: ${call.kernel.name} in ${name} reads ${String(spoiled?.name)}, which ${later.kernel.name} changes before backward; it cannot run again`,
    );
  }
}

/**
 * What takes the place of the backward calls of a segment: the forward calls that they follow from, into fresh
 * temporaries, then the backward calls themselves, reading those. What calls after the segment read, its result
 * above all, is not computed again.
 * @param calls everything recorded before the backward calls
 * @param backward the calls of the segment's backward rules
 * @param fresh makes a storage like another one
 * @throws RangeError when a call cannot be repeated with the same result
 */
export function recomputed(
  calls: readonly Call[],
  backward: readonly Call[],
  segment: Segment,
  fresh: (like: Storage) => Storage,
): Call[] {
  const { made, end } = segment;
  const inside = (list: readonly Call[]): Set<Storage> =>
    new Set(
      list
        .flatMap(({ bindings }) => Object.values(bindings).map(({ storage }) => storage))
        .filter((storage) => made.has(storage)),
    );
  const kept = inside(calls.slice(end));
  const read = [...inside(backward)].filter((storage) => !kept.has(storage));
  const { needed, wanted } = trace(calls, segment, { read, kept });
  for (const index of needed) checkRepeatable(calls, segment, { index, wanted });
  const copies = new Map([...wanted].map((storage) => [storage, fresh(storage)]));
  const substitute = (call: Call, scope: string): Call => {
    const bindings = Object.entries(call.bindings).map(([binding, tensor]) => {
      const storage = copies.get(tensor.storage) ?? tensor.storage;
      return [binding, { ...tensor, storage }] as const;
    });
    return { ...call, bindings: Object.fromEntries(bindings), scope };
  };
  const again = needed.map((index) => calls[index] as Call);
  return [
    ...again.map((call) => substitute(call, `${call.scope}/recompute`)),
    ...backward.map((call) => substitute(call, call.scope)),
  ];
}
