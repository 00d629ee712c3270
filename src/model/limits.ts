// Which model configurations the kernels are made for; what comes from outside is held to it before anything is allocated.
import { check } from "../plan/tensor.ts";
import type { GptConfig } from "./gpt.ts";

/** Smallest and largest width of an attention head. */
const HEAD_SIZES = [8, 128] as const;
/** The longest sequence that attention is made for. */
const MOST_COLUMNS = 1024;

const SIZES = ["vocabulary", "width", "layers", "heads", "inner", "context"] as const;
const CHOICES = {
  norm: ["layernorm", "rmsnorm"],
  // rotary positions are in the kernels and in the oracle's networks; no plan of training or sampling turns them
  positions: ["learned"],
  mlp: ["gelu_tanh", "gelu_erf", "swiglu"],
} as const;

/**
 * Refuses a configuration that no plan can be built for.
 * @param name what the error calls it, e.g. the file it came from
 * @throws RangeError with one sentence: the rule and the number that breaks it
 */
export function checkModel(name: string, config: GptConfig): void {
  for (const key of SIZES) {
    check(
      Number.isInteger(config[key]) && config[key] > 0,
      `${name}: ${key} is ${String(config[key])}, expected a positive whole number; nothing was loaded`,
    );
  }
  for (const key of ["norm", "positions", "mlp"] as const) {
    const known: readonly string[] = CHOICES[key];
    check(
      known.includes(config[key]),
      `${name}: ${key} is ${config[key]}, expected ${known.join(" or ")}; nothing was loaded`,
    );
  }
  const { width, heads } = config;
  check(
    width % heads === 0,
    `${name}: width ${String(width)} does not divide into ${String(heads)} heads; nothing was loaded`,
  );
  const [least, most] = HEAD_SIZES;
  const head = width / heads;
  check(
    head >= least && head <= most,
    `${name}: width ${String(width)} in ${String(heads)} heads makes heads of ${String(head)}, expected ${String(least)} to ${String(most)}; nothing was loaded`,
  );
}

/**
 * Refuses sequences that are too long for a model.
 * @throws RangeError with one sentence
 */
export function checkColumns(name: string, { context, positions }: GptConfig, T: number): void {
  const most = positions === "learned" ? Math.min(context, MOST_COLUMNS) : MOST_COLUMNS;
  check(
    T <= most,
    `${name}: sequences of ${String(T)} tokens are too long for a context of ${String(context)}, expected at most ${String(most)}; nothing was allocated`,
  );
}
