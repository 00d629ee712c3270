// The choice of a method: what the trainer is told, what a run remembers, and best-of-n without training.
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { DEFAULTS } from "../../src/config.ts";
import { bestOfKl, bestOfRow, better } from "../../src/state/best-of-n.ts";
import { clampSetting, SETTINGS, settingsOf } from "../../src/state/method-settings.ts";
import {
  defaultsOf,
  fitting,
  RECIPE,
  recipeWords,
  suited,
  trainerOptions,
} from "../../src/state/methods.ts";
import type { Choice } from "../../src/state/methods.ts";
import { Persisted } from "../../src/state/persisted.svelte.ts";
import { Run } from "../../src/state/run.svelte.ts";
import { Taste } from "../../src/state/taste.svelte.ts";
import { Trainer } from "../../src/state/trainer.svelte.ts";
import { METRICS } from "../../src/workers/protocol.ts";
import type { Sample } from "../../src/workers/protocol.ts";
import { runOptions } from "../../src/rlhf/method.ts";
import { connectTrainer, heard, pace } from "./harness/fake-trainer.ts";

vi.mock("../../src/state/gpu-cause.ts", () => ({ findGpuCause: () => Promise.resolve(null) }));

const WATCH = [
  { id: "a", text: "Tell me about the mouse." },
  { id: "b", text: "Write a poem." },
];
const RANKINGS = [{ id: "r", prompt: "Tell me.", completions: [[1], [2]], ranks: [1, 2] }];
const recipe = (choice: Choice) => ({ ...RECIPE, choice });

describe("a recipe", () => {
  test("tells the trainer only what its method reads, and the trainer accepts it", () => {
    expect(trainerOptions(RECIPE)).toEqual({ method: "ppo" });
    expect(trainerOptions({ ...recipe("grpo"), answers: 8 })).toEqual({
      method: "grpo",
      answers: 8,
    });
    const ipo = { ...recipe("dpo"), dpoKind: "ipo", labelSmoothing: 0.2, dpoBeta: 0.5 } as const;
    expect(trainerOptions(ipo)).toEqual({
      method: "dpo",
      dpoKind: "ipo",
      dpoBeta: 0.5,
      labelSmoothing: 0,
    });
    expect(trainerOptions(recipe("best-of-n"))).toBeNull();
    for (const setting of SETTINGS) {
      for (const value of ["-1e9", "1e9", "", "x"]) {
        const wild = { ...recipe("dpo"), [setting.name]: clampSetting(setting, value) };
        const options = trainerOptions(fitting(wild, 64));
        expect(() => runOptions(options ?? {}, 64)).not.toThrow();
      }
    }
  });

  test("shows the settings of its method", () => {
    const names = (of: Parameters<typeof settingsOf>[0]) => settingsOf(of).map(({ name }) => name);
    expect(names(RECIPE)).toEqual([]);
    expect(names(recipe("rloo"))).toEqual(["answers"]);
    expect(names(recipe("dpo"))).toEqual(["dpoKind", "dpoBeta", "labelSmoothing"]);
    expect(names({ ...recipe("dpo"), dpoKind: "ipo" })).toEqual(["dpoKind", "dpoBeta"]);
    expect(names(recipe("best-of-n"))).toEqual(["draws"]);
  });

  test("is told apart in words", () => {
    expect(recipeWords({ ...recipe("dpo"), labelSmoothing: 0.1 })).toBe(
      "cDPO, beta 0.1, smoothing 0.1",
    );
    expect(recipeWords({ ...recipe("dpo"), dpoKind: "ipo" })).toBe("IPO, beta 0.1");
    expect(recipeWords(recipe("best-of-n"))).toBe("Best of 16");
  });

  test("a group size is the nearest that splits a step", () => {
    expect(fitting({ ...recipe("grpo"), answers: 7 }, 64).answers).toBe(8);
    expect(fitting({ ...recipe("grpo"), answers: 99 }, 16).answers).toBe(16);
  });

  test("the levers follow the method, unless somebody set them", () => {
    expect(suited(DEFAULTS, "ppo", "dpo").learningRate).toBe(1e-4);
    expect(suited(defaultsOf("rloo"), "rloo", "ppo")).toEqual(DEFAULTS);
    const mine = { ...DEFAULTS, learningRate: 2e-4 };
    expect(suited(mine, "ppo", "grpo").learningRate).toBe(2e-4);
  });
});

