// Which kernels have a WebAssembly twin, and how their calls become calls of it.
import type { Consts } from "../plan/kernel.ts";
import type { WasmKernels } from "./wasm.ts";

/** What a native kernel is prepared from: addresses by binding, constants, and the shared scratch. */
export interface NativeCall {
  readonly kernels: WasmKernels;
  /** byte address of a binding */
  readonly at: (binding: string) => number;
  /** a constant as a number; flags are 0 and 1 */
  readonly of: (constant: string) => number;
  readonly scratch: number;
}

type Prepare = (call: NativeCall) => () => void;

const matmul: Prepare = ({ kernels, at, of, scratch }) => {
  const [a, b, bias, c] = [at("a"), at("b"), at("bias"), at("c")];
  const [BATCH, M, N, K] = [of("BATCH"), of("M"), of("N"), of("K")];
  const [TA, TB, BIAS, ACCUMULATE] = [of("TA"), of("TB"), of("BIAS"), of("ACCUMULATE")];
  return () => kernels.matmul(a, b, bias, c, BATCH, M, N, K, TA, TB, BIAS, ACCUMULATE, scratch);
};

const NATIVE: ReadonlyMap<string, Prepare> = new Map([["matmul", matmul]]);

/** The prepared call of a kernel, or undefined when only its reference exists. */
export function prepareNative(
  name: string,
  consts: Consts,
  rest: Omit<NativeCall, "of">,
): (() => void) | undefined {
  const of = (constant: string): number => {
    const value = consts[constant];
    if (value === undefined) throw new Error(`${name}: no constant ${constant}`);
    return Number(value);
  };
  return NATIVE.get(name)?.({ ...rest, of });
}
