// Unembedding and loss in one: log-probabilities and cross-entropy of hidden states without a tensor of all logits.
import type { Tape } from "../plan/tape.ts";
import { check, describe, size, view } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { SLICE, classifierParts } from "./classifier-parts.ts";
import {
  COLUMNS_PER_THREAD,
  crossEntropyBackwardInPlace,
  crossEntropyRows,
} from "./cross-entropy.ts";
import type { CrossEntropy, CrossEntropyOptions } from "./cross-entropy.ts";
import { logprobsBackwardInPlace, logprobsForward } from "./logprobs.ts";
import type { Logprobs, LogprobsOptions } from "./logprobs.ts";
import { product } from "./matmul.ts";
import { meanLoss } from "./reduce.ts";
import { checkAllowed } from "./softmax-parts.ts";

/** What the logits h W^T are made of, and the tokens that are asked for. */
export interface Classified {
  /** (R,C) */
  readonly hidden: Tensor;
  /** (V,C) */
  readonly weight: Tensor;
  /** (R) i32 */
  readonly targets: Tensor;
}

export interface Chunks {
  /** rows whose logits backward makes at once, a multiple of 64; as many as one binding holds by default */
  readonly rows?: number | undefined;
}

interface Sizes {
  readonly R: number;
  readonly C: number;
  readonly V: number;
}

function sizesOf({ hidden, weight, targets }: Classified): Sizes {
  const [V = 0, C = 0] = weight.shape;
  const R = size(hidden.shape) / C;
  check(
    hidden.shape.at(-1) === C && size(targets.shape) === R,
    `classifier: h[R,C], W[V,C] and R targets must go together, got ${describe(hidden)}, ${describe(weight)} and ${describe(targets)}`,
  );
  return { R, C, V };
}

// Views must begin at multiples of 64 elements, and rows of every tensor here have at least one.
const ROW_STEP = 64;

/** Rows of logits (..,V) that are made at once. @throws RangeError for a number that views cannot begin at. */
function chunkRows(tape: Tape, V: number, rows?: number): number {
  const most = Math.max(ROW_STEP, Math.floor(tape.bindingLength / V / ROW_STEP) * ROW_STEP);
  check(
    rows === undefined || (rows > 0 && rows % ROW_STEP === 0),
    `classifier: chunks of ${String(rows)} rows, expected a multiple of ${String(ROW_STEP)}`,
  );
  return Math.min(most, rows ?? most);
}

/** Records the slices: parts (R,PARTS,3) as softmaxParts makes them, of contiguous columns, and (R) target logits. */
function slices(
  tape: Tape,
  of: Classified,
  { temperature, BANNED = 0 }: Pick<LogprobsOptions, "temperature" | "BANNED">,
): { parts: Tensor; hits: Tensor; PARTS: number } {
  const { R, C, V } = sizesOf(of);
  checkAllowed(V, BANNED);
  const PARTS = Math.ceil(V / SLICE);
  const parts = tape.scratch("classifier.parts", [R, PARTS, 3]);
  const hits = tape.scratch("classifier.hits", [R]);
  const { hidden: h, weight: w, targets } = of;
  tape.call(
    classifierParts,
    { h, w, targets, knobs: temperature?.tensor ?? h, parts, hits },
    {
      ...{ R, C, V, SLICE, PARTS, BANNED },
      TEMPERED: temperature !== undefined,
      TEMPERATURE: temperature?.index ?? 0,
    },
  );
  return { parts, hits, PARTS };
}

/** Rows first .. first + count - 1 of a tensor (R,..). */
type Part = (tensor: Tensor, columns?: number) => Tensor;

/**
 * Backward through the logits, chunk by chunk of rows: computes the logits again, lets `slope` write their derivative
 * over them, and adds what follows for h and W (Hsu et al. 2024, "Liger Kernel": fused linear cross-entropy).
 */
function backwardInChunks(
  tape: Tape,
  of: Classified,
  { rows }: Chunks,
  slope: (dlogits: Tensor, part: Part) => void,
): void {
  const { R, C, V } = sizesOf(of);
  const { hidden, weight } = of;
  const dhidden = tape.into(hidden);
  const dweight = tape.into(weight);
  if (dhidden === undefined && dweight === undefined) return;
  const step = chunkRows(tape, V, rows);
  for (let first = 0; first < R; first += step) {
    const M = Math.min(step, R - first);
    const part: Part = (tensor, columns = 1) =>
      view(tensor, columns === 1 ? [M] : [M, columns], first * columns);
    const h = part(hidden, C);
    const dlogits = tape.scratch("dlogits", [M, V]);
    product(tape, [h, weight, { tensor: dlogits, ACCUMULATE: false }], { M, N: V, K: C, TB: true });
    slope(dlogits, part);
    if (dhidden !== undefined) {
      const into = { ...dhidden, tensor: part(dhidden.tensor, C) };
      product(tape, [dlogits, weight, into], { M, N: C, K: V });
    }
    if (dweight !== undefined) {
      const into = { ...dweight, ACCUMULATE: dweight.ACCUMULATE || first > 0 };
      product(tape, [dlogits, h, into], { M: V, N: C, K: M, TA: true });
    }
  }
}

