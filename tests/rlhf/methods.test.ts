// Every method on the real trainer: self-checks, metrics under the field's names, and what each must move.
import { beforeAll, describe, expect, test } from "vitest";
import { METHOD_SETTINGS, METHODS } from "../../src/rlhf/method.ts";
import type { RunOptions } from "../../src/rlhf/method.ts";
import { adaptiveKlCoefficient } from "../../src/kernels/schedules.ts";
import type { MetricName, Ranking } from "../../src/workers/protocol.ts";
import { openTrainer, rankings } from "./support.ts";
import type { Opened } from "./support.ts";

const CONFIG = { batch: 16, minibatches: 1, valueEpochs: 1 };
const ITERATIONS = 6;
let judged: Ranking[];
let opened: Opened;

beforeAll(async () => {
  opened = await openTrainer(CONFIG);
  judged = await rankings(opened.trainer, 4, 4, ({ tokens }) => -tokens.length);
  await opened.trainer.fitReward(judged, { stage: "fast" });
});

/** A fresh run of the shared trainer: its metrics by name, one entry per iteration. */
async function ran(
  options: Partial<RunOptions>,
  iterations = ITERATIONS,
): Promise<(name: MetricName) => number[]> {
  await opened.trainer.reset();
  const before = opened.metric("step").length;
  expect(await opened.trainer.play(iterations, options)).toEqual({
    done: iterations,
    halted: null,
  });
  return (name) => opened.metric(name).slice(before);
}

const PENALTY: MetricName[] = ["objective/kl_coef", "objective/non_score_reward"];
const OWN: Readonly<Record<string, readonly MetricName[]>> = {
  ppo: ["loss/value_avg", "val/explained_variance", "policy/clipfrac_avg", "val/ratio", ...PENALTY],
  grpo: ["frac_reward_zero_std", "policy/clipfrac_avg", "val/ratio", ...PENALTY],
  rloo: ["frac_reward_zero_std", "val/ratio", ...PENALTY],
  dpo: ["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies"],
};
const OWN_NAMES = new Set(Object.values(OWN).flat());

describe.each(METHODS)("%s", (method) => {
  test("starts from the reference and measures what belongs to it", async () => {
    const metric = await ran({ method });
    const checks = opened.events.findLast((event) => event.type === "checks");
    expect(checks?.checks).toMatchObject({ ratioError: 0, initialKl: 0, finite: true });
    expect(metric("objective/kl")[0]).toBe(0);
    const shared: MetricName[] = ["objective/scores", "loss/policy_avg", "ptx_loss", "grad_norm"];
    for (const name of shared) expect(metric(name).at(-1), name).not.toBeNaN();
    for (const name of OWN_NAMES) {
      expect(Number.isNaN(metric(name).at(-1)), name).toBe(OWN[method]?.includes(name) === false);
    }
    const moved = metric("objective/kl").at(-1) ?? NaN;
    expect(Math.abs(moved)).toBeGreaterThan(0);
    expect(opened.trainer.flops(ITERATIONS - 1)).toBeGreaterThan(1e8);
  });
});

test.each([
  {},
  { labelSmoothing: 0.2 },
  { dpoKind: "ipo" as const },
  { dpoKind: "hinge" as const },
])("DPO learns its pairs: %o", async (variant) => {
  await opened.trainer.tune(METHOD_SETTINGS.dpo);
  const metric = await ran({ method: "dpo", ...variant }, 12);
  expect(metric("rewards/margins")[0]).toBe(0);
  expect(metric("rewards/margins").at(-1)).toBeGreaterThan(0.1);
  expect(metric("rewards/accuracies").at(-1)).toBeGreaterThan(0.6);
  expect(metric("loss/policy_avg").at(-1)).toBeLessThan(metric("loss/policy_avg")[0] ?? NaN);
});

test("the adaptive KL coefficient follows its formula and stays on the device", async () => {
  const target = 0.05;
  await opened.trainer.tune({ klTarget: target, klCoefficient: 0.05, learningRate: 1e-3 });
  const metric = await ran({}, 9);
  await opened.trainer.tune({ klTarget: 0, klCoefficient: 0.03 });
  const [kl, beta] = [metric("objective/kl"), metric("objective/kl_coef")];
  // three iterations of value warm-up leave it alone
  expect(beta.slice(0, 4)).toEqual(beta.slice(0, 4).map(() => Math.fround(0.05)));
  for (let i = 3; i + 1 < kl.length; i++) {
    const controller = { target, horizon: 2 * CONFIG.batch, steps: CONFIG.batch };
    const expected = adaptiveKlCoefficient(beta[i] ?? NaN, kl[i] ?? NaN, controller);
    expect(beta[i + 1]).toBeCloseTo(expected, 6);
  }
  expect(new Set(beta.slice(3)).size).toBeGreaterThan(3);
});

test("the average of the policy follows it and can be sampled and exported", async () => {
  const { trainer } = opened;
  await ran({ method: "grpo", emaDecay: 0.75 }, 1);
  const { engine, state } = trainer["session"];
  const [start, end, average] = await engine.memory.read([
    state.models.reference.values,
    state.models.policy.values,
    state.average.values,
  ]);
  let worst = 0;
  average?.forEach((value, i) => {
    const expected = 0.75 * (start?.[i] ?? NaN) + 0.25 * (end?.[i] ?? NaN);
    worst = Math.max(worst, Math.abs(value - expected));
  });
  expect(worst).toBeLessThan(1e-6);
  const [[sample] = []] = await trainer.sample([{ id: "0", text: "Say hello." }], 1, 3, "average");
  expect(sample?.checkpoint).toBe("average@1");
  expect((await trainer.exportModel("average")).byteLength).toBeGreaterThan(900_000);
  await trainer.reset();
  await expect(trainer.exportModel("average")).rejects.toThrow("this run keeps none");
});

test.each([
  [{ method: "ppoo" }, 'method is "ppoo", expected one of ppo, grpo, rloo, dpo; nothing was run.'],
  [{ dpoKind: "kto" }, 'dpoKind is "kto", expected one of sigmoid, ipo, hinge; nothing was run.'],
  [{ answers: 3 }, "answers is 3, expected at least 2 and a divisor of the 16 answers per step"],
  [{ emaDecay: 1 }, "emaDecay is 1, expected a number from 0 to less than 1; nothing was run."],
  [{ labelSmoothing: 0.5 }, "labelSmoothing is 0.5, expected a number from 0 to less than 0.5"],
  [{ dpoBeta: 0 }, "dpoBeta is 0, expected more than 0; nothing was run."],
])("%o is refused in one sentence", async (options, sentence) => {
  await opened.trainer.reset();
  await expect(opened.trainer.play(1, options as Partial<RunOptions>)).rejects.toThrow(sentence);
});

test("a run in progress does not change its method", async () => {
  await ran({ method: "grpo" }, 1);
  await expect(opened.trainer.play(1, { method: "rloo" })).rejects.toThrow(
    "Reinforce: this run has method grpo, not rloo; start over to change it.",
  );
  expect(await opened.trainer.play(1)).toEqual({ done: 1, halted: null });
});

test("DPO needs a ranking that is not all ties", async () => {
  const { trainer } = opened;
  await trainer.reset();
  const tied = judged.map((ranking) => ({ ...ranking, ranks: ranking.ranks.map(() => 1) }));
  await trainer.fitReward(tied, { stage: "fast" });
  await expect(trainer.play(1, { method: "dpo" })).rejects.toThrow(
    "DPO: no ranking says that one answer is better; rank some answers first.",
  );
});
