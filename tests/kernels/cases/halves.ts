// Twins of cases with f16 activations: every kernel that can store or read halves, in awkward sizes.
import { inHalves } from "../op-case.ts";
import type { OpCase } from "../op-case.ts";
import { cases as activations } from "./activation.ts";
import { cases as attentions } from "./attention.ts";
import { cases as dropouts } from "./dropout-drawn.ts";
import { cases as feedForwards } from "./feed-forward.ts";
import { cases as gelus } from "./gelu.ts";
import { cases as layernorms } from "./layernorm.ts";
import { cases as products } from "./matmul.ts";
import { cases as rmsnorms } from "./rmsnorm.ts";
import { cases as ropes } from "./rope.ts";

/** Case names, and the inputs that are halves too. */
type Twins = Readonly<Record<string, readonly string[]>>;

/** @throws Error when there is no case of a name, so that a renamed one is not lost */
function twins(cases: readonly OpCase[], wanted: Twins): OpCase[] {
  return Object.entries(wanted).map(([name, inputs]) => {
    const found = cases.find((opCase) => opCase.name === name);
    if (found === undefined) throw new Error(`halves: there is no case "${name}"`);
    return inHalves(found, inputs);
  });
}

export const cases: readonly OpCase[] = [
  ...twins(products, {
    "matmul 1x1x1 NN batch 1": ["a", "b"],
    "matmul 7x65x3 TT batch 3": ["a", "b"],
    "matmul 33x12x10 TN batch 1": ["a"],
    "matmul 33x12x10 NT batch 1": ["b"],
    "matmul 33x16x20 NN batch 3": ["a", "b"],
    "matmul 18x21x12 NT batch 3": ["a", "b"],
    "linear with bias, used twice": [],
    "linear without bias, used twice": ["x"],
  }),
  ...twins(feedForwards, {
    "feed-forward 1x1x1 with biases": ["x"],
    "feed-forward 7x5x9 without biases": ["x"],
    "feed-forward 33x16x64 with biases": ["x"],
    "linear with a residual, another tensor": ["x"],
  }),
  ...twins(attentions, {
    "attention B=1 T=1 H=1 D=4 pad=0": ["qkv"],
    "attention B=2 T=7 H=3 D=5 pad=2": ["qkv"],
    "attention B=3 T=33 H=2 D=8 pad=5": ["qkv"],
    "attention B=2 T=9 H=3 D=7 pad=9 twice": ["qkv"],
    "attention B=1 T=6 H=1 D=128 pad=0": ["qkv"],
  }),
  ...twins(layernorms, {
    "layernorm 1x7": [],
    "layernorm 7x65": [],
    "layernorm with a frozen bias": [],
  }),
  ...twins(rmsnorms, { "rmsnorm 1x7": [], "rmsnorm 7x65": [] }),
  ...twins(dropouts, { "dropout drawn 65": ["x"] }),
  ...twins(gelus, { "gelu 1": ["x"], "gelu 257": ["x"] }),
  ...twins(activations, {
    "geluErf 257": ["x"],
    "geluErf far from zero": ["x"],
    "silu 257": ["x"],
    "silu twice on one input": ["x"],
    "swiglu 257": ["gate", "up"],
  }),
  ...twins(ropes, {
    "rope R=7 heads=2/3 D=6 twice": ["x"],
    "rope R=33 heads=2/3 D=10 interleaved twice": ["x"],
  }),
];
