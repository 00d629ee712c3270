// Causal multi-head attention with a key mask (Vaswani et al. 2017), never holding a (T,T) matrix (Dao 2022).
import { row } from "../plan/kernel.ts";
import type { Consts, Grid, Kernel, Variant } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor, TypedArray } from "../plan/tensor.ts";

interface Sizes extends Consts {
  /** sequences */
  readonly B: number;
  /** columns */
  readonly T: number;
  /** heads */
  readonly H: number;
  /** width of a head */
  readonly D: number;
}
interface BackwardConsts extends Sizes {
  readonly ACCUMULATE: boolean;
}

const GROUP = 32;
/** Queries (or, for dk and dv, keys) of a thread. */
const TILE = 4;
const grid = ({ B, T, H }: Sizes): Grid => row(Math.ceil((B * H * Math.ceil(T / TILE)) / GROUP));

/** Beyond this width of a head the operands of a tile do not fit into registers. */
const WIDEST = 64;

/** Ways that keep a tile of queries (or keys) in registers; wide tiles suit software adapters, narrow ones GPUs. */
function registerTiles<C extends Sizes>(shader: string): Variant<C>[] {
  return [4, 2, 1].map((tile) => ({
    title: `${shader} ${String(tile)}`,
    shader,
    applies: ({ D }) => D % 4 === 0 && tile * D <= 2 * WIDEST && D <= WIDEST,
    consts: (consts) => ({ ...consts, TILE: tile }),
    grid: ({ B, T, H }) => row(Math.ceil((B * H * Math.ceil(T / tile)) / GROUP)),
  }));
}

/** Operations of `products` causal products of T queries with up to T keys, for every head. */
const causal =
  (products: number) =>
  ({ B, T, H, D }: Sizes): number =>
    products * B * H * D * T * (T + 1);

/** Calls `body` for every sequence, head and column, with the first elements of its q, k, v and y. */
function eachColumn(
  { B, T, H, D }: Sizes,
  body: (b: number, h: number, t: number, q: number, y: number) => void,
): void {
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let t = 0; t < T; t++) {
        body(b, h, t, (b * T + t) * 3 * H * D + h * D, (b * T + t) * H * D + h * D);
      }
    }
  }
}

function dot(x: TypedArray, at: number, y: TypedArray, from: number, D: number): number {
  let sum = 0;
  for (let c = 0; c < D; c++) sum += x[at + c]! * y[from + c]!;
  return sum;
}

type ForwardBindings = "qkv" | "mask" | "y" | "lse";

function forwardReference(
  { qkv, mask, y, lse }: Readonly<Record<ForwardBindings, TypedArray>>,
  consts: Sizes,
): void {
  const { T, H, D } = consts;
  const C = H * D;
  eachColumn(consts, (b, h, i, q, out) => {
    const scores = new Float64Array(i + 1).fill(-Infinity);
    for (let j = 0; j <= i; j++) {
      if (mask[b * T + j] === 0) continue;
      scores[j] = dot(qkv, q, qkv, q + C - (i - j) * 3 * C, D) / Math.sqrt(D);
    }
    const top = Math.max(...scores);
    const none = top === -Infinity;
    const sum = none ? 1 : scores.reduce((total, s) => total + Math.exp(s - top), 0);
    lse[(b * H + h) * T + i] = none ? 0 : top + Math.log(sum);
    for (let c = 0; c < D; c++) {
      let value = 0;
      for (let j = 0; j <= i && !none; j++) {
        value += (Math.exp(scores[j]! - top) / sum) * qkv[q + 2 * C - (i - j) * 3 * C + c]!;
      }
      y[out + c] = value;
    }
  });
}

type QueryBindings = "qkv" | "mask" | "y" | "dy" | "lse" | "dqkv" | "delta";

function queryReference(
  { qkv, mask, y, dy, lse, dqkv, delta }: Readonly<Record<QueryBindings, TypedArray>>,
  consts: BackwardConsts,
): void {
  const { T, H, D, ACCUMULATE } = consts;
  const C = H * D;
  eachColumn(consts, (b, h, i, q, out) => {
    const stat = (b * H + h) * T + i;
    const inner = dot(dy, out, y, out, D);
    delta[stat] = inner;
    const dq = new Float64Array(D);
    for (let j = 0; j <= i; j++) {
      if (mask[b * T + j] === 0) continue;
      const k = q + C - (i - j) * 3 * C;
      const p = Math.exp(dot(qkv, q, qkv, k, D) / Math.sqrt(D) - lse[stat]!);
      const ds = p * (dot(dy, out, qkv, k + C, D) - inner);
      for (let c = 0; c < D; c++) dq[c]! += (ds * qkv[k + c]!) / Math.sqrt(D);
    }
    for (let c = 0; c < D; c++) dqkv[q + c] = (ACCUMULATE ? dqkv[q + c]! : 0) + dq[c]!;
  });
}

