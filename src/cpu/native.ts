// Which kernels have a WebAssembly twin, and how their calls become calls of it.
import type { Consts } from "../plan/kernel.ts";
import type { WasmKernels } from "./wasm.ts";

/** A twin takes the addresses of its bindings, then constants, then a scratch address if it has one. */
interface Signature {
  readonly bindings: readonly string[];
  readonly consts: readonly string[];
  /** name of the export; that of the kernel by default */
  readonly twin?: string;
  /** export that gives the bytes of scratch from the constants named here */
  readonly scratch?: { readonly size: string; readonly consts: readonly string[] };
  /** the constants that the twin supports; all by default */
  readonly supports?: (consts: Consts) => boolean;
}

/** `"x y | N"`: bindings and constants in the order of the twin's parameters. */
function takes(parameters: string, rest: Omit<Signature, "bindings" | "consts"> = {}): Signature {
  const [bindings = [], consts = []] = parameters
    .split("|")
    .map((names) => names.trim().split(" "));
  return { bindings, consts, ...rest };
}

const attention = { scratch: { size: "attention_scratch", consts: ["T", "D"] } };

const NATIVE: Readonly<Record<string, Signature>> = {
  matmul: takes(
    "a b bias r c e | BATCH M N K TA TB BIAS RESIDUAL GELU GELU_BACKWARD ACCUMULATE SUMS ACCUMULATE_SUMS",
    {
      scratch: { size: "matmul_scratch", consts: [] },
      supports: ({ TB, GELU_BACKWARD, ACCUMULATE, SUMS }) =>
        !(SUMS === true && TB === true) && !(GELU_BACKWARD === true && ACCUMULATE === true),
    },
  ),
  attention: takes("qkv mask y lse | B T H D", attention),
  attention_backward_query: takes("qkv mask y dy lse dqkv delta | B T H D ACCUMULATE", attention),
  attention_backward_key: takes("qkv mask dy lse delta dqkv | B T H D ACCUMULATE", attention),
  attention_decode: takes("qkv mask state cache y | B S C H", {
    scratch: { size: "attention_decode_scratch", consts: ["S"] },
  }),
  cache_fill: takes("qkv cache | B P S C"),
  classifier_parts: takes(
    "h w targets knobs parts hits | R C V SLICE PARTS TEMPERED TEMPERATURE BANNED",
    { scratch: { size: "classifier_scratch", consts: ["SLICE"] } },
  ),
  draw: takes(
    "logits state positions knobs response logp current place | B V G T EOS PAD BANNED TEMPERATURE",
    { scratch: { size: "draw_scratch", consts: ["V"] } },
  ),
  embedding: takes("ids pos wte wpe x | R C POSITIONS"),
  embedding_backward: takes("ids dx dw | R C V ACCUMULATE"),
  scalar_head: takes("h w b u | R C"),
  scalar_head_backward: takes("du w dh | R C ACCUMULATE"),
  scalar_head_backward_blocks: takes("h du partial | R C ROWS BLOCKS"),
  gelu: takes("x y | N"),
  gelu_backward: takes("x dy dx | N ACCUMULATE"),
  residual: takes("x f y | N"),
  residual_backward: takes("dy dx | N ACCUMULATE"),
  dropout_drawn: takes("x r state y | N SITE DROPPED SCALE RESIDUAL ACCUMULATE"),
  adamw: takes("values grads m v state knobs | N DECAY_END"),
  layernorm: takes("x w b y stats | R C EPS"),
  layernorm_backward: takes("x w stats dy dx | R C ACCUMULATE"),
  layernorm_backward_blocks: takes("x stats dy partial | R C ROWS BLOCKS"),
  column_sum_blocks: takes("x partial | R C ROWS BLOCKS"),
  column_sum: takes("x out | R C ACCUMULATE"),
  global_norm_blocks: takes("g partial | N BLOCKS", {
    supports: ({ BLOCKS }) => Number(BLOCKS) % 4 === 0,
  }),
  softmax_parts: takes("logits knobs parts | R V TEMPERED TEMPERATURE BANNED", {
    supports: ({ PARTS }) => PARTS === 8,
  }),
  cross_entropy_backward: takes(
    "logits targets mask normaliser sums knobs dlogits | R V WEIGHTED WEIGHT ACCUMULATE",
  ),
  // the same twins, reading and writing one address; ACCUMULATE, the last parameter, is left out and so 0
  cross_entropy_backward_in_place: takes(
    "dlogits targets mask normaliser sums knobs dlogits | R V WEIGHTED WEIGHT",
    { twin: "cross_entropy_backward" },
  ),
  logprobs_backward_in_place: takes(
    "dlogits targets knobs entropy normaliser dlogp dentropy dlogits | R V TEMPERED TEMPERATURE BANNED HAS_DLOGP HAS_DENTROPY",
    { twin: "logprobs_backward" },
  ),
  logprobs_backward: takes(
    "logits targets knobs entropy normaliser dlogp dentropy dlogits | R V TEMPERED TEMPERATURE BANNED HAS_DLOGP HAS_DENTROPY ACCUMULATE",
  ),
};

/** Kernels with a twin, for constants that it supports. */
export const NATIVE_NAMES: readonly string[] = Object.keys(NATIVE);

/** Whether a call of a kernel runs in WebAssembly; by its reference otherwise. */
export function hasTwin(name: string, consts: Consts): boolean {
  const signature = NATIVE[name];
  return signature !== undefined && signature.supports?.(consts) !== false;
}

/** What a call is prepared from. */
export interface Surroundings {
  readonly kernels: WasmKernels;
  /** byte address of a binding */
  readonly at: (binding: string) => number;
  /** byte address of at least so much scratch, which no two calls use at once */
  readonly scratch: (bytes: number) => number;
}

/** The prepared call of a kernel, or undefined when only its reference can run it. */
export function prepareNative(
  name: string,
  consts: Consts,
  { kernels, at, scratch }: Surroundings,
): (() => void) | undefined {
  const signature = NATIVE[name];
  if (signature === undefined || !hasTwin(name, consts)) return undefined;
  const value = (constant: string): number => {
    const found = consts[constant];
    if (found === undefined) throw new Error(`${name}: no constant ${constant}`);
    return Number(found);
  };
  const twin = exported(kernels, signature.twin ?? name);
  const args = [...signature.bindings.map(at), ...signature.consts.map(value)];
  if (signature.scratch !== undefined) {
    const bytes = exported(kernels, signature.scratch.size);
    args.push(scratch(bytes(...signature.scratch.consts.map(value))));
  }
  return () => {
    twin(...args);
  };
}

function exported(kernels: WasmKernels, name: string): (...args: number[]) => number {
  const twin = kernels[name];
  if (twin === undefined) throw new Error(`cpu: kernels.wasm does not export ${name}`);
  return twin;
}
