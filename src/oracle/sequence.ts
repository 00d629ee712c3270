// Oracle specs of ops on sequences: attention, embedding, positions, rotation and sampling.
import { attention } from "../kernels/attention.ts";
import { embedding } from "../kernels/embedding.ts";
import { positionIds } from "../kernels/position.ts";
import { rope, ropeTables } from "../kernels/rope.ts";
import { sample } from "../kernels/sample.ts";
import { size } from "../plan/tensor.ts";
import type { Shape, Tensor } from "../plan/tensor.ts";
import { gradient } from "./bench.ts";
import type { Bench, Results, Spec } from "./bench.ts";

/** Element (b,h,t,d) of a (B,H,T,D) array inside rows (B·T, `width`) that begin at column `at`. */
function place(shape: Shape, width: number, at: number): (i: number) => number {
  const [, H = 1, T = 1, D = 1] = shape;
  return (i) => {
    const d = i % D;
    const t = Math.floor(i / D) % T;
    const h = Math.floor(i / (D * T)) % H;
    const b = Math.floor(i / (D * T * H));
    return (b * T + t) * width + at + h * D + d;
  };
}

/** Packs (B,H,T,D) arrays side by side into rows (B·T, n·H·D), the layout the engine computes in. */
export function pack(arrays: readonly ArrayLike<number>[], shape: Shape): Float32Array {
  const [, H = 1, , D = 1] = shape;
  const packed = new Float32Array(arrays.length * size(shape));
  arrays.forEach((array, part) => {
    const to = place(shape, arrays.length * H * D, part * H * D);
    for (let i = 0; i < array.length; i++) packed[to(i)] = array[i] ?? NaN;
  });
  return packed;
}

/** The inverse of `pack` for part `part` of `parts`. */
export function unpack(packed: ArrayLike<number>, shape: Shape, part = 0, parts = 1): number[] {
  const [, H = 1, , D = 1] = shape;
  const from = place(shape, parts * H * D, part * H * D);
  return Array.from({ length: size(shape) }, (_, i) => packed[from(i)] ?? NaN);
}

async function attentionHeads(bench: Bench): Promise<Results> {
  const shape = bench.shape("q");
  const [B = 1, H = 1, T = 1, D = 1] = shape;
  const values = ["q", "k", "v"].map((name) => bench.values(name));
  const qkv = bench.trainable("qkv", [B * T, 3 * H * D], pack(values, shape));
  const y = attention(bench.tape, qkv, bench.input("key_mask", "u32"), B, T, H);
  const upstream = pack([bench.values("d_out")], shape);
  bench.tape.seed(y, bench.constant("d_out", y.shape, upstream));
  const { y: out = [], gradient: slopes = [] } = await bench.finish({ y, gradient: gradient(qkv) });
  return {
    out: unpack(out, shape),
    "grad/q": unpack(slopes, shape, 0, 3),
    "grad/k": unpack(slopes, shape, 1, 3),
    "grad/v": unpack(slopes, shape, 2, 3),
  };
}

/** The rotary tables for positions below P as tensors. */
export function tables(
  bench: Bench,
  P: number,
  D: number,
  theta: number,
): { cosines: Tensor; sines: Tensor } {
  const { cosines, sines } = ropeTables(P, D, theta);
  return {
    cosines: bench.constant("cosines", [P, D / 2], cosines),
    sines: bench.constant("sines", [P, D / 2], sines),
  };
}

async function rotation(bench: Bench): Promise<Results> {
  const shape = bench.shape("x");
  const [B = 1, H = 1, T = 1, D = 1] = shape;
  const x = bench.trainable("x", [B * T, H * D], pack([bench.values("x")], shape));
  const P = Math.max(...bench.values("pos")) + 1;
  const layout = { heads: H, interleaved: bench.flag("interleaved") };
  const angles = tables(bench, P, D, bench.number("theta"));
  const y = rope(bench.tape, x, bench.input("pos", "u32"), angles, layout);
  bench.tape.seed(y, bench.constant("d_y", y.shape, pack([bench.values("d_y")], shape)));
  const { y: out = [], gradient: slopes = [] } = await bench.finish({ y, gradient: gradient(x) });
  return { y: unpack(out, shape), "grad/x": unpack(slopes, shape) };
}

export const sequence: Readonly<Record<string, Spec>> = {
  attention: attentionHeads,
  rope: rotation,
  sampling: (bench) => {
    const settings = ["temperature", "top_k", "top_p"].map((name) => bench.number(name));
    const knobs = bench.constant("sampling", [3], settings);
    const drawn = sample(bench.tape, bench.input("logits"), bench.input("u"), knobs);
    return bench.finish({ token: drawn.tokens, logprob: drawn.logp });
  },
  position_ids: (bench) =>
    bench.finish({ pos: positionIds(bench.tape, bench.input("mask", "u32")) }),
  embedding: (bench) => {
    const [wte, wpe] = [bench.parameter("wte"), bench.parameter("wpe")];
    const x = embedding(bench.tape, bench.input("ids"), bench.input("pos", "u32"), wte, wpe);
    bench.seed(x, "d_x");
    return bench.finish({ x, "grad/wte": gradient(wte), "grad/wpe": gradient(wpe) });
  },
};