type KeyBindings = "qkv" | "mask" | "dy" | "lse" | "delta" | "dqkv";

function keyReference(
  { qkv, mask, dy, lse, delta, dqkv }: Readonly<Record<KeyBindings, TypedArray>>,
  consts: BackwardConsts,
): void {
  const { T, H, D, ACCUMULATE } = consts;
  const C = H * D;
  eachColumn(consts, (b, h, j, own, ownOut) => {
    const k = own + C;
    const dk = new Float64Array(D);
    const dv = new Float64Array(D);
    for (let i = j; i < T && mask[b * T + j] !== 0; i++) {
      const q = own + (i - j) * 3 * C;
      const out = ownOut + (i - j) * C;
      const stat = (b * H + h) * T + i;
      const p = Math.exp(dot(qkv, q, qkv, k, D) / Math.sqrt(D) - lse[stat]!);
      const ds = p * (dot(dy, out, qkv, k + C, D) - delta[stat]!);
      for (let c = 0; c < D; c++) {
        dk[c]! += (ds * qkv[q + c]!) / Math.sqrt(D);
        dv[c]! += p * dy[out + c]!;
      }
    }
    for (let c = 0; c < D; c++) {
      dqkv[k + c] = (ACCUMULATE ? dqkv[k + c]! : 0) + dk[c]!;
      dqkv[k + C + c] = (ACCUMULATE ? dqkv[k + C + c]! : 0) + dv[c]!;
    }
  });
}

export const attentionForward: Kernel<ForwardBindings, Sizes> = {
  name: "attention",
  writes: ["y", "lse"],
  grid,
  flops: causal(2),
  variants: registerTiles("attention_registers"),
  reference: forwardReference,
};
export const attentionBackwardQuery: Kernel<QueryBindings, BackwardConsts> = {
  name: "attention_backward_query",
  writes: ["dqkv", "delta"],
  grid,
  flops: causal(3),
  variants: registerTiles("attention_backward_query_registers"),
  reference: queryReference,
};
export const attentionBackwardKey: Kernel<KeyBindings, BackwardConsts> = {
  name: "attention_backward_key",
  writes: ["dqkv"],
  grid,
  flops: causal(4),
  variants: registerTiles("attention_backward_key_registers"),
  reference: keyReference,
};

/**
 * Causal self-attention of H heads. Query i sees the keys j <= i with mask 1; a query that sees none gives 0.
 * @param qkv (B*T, 3C), every row q | k | v, head h in columns h*D..h*D+D of each, D = C / H
 * @param mask u32 (B, T), 1 = real token, 0 = padding
 * @returns (B*T, C)
 * @throws RangeError when a shape does not fit
 */
export function attention(
  tape: Tape,
  qkv: Tensor,
  mask: Tensor,
  B: number,
  T: number,
  H: number,
): Tensor {
  const C = size(qkv.shape) / (3 * B * T);
  check(
    Number.isInteger(C / H) && size(mask.shape) === B * T,
    `attention: expected qkv[B*T,3*H*D] and mask[B,T] for B=${String(B)}, T=${String(T)}, H=${String(H)}, got ${describe(qkv)} and ${describe(mask)}`,
  );
  const sizes = { B, T, H, D: C / H };
  const y = tape.activation("attention", [B * T, C], qkv);
  const lse = tape.scratch("lse", [B, H, T]);
  tape.call(attentionForward, { qkv, mask, y, lse }, sizes);
  tape.onBackward(y, () => {
    const dy = tape.gradientOf(y);
    const target = tape.into(qkv);
    if (target === undefined) return;
    const delta = tape.scratch("delta", [B, H, T]);
    const dqkv = target.tensor;
    const consts = { ...sizes, ACCUMULATE: target.ACCUMULATE };
    tape.call(attentionBackwardQuery, { qkv, mask, y, dy, lse, dqkv, delta }, consts);
    tape.call(attentionBackwardKey, { qkv, mask, dy, lse, delta, dqkv }, consts);
  });
  return y;
}
