// Recomputed activations: the same gradients bit by bit, less memory, more calls, and refusals where they would be wrong.
import { describe, expect, test } from "vitest";
import { advance } from "../../src/kernels/decode.ts";
import { copy } from "../../src/kernels/copy.ts";
import { DROPOUT_STATE } from "../../src/kernels/dropout-drawn.ts";
import { ema } from "../../src/kernels/ema.ts";
import { gelu } from "../../src/kernels/gelu.ts";
import { layernorm } from "../../src/kernels/layernorm.ts";
import { residual } from "../../src/kernels/residual.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import type { GptConfig } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut } from "../../src/model/parameters.ts";
import { memoryPlan } from "../../src/plan/memory-plan.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import type { TapeOptions } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { lmInput, lmLoss, lmStep, rowPositions } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";
import { random } from "../support/random.ts";

const [B, T, V] = [3, 6, 17];

/** Gradients and loss of a batch by the references. */
function gradients(
  config: GptConfig,
  options: TapeOptions,
  p = 0,
): { flat: Float32Array; loss: number } {
  const parameters = layOut("policy", gptSpecs(config), true);
  const input = lmInput("rows", B, T);
  const stats = persistent("loss", [2]);
  const tape = new Tape(options);
  tape.train(parameters.tensors.values());
  const state = persistent("dropout", [DROPOUT_STATE.size], "u32");
  const dropout = p === 0 ? undefined : { p, state };
  lmLoss(tape, config, parameters, input, { stats, dropout });
  tape.backward();
  const memory = new CpuMemory();
  memory.write(state, [4, 2, 0]);
  const next = random(5);
  const token = (): number => Math.floor(next() * V);
  memory.write(parameters.values, initialValues(parameters, 1));
  memory.write(input.tokens, Int32Array.from({ length: B * T }, token));
  memory.write(input.targets, Int32Array.from({ length: B * T }, token));
  memory.write(
    input.weights,
    Float32Array.from({ length: B * T }, (_, i) => (i % 5 === 0 ? 0 : 1)),
  );
  memory.write(input.positions, rowPositions(B, T));
  memory.write(input.mask, new Uint32Array(B * T).fill(1));
  runOnCpu(tape.calls, memory);
  const flat = memory.of(parameters.gradients as Tensor) as Float32Array;
  return { flat, loss: memory.of(stats)[0]! };
}

const base = gpt2(V, 8, 3, 2, 8);
const configs: readonly (readonly [string, GptConfig])[] = [
  ["GPT-2", base],
  [
    "Llama",
    { ...base, norm: "rmsnorm", positions: "rope", mlp: "swiglu", bias: false, tied: false },
  ],
  ["erf", { ...base, mlp: "gelu_erf" }],
];

describe.each(configs)("%s", (_name, config) => {
  test("gradients are bit-equal with and without recomputation", () => {
    const plain = gradients(config, {});
    const again = gradients(config, { recompute: true });
    expect(plain.flat.some((value) => value !== 0)).toBe(true);
    expect(again).toEqual(plain);
  });

  test("with dropout too, whose masks are drawn again", () => {
    const dropped = gradients(config, {}, 0.3);
    expect(dropped.loss).not.toBe(gradients(config, {}).loss);
    expect(gradients(config, { recompute: true }, 0.3)).toEqual(dropped);
  });
});

test("a training step takes fewer bytes of slots and more calls", () => {
  const config = gpt2(512, 128, 4, 4, 64);
  const step = (recompute: boolean): { slots: number; calls: number } => {
    const parameters = layOut("policy", gptSpecs(config), true);
    const optimiser = makeOptimiser(parameters);
    const input = lmInput("rows", 8, 64);
    const { calls } = lmStep(config, parameters, optimiser, input, persistent("loss", [2]), {
      recompute,
    });
    return { slots: memoryPlan({ plans: [{ label: "step", calls }] }).slots, calls: calls.length };
  };
  const [plain, again] = [step(false), step(true)];
  expect(again.slots).toBeLessThan(0.6 * plain.slots);
  expect(again.calls).toBeGreaterThan(plain.calls);
  // the last product of a block is not needed again: at most its 6 other calls are
  expect(again.calls).toBeLessThanOrEqual(plain.calls + 6 * config.layers);
});

function input(name: string, shape: readonly number[]): Tensor {
  return { ...persistent(name, shape), gradient: persistent(`d${name}`, shape) };
}

test("a result that is read outside is not computed again", () => {
  const tape = new Tape();
  const x = input("x", [4, 3]);
  tape.train([x]);
  let inner = x;
  const y = tape.recompute("body", () => {
    inner = gelu(tape, x);
    return gelu(tape, inner);
  });
  const z = gelu(tape, residual(tape, y, gelu(tape, inner)));
  tape.seed(z, persistent("dz", [4, 3]));
  const before = tape.calls.length;
  tape.backward();
  const names = tape.calls.slice(before).map(({ kernel }) => kernel.name);
  expect(names).not.toContain("gelu");
});

test("nothing runs again for a body without derivatives", () => {
  const tape = new Tape();
  const x = persistent("x", [4, 3]);
  tape.recompute("body", () => gelu(tape, gelu(tape, x)));
  tape.backward();
  expect(tape.calls).toHaveLength(2);
});

test("bodies cannot be nested", () => {
  const tape = new Tape();
  expect(() => {
    tape.recompute("outer", () => {
      tape.recompute("inner", () => undefined);
    });
  }).toThrow(/inner is recorded inside another recomputed scope/);
});

test("a body is refused whose input changes before backward", () => {
  const tape = new Tape();
  const [w, b] = [input("w", [3]), input("b", [3])];
  const x = persistent("x", [4, 3]);
  tape.train([w, b]);
  const y = tape.recompute("body", () => gelu(tape, layernorm(tape, x, w, b)));
  ema(tape, x, persistent("other", [4, 3]), persistent("decay", [2]));
  tape.seed(y, persistent("dy", [4, 3]));
  expect(() => {
    tape.backward();
  }).toThrow(/layernorm in body reads x, which ema changes before backward/);
});

test("a side effect in a body happens once", () => {
  const tape = new Tape();
  const [x, state] = [input("x", [4, 3]), persistent("state", [5], "u32")];
  const current = persistent("current", [4], "u32");
  const out = persistent("out", [4, 3]);
  tape.train([x]);
  const y = tape.recompute("body", () => {
    const inner = gelu(tape, x);
    copy(tape, inner, out);
    advance(tape, current, state, { EOS: 1, PAD: 0 });
    return gelu(tape, inner);
  });
  tape.seed(y, persistent("dy", [4, 3]));
  tape.backward();
  const count = (name: string): number =>
    tape.calls.filter(({ kernel }) => kernel.name === name).length;
  expect([count("copy"), count("advance"), count("gelu")]).toEqual([1, 1, 3]);
});
