// Oracle specs of single ops, forward and backward.
import { geluErf, silu, swiglu } from "../kernels/activation.ts";
import { crossEntropy } from "../kernels/cross-entropy.ts";
import { dropoutApply } from "../kernels/dropout.ts";
import { gelu } from "../kernels/gelu.ts";
import { layernorm } from "../kernels/layernorm.ts";
import { logprobs } from "../kernels/logprobs.ts";
import { linear, matmul } from "../kernels/matmul.ts";
import { rmsnorm } from "../kernels/rmsnorm.ts";
import { softmax } from "../kernels/softmax.ts";
import type { Tape } from "../plan/tape.ts";
import { size } from "../plan/tensor.ts";
import type { Shape, Tensor } from "../plan/tensor.ts";
import { gradient } from "./bench.ts";
import type { Spec } from "./bench.ts";

/** (..,C) as (R,C). */
function matrix(shape: Shape): Shape {
  const C = shape.at(-1) ?? 1;
  return [size(shape) / C, C];
}

/** y = op(x) element by element, with d_y given. */
function elementwise(op: (tape: Tape, x: Tensor) => Tensor): Spec {
  return (bench) => {
    const x = bench.parameter("x");
    const y = op(bench.tape, x);
    bench.seed(y, "d_y");
    return bench.finish({ y, "grad/x": gradient(x) });
  };
}

const products: Readonly<Record<string, Spec>> = {
  matmul: (bench) => {
    const [a, b] = [bench.parameter("A"), bench.parameter("B")];
    const [M, N, K] = [bench.number("M"), bench.number("N"), bench.number("K")];
    const BATCH = size(a.shape) / (M * K);
    const shape = { M, N, K, TA: bench.flag("ta"), TB: bench.flag("tb"), BATCH };
    const c = matmul(bench.tape, a, b, shape);
    bench.seed(c, "d_C");
    return bench.finish({ C: c, "grad/A": gradient(a), "grad/B": gradient(b) });
  },
  linear: (bench) => {
    const x = bench.parameter("x", matrix(bench.shape("x")));
    const [w, b] = [bench.parameter("W"), bench.parameter("b")];
    const y = linear(bench.tape, x, w, b);
    bench.seed(y, "d_y");
    const gradients = { "grad/x": gradient(x), "grad/W": gradient(w), "grad/b": gradient(b) };
    return bench.finish({ y, ...gradients });
  },
  swiglu_mlp: (bench) => {
    const names = ["x", "Wg", "Wu", "Wd"] as const;
    const [x, gate, up, down] = [
      bench.parameter("x"),
      bench.parameter("Wg"),
      bench.parameter("Wu"),
      bench.parameter("Wd"),
    ];
    const inner = swiglu(bench.tape, linear(bench.tape, x, gate), linear(bench.tape, x, up));
    const y = linear(bench.tape, inner, down);
    bench.seed(y, "d_y");
    const gradients = [x, gate, up, down].map(
      (tensor, index) => [`grad/${names[index] ?? ""}`, gradient(tensor)] as const,
    );
    return bench.finish({ y, ...Object.fromEntries(gradients) });
  },
};

const normalisations: Readonly<Record<string, Spec>> = {
  layernorm: (bench) => {
    const [x, w, b] = [bench.parameter("x"), bench.parameter("w"), bench.parameter("b")];
    const y = layernorm(bench.tape, x, w, b, bench.number("eps"));
    bench.seed(y, "d_y");
    const gradients = { "grad/x": gradient(x), "grad/w": gradient(w), "grad/b": gradient(b) };
    return bench.finish({ y, ...gradients });
  },
  rmsnorm: (bench) => {
    const [x, w] = [bench.parameter("x"), bench.parameter("w")];
    const y = rmsnorm(bench.tape, x, w, bench.number("eps"));
    bench.seed(y, "d_y");
    return bench.finish({ y, "grad/x": gradient(x), "grad/w": gradient(w) });
  },
  softmax: (bench) => {
    const z = bench.parameter("z");
    const p = softmax(bench.tape, z);
    bench.seed(p, "d_p");
    return bench.finish({ p, "grad/z": gradient(z) });
  },
};

const activations: Readonly<Record<string, Spec>> = {
  gelu_tanh: elementwise(gelu),
  gelu_erf: elementwise(geluErf),
  silu: elementwise(silu),
  swiglu: (bench) => {
    const [gate, up] = [bench.parameter("gate"), bench.parameter("up")];
    const y = swiglu(bench.tape, gate, up);
    bench.seed(y, "d_y");
    return bench.finish({ y, "grad/gate": gradient(gate), "grad/up": gradient(up) });
  },
  dropout_apply: (bench) => {
    const x = bench.parameter("x");
    const y = dropoutApply(bench.tape, x, bench.input("keep", "f32"), bench.number("p"));
    bench.seed(y, "d_y");
    return bench.finish({ y, "grad/x": gradient(x) });
  },
};

const vocabulary: Readonly<Record<string, Spec>> = {
  cross_entropy: (bench) => {
    const logits = bench.parameter("logits");
    const mask = bench.input("mask", "f32");
    const { loss, nll } = crossEntropy(bench.tape, logits, bench.input("targets"), mask);
    return bench.finish({ loss, nll, "grad/logits": gradient(logits) });
  },
  token_logprobs: (bench) => {
    const logits = bench.parameter("logits");
    const knob = bench.constant("temperature", [1], [bench.number("temperature")]);
    const temperature = { tensor: knob, index: 0 };
    const result = logprobs(bench.tape, logits, bench.input("targets"), { temperature });
    bench.seed(result.logp, "d_logprob");
    bench.seed(result.entropy, "d_entropy");
    const { logp: logprob, entropy } = result;
    return bench.finish({ logprob, entropy, "grad/logits": gradient(logits) });
  },
};

export const ops: Readonly<Record<string, Spec>> = {
  ...products,
  ...normalisations,
  ...activations,
  ...vocabulary,
};
