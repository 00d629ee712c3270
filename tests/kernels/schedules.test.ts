// The learning rate's fall over a run: constant, then linear to its floor, and again for a run that goes on.
import { expect, test } from "vitest";
import { linearDecay } from "../../src/kernels/schedules.ts";

test("falls over the last share of a run and begins again after it", () => {
  const at = (iteration: number): number =>
    linearDecay(iteration, { total: 10, share: 0.5, floor: 0.3 });
  expect([0, 5, 6, 7, 8, 9].map(at)).toEqual([1, 1, 0.8, 0.6, 0.4, 0.3]);
  expect([10, 15, 18].map(at)).toEqual([1, 1, 0.4]);
});
