// What the forms plan, counted on an engine that runs nothing: sweeps, what they start from, and the budgets.
import { beforeAll, describe, expect, test } from "vitest";
import { roundsOf, variationsOf } from "../src/reproduce/forms.ts";
import { FULL, QUICK, withSharedReward } from "../src/reproduce/quick-and-full.ts";
import type { Form } from "../src/reproduce/forms.ts";
import { stagesOf } from "../src/reproduce/plan.ts";
import { stageKeys } from "../src/reproduce/stage.ts";
import type { Stage } from "../src/reproduce/stage.ts";

const planned = (form: Form, seeds: readonly number[]): Promise<Stage[]> =>
  stagesOf(form, seeds, () => {
    throw new Error("the shipped model is not read by planning");
  });
/** The studied size alone, with one block, little data, and nothing varied but what the sweeps vary: quick to plan. */
const alone = (form: Form): Form => ({
  ...form,
  sizes: form.sizes.flatMap((one) =>
    one.name === form.studied ? { ...one, width: 16, heads: 2, layers: 1 } : [],
  ),
  ...{ scale: 0.02, demonstrations: 200, variations: [] },
});
const flops = (stages: readonly Stage[]): number => stages.reduce((sum, one) => sum + one.flops, 0);

describe("the full form's sweeps", () => {
  let stages: Stage[] = [];
  beforeAll(async () => {
    stages = await planned(alone(FULL), [1]);
  });
  const find = (name: string): Stage => {
    const found = stages.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no stage ${name}`);
    return found;
  };

  test("vary the episodes of PPO and PPO-ptx by a quarter and twofold, with the suite behind them", () => {
    const names = stages.map(({ name }) => name);
    for (const factor of [0.25, 2]) {
      for (const kind of ["episodes", "ptx episodes"]) {
        const name = `micro/${kind} x ${factor}/1`;
        expect(names).toContain(name);
        expect(names).toContain(`${name}/suite`);
        const main = find(kind === "episodes" ? "micro/ppo/1" : "micro/ppo-ptx/1");
        expect(find(name).flops / main.flops).toBeCloseTo(factor, 1);
        expect(find(name).inputs).toEqual(main.inputs);
      }
    }
  });

  test("vary the initial model's mix, each with a reward model that starts from it", () => {
    for (const mix of [0, 0.5]) {
      const [init, reward] = [`micro/init-mix-${mix}/1`, `micro/reward-mix-${mix}/1`];
      const ranked = ["micro/rankings/1", "micro/rankings-round-2/1"];
      expect(find(reward).inputs).toEqual([init, ...ranked]);
      expect(find(`micro/initial mix ${mix}/1`).inputs).toEqual([init, reward, ...ranked]);
      expect(find(init).settings).toMatchObject({ initMix: mix });
    }
    // more rows take more updates
    expect(find("micro/init-mix-0.5/1").flops).toBeGreaterThan(find("micro/init/1").flops);
    expect(find("micro/init/1").flops).toBeGreaterThan(find("micro/init-mix-0/1").flops);
  });

  test("try other dropouts of SFT", () => {
    for (const p of FULL.dropoutTrials) {
      expect(find(`micro/sft-dropout-${p}/1`).settings).toMatchObject({ dropout: p });
      expect(find(`micro/sft-dropout-${p}/1/chosen`).inputs).toContain(`micro/sft-dropout-${p}/1`);
    }
  });

  test("read nothing that does not come before them", () => {
    expect(() => stageKeys(stages, "cpu")).not.toThrow();
  });
});

test("what a sweep is made of follows the form's own run", () => {
  const form = { ...QUICK, iterations: 40, klCoefficient: 0.07, episodeFactors: [0.25, 2] };
  const lengths = variationsOf(form).filter(({ name }) => name.includes("episodes"));
  expect(lengths.map(({ iterations }) => iterations)).toEqual([10, 10, 80, 80]);
  expect(lengths.every(({ klCoefficient }) => klCoefficient === 0.07)).toBe(true);
});

test("with a shared reward model the smallest size has none, and all others plan what they did", async () => {
  const once = { ...QUICK, rounds: 1 };
  const [plain, shared] = [await planned(once, [1]), await planned(withSharedReward(QUICK), [1])];
  const names = (stages: readonly Stage[]) => stages.map(({ name }) => name).sort();
  expect(names(plain).filter((name) => !names(shared).includes(name))).toEqual(["nano/reward/1"]);
  const of = (stages: readonly Stage[], name: string) => stages.find((one) => one.name === name);
  expect(of(plain, "nano/ppo/1")?.inputs).toEqual(["nano/init/1", "nano/reward/1", "nano/rankings/1"]); // prettier-ignore
  expect(of(shared, "nano/ppo/1")?.inputs).toEqual(["nano/init/1", "micro/init/1", "micro/reward/1", "micro/rankings/1"]); // prettier-ignore
  expect(of(plain, "micro/reward/1")?.inputs).toEqual(["micro/init/1", "micro/rankings/1"]);
  expect(of(shared, "micro/reward/1")?.inputs).toContain("nano/rankings/1");
});

test("a run against an earlier round's reward model is planned where there are several rounds", async () => {
  const early = QUICK.variations.filter(({ rewardRounds }) => rewardRounds !== undefined);
  expect(early.map(({ name, rewardRounds }) => [name, rewardRounds])).toEqual([
    ["beta 0, first reward", 1],
  ]);
  const form = { ...alone(QUICK), variations: QUICK.variations.slice(0, 2) };
  const inputs = (stages: readonly Stage[], name: string) =>
    stages.find((one) => one.name === name)?.inputs;
  const stages = await planned(form, [1]);
  expect(inputs(stages, "micro/beta 0, first reward/1")).toEqual(["micro/init/1", "micro/reward-round-1/1", "micro/rankings/1"]); // prettier-ignore
  expect(inputs(stages, "micro/beta 0/1")).toContain("micro/reward/1");
  const once = await planned({ ...form, rounds: 1 }, [1]);
  expect(inputs(once, "micro/beta 0, first reward/1")).toBeUndefined();
  expect(inputs(once, "micro/beta 0/1")).toContain("micro/reward/1");
});

test("people's rankings alone are learned from once", () => {
  const people = { mixed: false } as unknown as NonNullable<Form["people"]>;
  expect(roundsOf(QUICK)).toEqual([1, 2, 3]);
  expect(roundsOf({ ...QUICK, people: { ...people, mixed: true } })).toEqual([1, 2, 3]);
  expect(roundsOf({ ...QUICK, people })).toEqual([1]);
});

test("the quick form's sweeps cost less than a twentieth of it", async () => {
  const stages = await planned(QUICK, [1]);
  const swept = stages.filter(({ name }) => /episodes x|initial mix|-mix-|sft-dropout/.test(name));
  expect(swept.length).toBeGreaterThan(0);
  expect(flops(swept) / flops(stages)).toBeLessThan(0.05);
});

test("three seeds of the full form take at most 90 minutes at 2 TFLOP/s", async () => {
  const planned3 = 3 * flops(await planned(FULL, [1]));
  expect(planned3 / 2e12 / 60).toBeLessThanOrEqual(90);
  // and leave little of that unused
  expect(planned3 / 2e12 / 60).toBeGreaterThan(80);
});
