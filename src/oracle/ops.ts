// Oracle specs of single ops, forward and backward.
import { gelu } from "../kernels/gelu.ts";
import { layernorm } from "../kernels/layernorm.ts";
import type { Tape } from "../plan/tape.ts";
import type { Tensor } from "../plan/tensor.ts";
import { gradient } from "./bench.ts";
import type { Spec } from "./bench.ts";

/** y = op(x) element by element, with d_y given. */
function elementwise(op: (tape: Tape, x: Tensor) => Tensor): Spec {
  return (bench) => {
    const x = bench.parameter("x");
    const y = op(bench.tape, x);
    bench.seed(y, "d_y");
    return bench.finish({ y, "grad/x": gradient(x) });
  };
}

export const ops: Readonly<Record<string, Spec>> = {
  gelu_tanh: elementwise(gelu),
  layernorm: (bench) => {
    const [x, w, b] = [bench.parameter("x"), bench.parameter("w"), bench.parameter("b")];
    const y = layernorm(bench.tape, x, w, b, bench.number("eps"));
    bench.seed(y, "d_y");
    const gradients = { "grad/x": gradient(x), "grad/w": gradient(w), "grad/b": gradient(b) };
    return bench.finish({ y, ...gradients });
  },
};
