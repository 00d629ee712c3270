// A whole reproduction with absurdly small budgets: every stage, every table, the files, and nothing to do the second time.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { main } from "../scripts/reproduce.ts";
import { exportModel } from "../scripts/reproduce-export.ts";
import { writePage, writeReport } from "../scripts/reproduce-files.ts";
import { CpuEngine } from "../src/cpu/engine.ts";
import { gptSpecs } from "../src/model/gpt.ts";
import { flatten, layOut } from "../src/model/parameters.ts";
import { assemble } from "../src/reproduce/assemble.ts";
import { Cache } from "../src/reproduce/cache.ts";
import { variation } from "../src/reproduce/forms.ts";
import { QUICK } from "../src/reproduce/quick-and-full.ts";
import type { Form, Size } from "../src/reproduce/forms.ts";
import { markdownOf } from "../src/reproduce/markdown.ts";
import { stagesOf } from "../src/reproduce/plan.ts";
import { configOf, tokenizer } from "../src/reproduce/models.ts";
import { learnedRankings, peopleOf, peopleSentence } from "../src/reproduce/people.ts";
import { tokenRankings } from "../src/reproduce/rankings.ts";
import type { Rankings } from "../src/reproduce/rankings.ts";
import type { Results, SampledPrompt } from "../src/reproduce/results.ts";
import type { RewardData } from "../src/reproduce/reward.ts";
import { Runner } from "../src/reproduce/runner.ts";
import type { Made } from "../src/reproduce/runner.ts";
import type { Stage } from "../src/reproduce/stage.ts";
import { readSafetensors } from "../src/storage/safetensors.ts";
import { readCheckpoint } from "../src/workers/weights.ts";
import { rankedByPerson } from "../src/world/dataset/index.ts";

const tiny: Omit<Size, "name" | "kinds"> = {
  ...{ width: 16, layers: 1, heads: 2, start: "scratch", steps: 4, rate: 1e-3 },
  ...{ sftRate: 1e-3, policyRate: 1e-4, sftEpochs: 2 },
};
const FORM: Form = {
  ...QUICK,
  sizes: [
    { ...tiny, name: "dot", kinds: ["prompted", "public", "sft", "ppo", "ppo-ptx"] },
    { ...tiny, name: "blot", width: 32, kinds: ["sft", "ppo"], judge: "dot" },
  ],
  ...{ studied: "dot", baseline: "dot", scale: 0.01, demonstrations: 24, initEpochs: 1 },
  ...{ publicRows: 12, publicEpochs: 1, answers: [3, 3], rankings: 12, validationRankings: 10 },
  ...{ rounds: 2, servedRankings: 6 },
  ...{ foldRankings: 6, pairRankings: 4, pairEpochs: 2, batch: 16, minibatches: 2, iterations: 5 },
  ...{ sftDropout: 0.1, dropoutTrials: [0.2], episodeFactors: [0.5], initMixes: [0.5] },
  variations: [
    variation("beta 0", { klCoefficient: 0, iterations: 6 }),
    variation("beta 0, first reward", {
      ...{ klCoefficient: 0, iterations: 6, rewardRounds: 1, suite: false },
    }),
    variation("dpo", { method: "dpo", iterations: 2, suite: false }),
  ],
  ...{ heldOutPrompts: 6, trainingPrompts: 4, judges: 2, probesPerLevel: 1, suitePerLevel: 1 },
  ...{ bestPrompts: 1, bestSamples: 4 },
};

let folder = "";
let stages: Stage[] = [];
let made: Made | undefined;
const names: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "reproduce-"));
  stages = await stagesOf(FORM, [1], () => readFileSync("public/models/base.safetensors"));
  made = await runner().run();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const runner = (own: readonly Stage[] = stages, wanted?: readonly string[]) =>
  new Runner(own, new Cache(join(folder, "cache"), (sentence) => names.push(sentence)), {
    ...(wanted === undefined ? {} : { wanted }),
    engine: async () => ({ engine: await CpuEngine.create(), destroy: () => undefined }),
    engineName: "cpu",
    progress: ({ stage, ended }) => (ended ? names.push(stage) : 0),
  });