describe("best of n", () => {
  const answer = (promptId: string, reward: number): Sample => ({
    ...{ promptId, reward, prompt: promptId, text: String(reward), tokens: [1, 2, 3] },
    ...{ seed: 1, checkpoint: "sft", finished: reward > 0 },
  });

  test("keeps the better answer to each prompt, the older one when equal", () => {
    const kept = [answer("a", 1), answer("b", 0)];
    const fresh = [answer("a", 1), answer("b", 2)];
    const best = better(kept, fresh);
    expect(best[0]).toBe(kept[0]);
    expect(best[1]).toBe(fresh[1]);
    const row = bestOfRow(4, best);
    const at = (name: (typeof METRICS)[number]) => row[METRICS.indexOf(name)];
    expect(at("objective/scores")).toBeCloseTo(1.5);
    expect(at("objective/kl")).toBeCloseTo(Math.log(4) - 0.75);
    expect(at("response_length")).toBe(3);
    expect(at("ptx_loss")).toBeNaN();
  });

  test("its divergence is that of the best of n uniform draws", () => {
    // The best of n has density n u^(n-1) on ranks u, so KL is its mean log, summed here numerically.
    const n = 6;
    const steps = 200_000;
    let kl = 0;
    for (let i = 0; i < steps; i++) {
      const density = n * ((i + 0.5) / steps) ** (n - 1);
      kl += (density * Math.log(density)) / steps;
    }
    expect(bestOfKl(n)).toBeCloseTo(kl, 5);
    expect(bestOfKl(1)).toBe(0);
  });
});