/**
 * As `logprobs` of the logits hidden W^T, which are never stored whole: forward keeps R times V/128 numbers instead of
 * R times V; backward computes them again, one third more arithmetic for the three products.
 * @throws RangeError when the shapes do not go together or every token is banned.
 */
export function classifierLogprobs(
  tape: Tape,
  of: Classified,
  options: LogprobsOptions & Chunks = {},
): Logprobs {
  const { temperature, BANNED = 0, shape = of.hidden.shape.slice(0, -1) } = options;
  const { R, V } = sizesOf(of);
  check(
    size(shape) === R,
    `classifier: ${describe(of.hidden)} has ${String(R)} rows, got [${shape.join(",")}]`,
  );
  const { parts, hits: logits, PARTS } = slices(tape, of, { temperature, BANNED });
  const logp = tape.result("logp", shape, of.hidden, of.weight);
  const entropy = tape.result("entropy", shape, of.hidden, of.weight);
  const normaliser = tape.scratch("normaliser", [R, 2]);
  const knobs = temperature?.tensor ?? parts;
  const live = { TEMPERED: temperature !== undefined, TEMPERATURE: temperature?.index ?? 0 };
  const { targets } = of;
  tape.call(
    logprobsForward,
    { parts, logits, targets, knobs, logp, entropy, normaliser },
    { R, V, PARTS, GATHERED: true, ...live },
  );
  tape.onBackward([logp, entropy], () => {
    const [dlogp, dentropy] = [logp, entropy].map((output) =>
      tape.hasGradient(output) ? tape.gradientOf(output) : undefined,
    );
    const consts = {
      ...{ V, BANNED, ...live, THREADS: Math.ceil(V / COLUMNS_PER_THREAD) },
      HAS_DLOGP: dlogp !== undefined,
      HAS_DENTROPY: dentropy !== undefined,
    };
    backwardInChunks(tape, of, options, (dlogits, part) => {
      tape.call(
        logprobsBackwardInPlace,
        {
          targets: part(targets),
          knobs: temperature?.tensor ?? normaliser,
          entropy: part(entropy),
          normaliser: part(normaliser, 2),
          dlogp: part(dlogp ?? entropy),
          dentropy: part(dentropy ?? entropy),
          dlogits,
        },
        { R: dlogits.shape[0] ?? 0, ...consts },
      );
    });
  });
  return { logp, entropy };
}

/**
 * As `crossEntropy` of the logits hidden W^T, which are never stored whole; see classifierLogprobs.
 * @param mask (R) f32, 1 = counted
 * @throws RangeError when the shapes do not go together.
 */
export function classifierCrossEntropy(
  tape: Tape,
  of: Classified,
  mask: Tensor,
  options: CrossEntropyOptions & Chunks = {},
): CrossEntropy {
  const { weight, stats, total } = options;
  const { R, V } = sizesOf(of);
  check(
    size(mask.shape) === R,
    `classifier: ${describe(of.hidden)} has ${String(R)} rows, got ${describe(mask)}`,
  );
  const { parts, hits: logits, PARTS } = slices(tape, of, {});
  const nll = tape.scratch("nll", mask.shape);
  const normaliser = tape.scratch("normaliser", [R, 2]);
  const terms = tape.scratch("nll.terms", [R, 2]);
  const { targets } = of;
  const bindings = { parts, logits, targets, mask, nll, normaliser, terms };
  tape.call(crossEntropyRows, bindings, { R, V, PARTS, GATHERED: true });
  const loss = tape.result("cross-entropy", [], of.hidden, of.weight);
  const means = meanLoss(tape, terms, loss, { stats });
  const consts = {
    V,
    THREADS: Math.ceil(V / COLUMNS_PER_THREAD),
    WEIGHTED: weight !== undefined,
    WEIGHT: weight?.index ?? 0,
  };
  tape.onBackward(loss, () => {
    backwardInChunks(tape, of, options, (dlogits, part) => {
      tape.call(
        crossEntropyBackwardInPlace,
        {
          targets: part(targets),
          mask: part(mask),
          normaliser: part(normaliser, 2),
          sums: total ?? means.sums,
          knobs: weight?.tensor ?? mask,
          dlogits,
        },
        { R: dlogits.shape[0] ?? 0, ...consts },
      );
    });
  });
  return { loss, nll, normaliser, stats: means.stats, sums: means.sums };
}