const results = (): { results: Results; samples: Map<string, SampledPrompt[]> } =>
  assemble(FORM, [1], made as Made, {
    engine: "cpu",
    adapter: "cpu",
    finished: "2026-01-01T00:00:00Z",
  });

test("every stage runs once, and nothing is left to do", async () => {
  expect(names).toHaveLength(stages.length);
  await runner().run();
  expect(names).toHaveLength(stages.length);
});

test("the operations counted before are those that ran, within a quarter", () => {
  const records = [...(made as Made).records.values()];
  const ran = records.reduce((sum, { flops }) => sum + flops, 0);
  const planned = stages.reduce((sum, { flops }) => sum + flops, 0);
  expect(planned / ran).toBeGreaterThan(0.75);
  expect(planned / ran).toBeLessThan(1.25);
});

test("a reward model that serves another size learns from rankings of its answers and is measured on them", () => {
  const stage = (name: string) => stages.find((one) => one.name === name);
  expect(stage("blot/reward/1")).toBeUndefined();
  expect(stage("dot/reward/1")?.inputs).toEqual([
    "dot/init/1",
    "dot/rankings/1",
    "dot/rankings-round-2/1",
    "blot/rankings/1",
  ]);
  expect(stage("dot/reward/1")?.settings).toMatchObject({ servedRankings: 6 });
  expect(stage("blot/ppo/1")?.inputs).toEqual(["blot/init/1", "dot/init/1", "dot/reward/1", "dot/rankings/1", "dot/rankings-round-2/1"]); // prettier-ignore
  const found = (name: string) => (made as Made).artefact(name).data;
  const [own, blots] = ["dot", "blot"].map((size) => found(`${size}/rankings/1`) as unknown as Rankings); // prettier-ignore
  const { served } = found("dot/reward/1") as unknown as RewardData;
  expect(served?.[0]).toHaveLength(tokenRankings(FORM, blots!.validation).length);
  const learned = learnedRankings(FORM, own!, [blots!]);
  expect(learned).toEqual([
    ...tokenRankings(FORM, own!.training),
    ...tokenRankings(FORM, blots!.training.slice(-6)),
  ]);
  const table = results().results.tables.find(({ id }) => id === "reward");
  const [row] = (table?.rows ?? []).filter(([what]) => what?.startsWith("dot, on blot's answers"));
  expect(row?.[1]).toMatch(/^\d/);
});

test("results name every claim, table and figure, with samples behind them", () => {
  const { results: found, samples } = results();
  expect(found.claims).toHaveLength(9);
  expect(found.claims.filter(({ holds }) => holds === "not measured")).toEqual([]);
  expect(found.tables.map(({ id }) => id)).toEqual(
    expect.arrayContaining([
      "preference",
      "head-to-head",
      "labels",
      "reward",
      "truth",
      "toxicity",
      "bias",
      "suite",
      "tax",
      "sweeps",
      "methods",
      "elements",
      "sft",
      "episodes",
      "initial-models",
    ]),
  );
  for (const { columns, rows } of found.tables) {
    for (const row of rows) expect(row).toHaveLength(columns.length);
  }
  expect(found.figures).toHaveLength(10);
  const lengths = found.figures.find(({ id }) => id === "figure-35")?.series ?? [];
  expect(lengths.map(({ points }) => points.map(({ x }) => x))).toEqual([
    [48, 80],
    [48, 80],
  ]);
  expect(found.models.map(({ id }) => id)).toContain("dot/ppo-ptx/1");
  const ids = new Set(found.models.map(({ id }) => id));
  for (const list of samples.values()) {
    for (const { answers } of list)
      for (const { model } of answers) expect(ids.has(model)).toBe(true);
  }
  expect(samples.get("held-out customers")).toHaveLength(FORM.heldOutPrompts);
});

