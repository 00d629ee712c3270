// Numbers to try a call on: ids inside their tables, masks of ones and zeros, random values for the rest.
import type { HostArray } from "../plan/engine.ts";
import type { Call } from "../plan/tape.ts";
import { floatToHalf, halfToFloat } from "../plan/half.ts";
import { size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

/** Bindings whose values may be negative; kernels take roots and logarithms of some of the others. */
const SIGNED: ReadonlySet<string> = new Set(
  "a b bias r x z dy dx du dh u h w g grads m qkv cache logits wte wpe values rewards scores".split(
    " ",
  ),
);
/** Ids go up to this where nothing says how many there are. */
const FEW = 8;

type Random = () => number;

/** Uniform in (0, 1], the same numbers for the same seed. */
function uniform(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967296;
  };
}

const last = ({ shape }: Pick<Tensor, "shape">): number => shape.at(-1) ?? 1;

/** A mask of left padding (integers) or of responses that end early (floats): every row another length. */
function mask({ shape, dtype }: Tensor, at: number): number {
  const columns = last({ shape });
  const missing = (Math.floor(at / columns) % 4) * Math.floor(columns / 8);
  const column = at % columns;
  const real = dtype === "f32" ? column < columns - missing : column >= missing;
  return real ? 1 : 0;
}

/** Column, drawn, seed, stream and unfinished of decoding, where all columns but the last are filled. */
function decodeState({ consts }: Call, at: number): number {
  const columns = Number(consts["S"] ?? consts["T"] ?? 2);
  return [columns - 1, 0, 7, 3, 1][at % 5] ?? 0;
}

function integer(call: Call, name: string, at: number, random: Random): number {
  const tensor = call.bindings[name] as Tensor;
  const { consts, bindings } = call;
  const below = (bound: number): number => Math.min(bound - 1, Math.floor(random() * bound));
  switch (name) {
    case "mask":
      return mask(tensor, at);
    case "state":
      return decodeState(call, at);
    case "pos":
    case "positions":
      return at % Number(consts["POSITIONS"] ?? last(tensor));
    case "last":
      return below(Number(consts["G"] ?? 1));
    case "rank":
      return 1 + below(4);
    default:
      return below(Number(consts["V"] ?? bindings["wte"]?.shape[0] ?? FEW));
  }
}

/** What forward kernels leave for backward ones must bound what it was made of, or they cut it off. */
function real(call: Call, name: string, at: number, random: Random): number {
  switch (name) {
    case "mask":
      return mask(call.bindings[name] as Tensor, at);
    case "knobs":
      // temperatures are among them
      return 0.5 + random() / 2;
    case "sampling":
      // temperature, top-k and top-p
      return [0.8, 5, 0.9][at % 3] ?? 1;
    case "lse":
      // no score of vectors of D numbers up to 1 exceeds sqrt(D)
      return Math.sqrt(Number(call.consts["D"] ?? 1)) + random();
    case "normaliser":
      // largest logit at the lowest temperature, and the logarithm of a sum of at least 1
      return at % 2 === 0 ? 2 : random();
    default:
      return SIGNED.has(name) ? 2 * random() - 1 : random();
  }
}

/** Values of every binding of a call, such as its tensors can hold; those of f16 tensors are singles. */
export function madeUpFor(call: Call): Record<string, HostArray> {
  const result: Record<string, HostArray> = {};
  Object.entries(call.bindings).forEach(([name, { shape, dtype }], number) => {
    const random = uniform(number + 1);
    const length = size(shape);
    const whole = (_: unknown, at: number): number => integer(call, name, at, random);
    if (dtype === "u32") result[name] = Uint32Array.from({ length }, whole);
    else if (dtype === "i32") result[name] = Int32Array.from({ length }, whole);
    else result[name] = Float32Array.from({ length }, (_, at) => real(call, name, at, random));
    if (dtype === "f16") {
      result[name] = Float32Array.from(result[name], (x) => halfToFloat(floatToHalf(x)));
    }
  });
  return result;
}
