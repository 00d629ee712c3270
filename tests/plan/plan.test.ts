// The printed training step of a tiny model, checked in: a kernel change shows its diff here.
import { expect, test } from "vitest";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { layOut } from "../../src/model/parameters.ts";
import { lives } from "../../src/plan/liveness.ts";
import { printPlan } from "../../src/plan/print.ts";
import { persistent } from "../../src/plan/tensor.ts";
import { lmInput, lmStep } from "../../src/rlhf/language-model.ts";
import { makeOptimiser } from "../../src/rlhf/optimiser.ts";

function tinyStep(layers: number): ReturnType<typeof lmStep> {
  const config = gpt2(11, 8, layers, 2, 6);
  const parameters = layOut("policy", gptSpecs(config), true);
  const input = lmInput("rows", 2, 5);
  const stats = persistent("loss", [2]);
  return lmStep(config, parameters, makeOptimiser(parameters), input, stats);
}

test("the plan of a training step is as checked in", async () => {
  await expect(printPlan(tinyStep(1).calls)).toMatchFileSnapshot("training-step.txt");
});

test("a layer adds the same number of calls, whatever the depth", () => {
  const [one, two, three] = [1, 2, 3].map((layers) => tinyStep(layers).calls.length);
  // the global norm of a larger model may need one more call to fold its blocks
  expect(Math.abs((three ?? 0) - 2 * (two ?? 0) + (one ?? 0))).toBeLessThanOrEqual(1);
});

test("no two tensors that live at the same time share a slot", () => {
  const { calls } = tinyStep(2);
  const all = lives(calls);
  for (const life of all) {
    expect(life.first).toBeLessThanOrEqual(life.last);
  }
  expect(all.length).toBeGreaterThan(20);
});