test("the files are written whole, and samples of an earlier run are gone", () => {
  const { results: found, samples } = results();
  const page = join(folder, "page");
  writePage(page, found, new Map([["old", []]]));
  const complete = writePage(page, found, samples);
  expect(readdirSync(page)).not.toContain("samples-old.json");
  for (const { file, bytes } of complete.samples) {
    const text = readFileSync(join(page, file));
    expect(text).toHaveLength(bytes);
    expect(JSON.parse(text.toString())).not.toHaveLength(0);
  }
  expect(JSON.parse(readFileSync(join(page, "results.json"), "utf8"))).toEqual(
    JSON.parse(JSON.stringify(complete)),
  );
  writeReport(folder, complete);
  expect(readFileSync(join(folder, "RESULTS.md"), "utf8")).toContain("## Claims");
  expect(readdirSync(join(folder, "results"))).toHaveLength(found.figures.length);
});

test("later rounds rank answers of PPO against the reward model so far, and the last one learns from all", () => {
  const stage = (name: string) => stages.find((one) => one.name === name);
  expect(stage("dot/reward-round-1/1")?.inputs).not.toContain("dot/rankings-round-2/1");
  expect(stage("dot/ppo-round-1/1")?.inputs).toEqual(["dot/init/1", "dot/reward-round-1/1", "dot/rankings/1"]); // prettier-ignore
  expect(stage("dot/rankings-round-2/1")?.inputs).toEqual(["dot/ppo-round-1/1"]);
  const data = (name: string) => (made as Made).artefact(name).data;
  const [first, second] = ["dot/rankings/1", "dot/rankings-round-2/1"].map((name) => data(name) as unknown as Rankings); // prettier-ignore
  expect(second?.training.map(({ prompt }) => prompt)).toEqual(first?.training.map(({ prompt }) => prompt)); // prettier-ignore
  expect(second?.training).not.toEqual(first?.training);
  const counted = (name: string) => data(name) as unknown as RewardData;
  expect(counted("dot/reward/1").comparisons).toBeGreaterThan(counted("dot/reward-round-1/1").comparisons); // prettier-ignore
  const several = (all: Rankings | undefined) => (all?.validation ?? []).filter(({ answers }) => answers.length > 1).length; // prettier-ignore
  expect(counted("dot/reward/1").validation).toHaveLength(several(first) + several(second));
  const rows = results().results.tables.find(({ id }) => id === "reward")?.rows ?? [];
  const shares = rows.filter(([what]) => /dot: accuracy on answers of/.test(what ?? ""));
  expect(shares.map(([what]) => what)).toEqual([
    "dot: accuracy on answers of the initial model, training labelers",
    "dot: accuracy on answers of PPO after 1 of the rounds, training labelers",
  ]);
  const { claims, figures } = results().results;
  expect(claims.find(({ id }) => id === "over-optimisation")?.measured).toMatch(/Against the reward model of the first round of rankings alone: gold is highest/); // prettier-ignore
  for (const id of ["over-optimisation", "over-optimisation-gold"]) {
    const series = figures.find((one) => one.id === id)?.series.map(({ name }) => name);
    expect(series).toEqual(["reward model of all rounds", "reward model of the first round"]);
  }
  expect(shares.every(([, share]) => /^\d+\.\d \[/.test(share ?? ""))).toBe(true);
});

test("people's rankings teach the reward model and DPO alone, and the report says so", async () => {
  const ranked = ["fox", "hen", "cat", "dog"].flatMap(
    (animal, i) =>
      rankedByPerson(tokenizer, {
        id: `j${i}`,
        annotator: "ann",
        prompt: `Write a story about the ${animal}.`,
        answers: ["A cat sat.", "I like it!", "No."],
        ranks: [2, 1, 2],
      }) ?? [],
  );
  const people = peopleOf(ranked, FORM, {
    ...{ file: "votes.jsonl", mixed: false, skipped: 0, unreadable: 0 },
  });
  expect([people.training.length, people.heldOut.length]).toEqual([3, 1]);
  const form = { ...FORM, people };
  const own = await stagesOf(form, [1], () => readFileSync("public/models/base.safetensors"));
  const before = names.length;
  const [reward, dpo] = ["dot/reward/1", "dot/dpo/1"];
  const byPeople = await runner(own, [reward, dpo]).run();
  expect(names.slice(before)).toEqual([reward, dpo]);
  const learned = byPeople.artefact(reward).data as { comparisons: number; people: number[][] };
  // two untied pairs of each ranking; the simulated labelers' are not among them
  expect(learned.comparisons).toBe(6);
  expect(learned.people.map((scores) => scores.length)).toEqual([3]);
  const run = { engine: "cpu", adapter: "cpu", finished: "2026-01-01T00:00:00Z" };
  const { results: found } = assemble(form, [1], byPeople, run);
  expect(found.judgements).toBe(peopleSentence(people, form.columns));
  const rows = found.tables.find(({ id }) => id === "reward")?.rows ?? [];
  const row = (name: RegExp) => rows.find(([first = ""]) => name.test(first));
  expect(row(/dot: accuracy, people's held-out rankings/)?.[1]).toMatch(/^\d+\.\d \[/);
  expect(row(/dot: accuracy, simulated training labelers/)).toBeDefined();
  expect(row(/two people agree/)?.[1]).toBe("not measured");
  const claim = found.claims.find(({ id }) => id === "reward");
  expect(claim).toMatchObject({ holds: "not measured" });
  expect(claim?.measured).toMatch(/learned from people/);
  expect(markdownOf(found, "results")).toMatch(
    /People's rankings taught the reward models and DPO: votes/,
  );
});

test("a stage's model is written in GPT-2's names and shapes, and reads back as it was", () => {
  const target = join(folder, "exported");
  const { artefact } = made as Made;
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  exportModel(FORM, made as Made, { name: "dot/ppo/1", folder: target, command: "a command" });
  expect(log.mock.calls.flat().join("\n")).toMatch(/^Written: dot\/ppo\/1 as /);
  log.mockRestore();
  const bytes = readFileSync(join(target, "model.safetensors"));
  const { card, weights } = readCheckpoint(bytes, "model.safetensors");
  expect(card).toMatchObject({ config: configOf(FORM.sizes[0]!), command: "a command", seed: 1 });
  const layout = layOut("read", gptSpecs(card.config), false);
  expect(flatten(layout, weights)).toEqual(artefact("dot/ppo/1").tensors["values"]);
  const { tensors, metadata } = readSafetensors(bytes);
  expect(metadata["format"]).toBe("pt");
  const V = tokenizer.vocabulary.length;
  expect(tensors.get("wte.weight")?.shape).toEqual([V, 16]);
  expect(tensors.get("h.0.attn.c_attn.weight")?.shape).toEqual([16, 48]);
  const read = (name: string): unknown => JSON.parse(readFileSync(join(target, name), "utf8"));
  expect(read("config.json")).toMatchObject({ model_type: "gpt2", vocab_size: V, n_embd: 16 });
  const { model } = read("tokenizer.json") as { model: { vocab: Record<string, number> } };
  expect(Object.keys(model.vocab)).toHaveLength(V);
  for (const [name, sentence] of [
    ["dot/nothing/1", /^--model: the stage dot\/nothing\/1 is not in the cache \(/],
    [
      "dot/rankings/1",
      /^--model: the stage dot\/rankings\/1 leaves no model, expected one such as/,
    ],
  ] as const) {
    expect(() => {
      exportModel(FORM, made as Made, { name, folder: target, command: "" });
    }).toThrow(sentence);
  }
});

test("bad options are refused in a sentence before anything runs", async () => {
  expect(await main(["--seeds", "0", "--quick"])).toBe(2);
  expect(await main(["--unknown"])).toBe(2);
  expect(await main(["--quick", "--engine", "cpu", "--model", "micro/ppo/1"])).toBe(2);
});
