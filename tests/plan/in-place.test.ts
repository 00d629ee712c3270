// Derivatives written over the tensors they come from: the same numbers, less memory, and refusals where it would be wrong.
import { expect, test } from "vitest";
import { copy } from "../../src/kernels/copy.ts";
import { crossEntropy } from "../../src/kernels/cross-entropy.ts";
import { logprobs } from "../../src/kernels/logprobs.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { CpuMemory, runOnCpu } from "../../src/plan/reference.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { random } from "../support/random.ts";

const [R, C, V] = [5, 3, 7];
const input = (name: string, shape: readonly number[]): Tensor => ({
  ...persistent(name, shape),
  gradient: persistent(`d${name}`, shape),
});

interface Parts {
  readonly tape: Tape;
  readonly h: Tensor;
  readonly w: Tensor;
  readonly targets: Tensor;
  readonly mask: Tensor;
  readonly logits: Tensor;
}

function parts(keep: boolean): Parts {
  const tape = new Tape({ keep });
  const [h, w] = [input("h", [R, C]), input("w", [V, C])];
  tape.train([h, w]);
  const targets = persistent("targets", [R], "i32");
  const mask = persistent("mask", [R]);
  const logits = matmul(tape, h, w, { M: R, N: V, K: C, TB: true });
  return { tape, h, w, targets, mask, logits };
}

/** Derivatives of h and W by the references. */
function gradients({ tape, h, w, targets, mask }: Parts): unknown {
  const memory = new CpuMemory();
  const next = random(4);
  for (const x of [h, w]) {
    memory.write(
      x,
      Float32Array.from({ length: x.storage.length }, () => next() - 0.5),
    );
  }
  memory.write(
    targets,
    Int32Array.from({ length: R }, (_, i) => i % V),
  );
  memory.write(mask, new Float32Array(R).fill(1));
  runOnCpu(tape.calls, memory);
  return [h, w].map((x) => memory.of(x.gradient as Tensor));
}

const names = ({ tape }: Parts): string[] => tape.calls.map(({ kernel }) => kernel.name);
const storages = ({ tape }: Parts): number =>
  new Set(tape.calls.flatMap(({ bindings }) => Object.values(bindings).map((t) => t.storage))).size;

test.each([
  ["cross_entropy", (p: Parts) => crossEntropy(p.tape, p.logits, p.targets, p.mask).loss],
  ["logprobs", (p: Parts) => logprobs(p.tape, p.logits, p.targets).logp],
])("the derivative of %s takes the storage of the logits", (name, loss) => {
  const [kept, over] = [parts(true), parts(false)];
  for (const p of [kept, over]) {
    const output = loss(p);
    if (output.shape.length > 0) p.tape.seed(output, p.mask);
    p.tape.backward();
  }
  expect(names(kept)).toContain(`${name}_backward`);
  expect(names(over)).toContain(`${name}_backward_in_place`);
  expect(storages(over)).toBe(storages(kept) - 1);
  expect(gradients(over)).toEqual(gradients(kept));
});

test("logits that are needed again keep their storage until the last time", () => {
  const [kept, over] = [parts(true), parts(false)];
  for (const p of [kept, over]) {
    crossEntropy(p.tape, p.logits, p.targets, p.mask);
    crossEntropy(p.tape, p.logits, p.targets, p.mask);
    p.tape.backward();
  }
  expect(names(over).filter((name) => name.endsWith("in_place"))).toEqual([]);
  expect(gradients(over)).toEqual(gradients(kept));
});

test("inputs that outlive the plan are not written over", () => {
  const tape = new Tape();
  const logits = input("logits", [R, V]);
  tape.train([logits]);
  const [targets, mask] = [persistent("targets", [R], "i32"), persistent("mask", [R])];
  crossEntropy(tape, logits, targets, mask);
  tape.backward();
  expect(tape.calls.at(-1)?.kernel.name).toBe("cross_entropy_backward");
});

test("logits cannot be read once their derivative lies over them", () => {
  const p = parts(false);
  crossEntropy(p.tape, p.logits, p.targets, p.mask);
  p.tape.backward();
  expect(() => {
    copy(p.tape, p.logits, persistent("kept", [R, V]));
  }).toThrow("copy: matmul[5,7] is read after backward, which wrote a derivative over it");
});
