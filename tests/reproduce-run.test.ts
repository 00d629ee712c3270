// A whole reproduction with absurdly small budgets: every stage, every table, the files, and nothing to do the second time.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../scripts/reproduce.ts";
import { writePage, writeReport } from "../scripts/reproduce-files.ts";
import { CpuEngine } from "../src/cpu/engine.ts";
import { assemble } from "../src/reproduce/assemble.ts";
import { Cache } from "../src/reproduce/cache.ts";
import { QUICK, variation } from "../src/reproduce/forms.ts";
import type { Form, Size } from "../src/reproduce/forms.ts";
import { stagesOf } from "../src/reproduce/plan.ts";
import type { Results, SampledPrompt } from "../src/reproduce/results.ts";
import { Runner } from "../src/reproduce/runner.ts";
import type { Made } from "../src/reproduce/runner.ts";
import type { Stage } from "../src/reproduce/stage.ts";

const tiny: Omit<Size, "name" | "kinds"> = {
  ...{ width: 16, layers: 1, heads: 2, start: "scratch", steps: 4, rate: 1e-3 },
  ...{ sftRate: 1e-3, policyRate: 1e-4, sftEpochs: 2 },
};
const FORM: Form = {
  ...QUICK,
  sizes: [
    { ...tiny, name: "dot", kinds: ["prompted", "public", "sft", "ppo", "ppo-ptx"] },
    { ...tiny, name: "blot", width: 32, kinds: ["sft"], judge: "dot" },
  ],
  ...{ studied: "dot", baseline: "dot", scale: 0.01, demonstrations: 24, initEpochs: 1 },
  ...{ publicRows: 12, publicEpochs: 1, answers: [3, 3], rankings: 12, validationRankings: 10 },
  ...{ foldRankings: 6, pairRankings: 4, pairEpochs: 2, batch: 16, minibatches: 2, iterations: 5 },
  variations: [
    variation("beta 0", { klCoefficient: 0, iterations: 6 }),
    variation("dpo", { method: "dpo", iterations: 2, suite: false }),
  ],
  ...{ sftDropout: 0.1, dropoutTrials: [0.2], episodeFactors: [0.5], initMixes: [0.5] },
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

const runner = () =>
  new Runner(stages, new Cache(join(folder, "cache"), (sentence) => names.push(sentence)), {
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
    ]),
  );
  for (const { columns, rows } of found.tables) {
    for (const row of rows) expect(row).toHaveLength(columns.length);
  }
      "sft",
      "episodes",
      "initial-models",
  expect(found.figures).toHaveLength(8);
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

test("bad options are refused in a sentence before anything runs", async () => {
  expect(await main(["--seeds", "0", "--quick"])).toBe(2);
  expect(await main(["--unknown"])).toBe(2);
});
