// Lets a derivative take the storage of the tensor that it is computed from, where that tensor is needed no more.
import type { Call } from "./tape.ts";
import type { Storage, Tensor } from "./tensor.ts";

/** First and last call that binds a storage. */
type Uses = ReadonlyMap<Storage, { readonly first: number; readonly last: number }>;

function usesOf(calls: readonly Call[]): Uses {
  const uses = new Map<Storage, { first: number; last: number }>();
  calls.forEach(({ bindings }, at) => {
    for (const { storage } of Object.values(bindings)) {
      uses.set(storage, { first: uses.get(storage)?.first ?? at, last: at });
    }
  });
  return uses;
}

/** The tensors of a call whose kernel can write the second over the first, if nothing stands against it. */
function pairOf(call: Call, at: number, uses: Uses): readonly [Tensor, Tensor] | undefined {
  const { kernel, bindings, consts } = call;
  const { inPlace } = kernel;
  if (inPlace === undefined || consts["ACCUMULATE"] === true) return undefined;
  const [from, to] = [bindings[inPlace.from], bindings[inPlace.to]];
  if (from === undefined || to === undefined) return undefined;
  // another binding of the same call would see the storage half written
  const others = Object.entries(bindings).filter(([name]) => name !== inPlace.from);
  const alone =
    from.storage.lifetime === "temporary" &&
    to.storage.lifetime === "temporary" &&
    from.storage.length === to.storage.length &&
    from.offset === 0 &&
    to.offset === 0 &&
    others.every(([, { storage }]) => storage !== from.storage);
  const free = uses.get(from.storage)?.last === at && uses.get(to.storage)?.first === at;
  return alone && free ? [from, to] : undefined;
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

/**
 * Rewrites calls of kernels that have an in-place form: where the input is read for the last time and the result
 * written for the first time, and both are whole temporaries of one size, the result moves into the input's storage.
 * @returns the calls, and where results moved: their storage, and that of the input which is gone
 */
export function inPlace(calls: readonly Call[]): {
  readonly calls: Call[];
  readonly moved: ReadonlyMap<Storage, Storage>;
} {
  const uses = usesOf(calls);
  const moved = new Map<Storage, Storage>();
  const rewritten = calls.map((call, at): Call => {
    const bindings = Object.fromEntries(
      Object.entries(call.bindings).map(([name, tensor]) => {
        const storage = moved.get(tensor.storage) ?? tensor.storage;
        return [name, storage === tensor.storage ? tensor : { ...tensor, storage }];
      }),
    );
    const pair = pairOf(call, at, uses);
    const form = call.kernel.inPlace;
    if (pair === undefined || form === undefined) return { ...call, bindings };
    const [from, to] = pair;
    const storage = moved.get(from.storage) ?? from.storage;
    moved.set(to.storage, storage);
    return {
      ...call,
      kernel: form.kernel,
      consts: without(call.consts, "ACCUMULATE"),
      bindings: { ...without(bindings, form.from), [form.to]: { ...to, storage } },
    };
  });
  return { calls: rewritten, moved };
}
