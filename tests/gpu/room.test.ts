// A device without room: a buffer that it refuses ends the plan in one sentence, and is never read as zeros.
import { expect, test, vi } from "vitest";
import { Tape } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import { executor } from "../support/gpu.ts";

const REFUSED =
  /^memory: the device has no room for b, which needs 4096 bytes \(no memory\); nothing was run, close other pages/;

test("a buffer that the device refuses rejects compiling and reading, with its name and size", async () => {
  const on = await executor();
  const [a, b] = [persistent("a", [32, 32]), persistent("b", [32, 32])];
  const tape = new Tape({ keep: true });
  const y = matmul(tape, a, b, { M: 32, N: 32, K: 32 });
  expect(y.shape).toEqual([32, 32]);
  on.memory.write(a, new Float32Array(1024).fill(1));
  await on.memory.allocated();
  const pop = vi
    .spyOn(on.gpu.device, "popErrorScope")
    .mockResolvedValueOnce({ message: "no memory" });
  on.memory.write(b, new Float32Array(1024).fill(1));
  expect(pop).toHaveBeenCalledTimes(1);
  pop.mockRestore();
  await expect(on.compile("product", tape.calls)).rejects.toThrow(REFUSED);
  await expect(on.memory.read([b])).rejects.toThrow(REFUSED);
  on.memory.destroy();
  // the scope that was asked for above is still open
  await on.gpu.device.popErrorScope();
});