describe("a run with a method", () => {
  let trainer: Trainer;
  let run: Run;
  beforeEach(async () => {
    pace.iteration = 2;
    heard.options = null;
    trainer = new Trainer(() => Promise.resolve(connectTrainer()));
    run = new Run(trainer, new Persisted());
    run.open({ ...DEFAULTS, iterations: 6 }, RECIPE);
    await trainer.open(run.config);
  });

  test("hands its options and its levers over", async () => {
    run.choose({ ...recipe("dpo"), dpoKind: "ipo", dpoBeta: 0.3 });
    expect(run.config.learningRate).toBe(1e-4);
    await run.start(RANKINGS, WATCH);
    expect(run.state).toBe("finished");
    expect(heard.options).toMatchObject({ method: "dpo", dpoKind: "ipo", dpoBeta: 0.3 });
    expect(heard.knobs.learningRate).toBe(1e-4);
  });

  test("stays what it was when another method is chosen", async () => {
    run.choose(recipe("grpo"));
    await run.start(RANKINGS, WATCH);
    run.choose(recipe("rloo"));
    expect(run.recipe.choice).toBe("grpo");
    expect(run.config.klCoefficient).toBe(DEFAULTS.klCoefficient);
    expect(run.wantedConfig.klCoefficient).toBe(0.1);
    await run.resume(WATCH, null);
    expect(heard.options).toEqual({ method: "grpo", answers: 4 });
    expect(run.recipe.choice).toBe("grpo");
    await run.start(RANKINGS, WATCH);
    expect(run.recipe.choice).toBe("rloo");
    expect(heard.options).toMatchObject({ method: "rloo" });
    expect(heard.knobs.klCoefficient).toBe(0.1);
  });

  test("best of n draws, pauses, goes back and on without the trainer's run", async () => {
    run.choose({ ...recipe("best-of-n"), draws: 5 });
    expect(run.total).toBe(5);
    await run.start(RANKINGS, WATCH);
    expect(run.failure).toBe("");
    expect(run.state).toBe("finished");
    expect(run.step).toBe(5);
    expect(heard.options).toBeNull();
    expect(trainer.metrics.count).toBe(5);
    expect(trainer.metrics.at("objective/kl", 4)).toBeCloseTo(bestOfKl(5));
    const scores = trainer.metrics.column("objective/scores");
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    await run.rollback(2);
    expect(run.step).toBe(2);
    expect(trainer.timeline.last).toBe(2);
    await run.stepOnce(WATCH, RANKINGS);
    expect(run.step).toBe(3);
    expect(run.state).toBe("paused");
    await run.resume(WATCH, null);
    expect(run.step).toBe(5);
  });

  test("the taste test of best of n is between one answer and the best", async () => {
    const taste = new Taste(trainer);
    await taste.start([WATCH[0] ?? { id: "", text: "" }], 1, { run: "r", step: 1, drawn: 16 });
    expect(taste.state).toBe("asking");
    expect(taste.pair?.after.reward).toBe(1.4);
    expect(taste.subject).toBe("best of 16");
    await taste.start([WATCH[0] ?? { id: "", text: "" }], 1, { run: "r", step: 1, drawn: null });
    expect(taste.subject).toBe("trained model");
  });

  test("a test whose sides were shown is followed by other prompts and other dice", async () => {
    const asked: { ids: string[]; seed: number }[] = [];
    const listening = {
      ask: (work: (api: unknown) => unknown) =>
        work({
          bestOfN: (prompts: readonly { id: string }[], _: number, seed: number) => {
            asked.push({ ids: prompts.map(({ id }) => id), seed });
            const sample = (text: string) => ({ prompt: "p", text });
            return prompts.map(({ id }) => ({ plain: sample(id), best: sample(`${id} better`) }));
          },
        }),
    };
    const taste = new Taste(listening as unknown as Trainer);
    const blind = Array.from({ length: 14 }, (_, i) => ({ id: `b${i}`, text: "" }));
    const take = async (choices: number): Promise<void> => {
      await taste.start(blind, 5, { run: "r", step: 1, drawn: 4 });
      for (let i = 0; i < choices; i++) taste.choose("left");
    };
    await take(3);
    // given up before anything was shown: the same again
    await take(6);
    expect(taste.state).toBe("done");
    await take(6);
    await take(0);
    expect(asked.map(({ seed }) => seed)).toEqual([5, 5, 6, 7]);
    expect(asked.map(({ ids }) => ids[0])).toEqual(["b0", "b0", "b6", "b12"]);
    expect(asked.every(({ ids }) => new Set(ids).size === 14)).toBe(true);
  });

  test.each([recipe("dpo"), { ...recipe("best-of-n"), draws: 3 }])(
    "comes back with its method after a reload: $choice",
    async (chosen) => {
      const persisted = new Persisted();
      await persisted.open(() => undefined);
      const before = new Run(trainer, persisted);
      before.open({ ...DEFAULTS, iterations: 4 }, RECIPE);
      before.choose(chosen);
      await before.start(RANKINGS, WATCH);
      expect(before.failure).toBe("");
      const api = connectTrainer().api;
      api.loadSnapshot = () => Promise.resolve({ step: before.step, refused: null });
      const reloaded = new Trainer(() => Promise.resolve({ api, close: () => undefined }));
      await reloaded.open(DEFAULTS);
      const after = new Run(reloaded, persisted);
      after.open(DEFAULTS, RECIPE);
      await after.restore();
      expect(after.step).toBe(before.step);
      expect(after.recipe).toEqual(before.recipe);
      expect(after.wanted).toEqual(before.recipe);
      expect(after.config.learningRate).toBe(defaultsOf(chosen.choice).learningRate);
    },
  );
});
