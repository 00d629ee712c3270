// Cuts flat tensors into ranges that fit a binding, for kernels that treat every element alike.
import { ALIGNMENT, check, size, view } from "./tensor.ts";
import type { Tensor } from "./tensor.ts";

/** A range of a flat tensor: its first element and how many there are. */
interface Range {
  readonly at: number;
  readonly length: number;
  /** the range of a tensor of the whole length; the tensor itself when there is only one range */
  readonly of: (tensor: Tensor) => Tensor;
}

/**
 * Ranges of at most `most` elements that make up `length`, all but the last of them equally long.
 * @param most a multiple of ALIGNMENT, so that every range can be bound; see Tape.bindingLength
 * @throws RangeError when it is not
 */
export function ranges(length: number, most: number): Range[] {
  check(
    most > 0 && most % ALIGNMENT === 0,
    `ranges: ${String(most)} elements cannot be bound, expected a positive multiple of ${String(ALIGNMENT)}`,
  );
  if (length <= most) return [{ at: 0, length, of: (tensor) => tensor }];
  return Array.from({ length: Math.ceil(length / most) }, (_, i) => {
    const at = i * most;
    const part = Math.min(most, length - at);
    return { at, length: part, of: (tensor) => view(tensor, [part], at) };
  });
}

/** Records one call per range of N elements: `record` gets the range. */
export function eachRange(
  tape: { readonly bindingLength: number },
  tensor: Tensor,
  record: (range: Range) => void,
): void {
  for (const range of ranges(size(tensor.shape), tape.bindingLength)) record(range);
}
