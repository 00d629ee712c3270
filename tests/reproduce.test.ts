// The reproduction's machinery: keys, the cache and its damage, going on after a stop, growth, plots and the report.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CpuEngine } from "../src/cpu/engine.ts";
import { gpt2, gptSpecs } from "../src/model/gpt.ts";
import { initialValues } from "../src/model/init.ts";
import { flatten, layOut, unflatten } from "../src/model/parameters.ts";
import { DryEngine } from "../src/plan/dry-engine.ts";
import { Cache } from "../src/reproduce/cache.ts";
import { grow } from "../src/reproduce/grow.ts";
import { markdownOf, summary } from "../src/reproduce/markdown.ts";
import { Scorer, tokenizer } from "../src/reproduce/models.ts";
import type { Claim, Figure, Results } from "../src/reproduce/results.ts";
import { Runner } from "../src/reproduce/runner.ts";
import { canonical, neededFor, stageKeys } from "../src/reproduce/stage.ts";
import type { Stage, Work } from "../src/reproduce/stage.ts";
import { svgOf, ticks } from "../src/reproduce/svg.ts";

const stage = (
  name: string,
  inputs: string[],
  settings: object = {},
  run?: Stage["run"],
): Stage => ({
  name,
  inputs,
  settings: settings as Stage["settings"],
  flops: 10,
  run: run ?? (() => Promise.resolve({ data: name, tensors: { values: Float32Array.of(1, 2) } })),
});

describe("keys", () => {
  const keysOf = (settings: object, engine = "cpu", version = 1) =>
    stageKeys([stage("a", [], settings), stage("b", ["a"])], engine, version);

  test("hang on settings, engine, code version and the inputs' keys, and on nothing else", () => {
    const first = keysOf({ rate: 1, steps: 2 });
    expect(keysOf({ steps: 2, rate: 1 })).toEqual(first);
    for (const other of [
      keysOf({ rate: 2, steps: 2 }),
      keysOf({ rate: 1, steps: 2 }, "gpu"),
      keysOf({ rate: 1, steps: 2 }, "cpu", 2),
    ]) {
      expect(other.get("a")).not.toBe(first.get("a"));
      expect(other.get("b")).not.toBe(first.get("b"));
    }
  });

  test("need every input before its reader, and every name once", () => {
    expect(() => stageKeys([stage("b", ["a"]), stage("a", [])], "cpu")).toThrow(/b reads a/);
    expect(() => stageKeys([stage("a", []), stage("a", [])], "cpu")).toThrow(/twice/);
    expect(canonical({ b: [1, null], a: "x" })).toBe('{"a":"x","b":[1,null]}');
  });

  test("what is wanted brings what it needs", () => {
    const stages = [stage("a", []), stage("b", ["a"]), stage("c", [])];
    expect(neededFor(stages, ["b"]).map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("runs", () => {
  let folder = "";
  let said: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "reproduce-"));
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const cache = () => new Cache(folder, (sentence) => said.push(sentence));
  const runner = (stages: Stage[], wanted?: string[]) =>
    new Runner(stages, cache(), {
      ...(wanted === undefined ? {} : { wanted }),
      engine: () => Promise.resolve({ engine: new DryEngine(), destroy: () => undefined }),
      engineName: "dry",
      pause: 5,
    });

  /** Stages that count how often they run. */
  function counted() {
    const runs: string[] = [];
    const of = (name: string, inputs: string[]): Stage =>
      stage(name, inputs, {}, (work) => {
        runs.push(name);
        const sum = inputs.map((input) => (work.input(input).tensors["values"] ?? [])[0] ?? 0);
        return Promise.resolve({
          data: { name },
          tensors: { values: Float32Array.of(1 + (sum[0] ?? 0)) },
        });
      });
    return { runs, stages: [of("a", []), of("b", ["a"]), of("c", ["b"])] };
  }

  test("take finished stages from the cache", async () => {
    const { runs, stages } = counted();
    const made = await runner(stages).run();
    expect(runs).toEqual(["a", "b", "c"]);
    expect(Array.from(made.artefact("c").tensors["values"] ?? [])).toEqual([3]);
    await runner(stages).run();
    expect(runs).toHaveLength(3);
    expect(runner(stages).plan()).toEqual({ total: 30, cached: 30 });
    expect(said).toEqual([]);
  });

  test("make only what is wanted and what it needs", async () => {
    const { runs, stages } = counted();
    await runner(stages, ["b"]).run();
    expect(runs).toEqual(["a", "b"]);
  });

  test("throw a partial and a foreign entry away in a sentence each, and go on from the rest", async () => {
    const { runs, stages } = counted();
    await runner(stages).run();
    const keys = stageKeys(stages, "dry");
    const [b, c] = [join(folder, keys.get("b") ?? ""), join(folder, keys.get("c") ?? "")];
    writeFileSync(
      join(b, "weights.safetensors"),
      readFileSync(join(b, "weights.safetensors")).subarray(0, 20),
    );
    writeFileSync(join(c, "stage.json"), JSON.stringify({ format: "other", name: "c" }));
    await runner(stages).run();
    expect(runs.slice(3)).toEqual(["b", "c"]);
    expect(said).toHaveLength(2);
    expect(said.join("\n")).toMatch(
      /changed or cut, expected the finished stage b; it is thrown away/,
    );
    expect(said.join("\n")).toMatch(/foreign stage\.json, expected the finished stage c/);
    rmSync(join(b, "data.json"));
    await runner(stages).run();
    expect(said[2]).toMatch(/no data\.json in it \(a partial entry\)/);
  });

  test("go on from what an interrupted stage kept", async () => {
    const steps: number[] = [];
    const long = (stop: number) =>
      stage("long", [], {}, async (work: Work) => {
        const { step: from } = (work.kept()?.data ?? { step: 0 }) as { step: number };
        for (let step = from; step < 6; step++) {
          if (step === stop) throw new Error("killed");
          steps.push(step);
          work.keep({ data: { step: step + 1 }, tensors: { values: Float32Array.of(step) } });
          await work.progress(step / 6);
        }
        return { data: "done", tensors: {} };
      });
    await expect(runner([long(3)]).run()).rejects.toThrow("killed");
    const made = await runner([long(-1)]).run();
    expect(steps).toEqual([0, 1, 2, 3, 4, 5]);
    expect(made.artefact("long").data).toBe("done");
    expect(existsSync(join(folder, `${stageKeys([long(0)], "dry").get("long") ?? ""}.part`))).toBe(
      false,
    );
  });

  test("take over the stage of a process that has died", async () => {
    const { runs, stages } = counted();
    const key = stageKeys(stages, "dry").get("a") ?? "";
    writeFileSync(join(folder, `${key}.lock`), "999999999");
    await runner(stages).run();
    expect(runs).toEqual(["a", "b", "c"]);
    expect(cache().lock(key)).toBe(true);
  });
});

test("a grown model computes what the small one does", async () => {
  const [from, to] = [
    gpt2(tokenizer.vocabulary.length, 16, 1, 2, 96),
    gpt2(tokenizer.vocabulary.length, 32, 3, 4, 96),
  ];
  const small = layOut("small", gptSpecs(from), false);
  const values = initialValues(small, 5);
  const grown = flatten(
    layOut("grown", gptSpecs(to), false),
    grow(from, unflatten(small, values), to, 3),
  );
  const items = [
    {
      prompt: tokenizer.encodePrompt("where do foxes live ?"),
      tokens: [...tokenizer.encode("in the forest .")],
    },
    {
      prompt: tokenizer.encodePrompt("say the word lamp two times ."),
      tokens: [...tokenizer.encode("lamp lamp .")],
    },
  ];
  const [before, after] = [
    await (await Scorer.create(await CpuEngine.create(), from, values)).sums(items),
    await (await Scorer.create(await CpuEngine.create(), to, grown)).sums(items),
  ];
  before.forEach((sum, i) => expect(after[i]).toBeCloseTo(sum, 3));
  expect(() => grow(from, {}, { ...to, width: 48 }, 1)).toThrow(/expected twice/);
});

const figure: Figure = {
  id: "f",
  title: "A <figure>",
  section: "Figure 1",
  kind: "bars",
  x: "model",
  y: "share",
  series: [
    {
      name: "ours",
      source: "ours",
      points: [{ x: "base", y: 0.2, low: 0.1, high: 0.3 }, { x: "sft" }],
    },
    { name: "ours, the paper", source: "paper", points: [{ x: "base", y: 0.4 }] },
  ],
};

test("plots hold every known point and nothing else", () => {
  const svg = svgOf(figure);
  expect(svg).toContain("A &lt;figure&gt;");
  // two bars and two squares of the legend; the point without a value is not drawn
  expect(svg.match(/<rect/g)).toHaveLength(4);
  expect(svg).not.toContain("NaN");
  const lines = svgOf({
    ...figure,
    kind: "lines",
    series: [
      {
        name: "a",
        source: "ours",
        points: [
          { x: 0, y: -1 },
          { x: 2, y: 3 },
        ],
      },
    ],
  });
  expect(lines.match(/<circle/g)).toHaveLength(2);
  expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
});

const claimOf = (paper: string, holds: Claim["holds"], tried?: string): Claim => ({
  ...{ id: paper, paper, section: "§1", bar: "a bar", measured: "a number", holds },
  ...(tried === undefined ? {} : { tried }),
});

test("the report says first what does not reproduce", () => {
  const claims = [
    { ...claimOf("one", "yes"), caveat: "a weak rival" },
    claimOf("two", "no", "three things"),
    claimOf("three", "not measured"),
    claimOf("four", "partly"),
  ];
  expect(summary(claims)).toBe(
    "Not reproduced: “two”. Only in part: “four”. Not measured in this form: “three”. Reproduced: “one”.",
  );
  const results: Results = {
    ...{ format: "nudge-reproduce-1", form: "quick", finished: "2026-01-01T00:00:00Z" },
    ...{ engine: "cpu", adapter: "an adapter", seeds: [1], seconds: 120, flops: 3e12 },
    models: [{ id: "m", kind: "sft", size: "nano", parameters: 5, seed: 1, recipe: "a recipe" }],
    claims,
    tables: [
      {
        id: "t",
        title: "A table",
        section: "Table 1",
        columns: ["ours", "the paper"],
        rows: [["1", "2"]],
      },
    ],
    figures: [figure],
    samples: [],
  };
  const text = markdownOf(results, "results");
  const [title, blank, first] = text.split("\n");
  expect([title, blank]).toEqual(["# InstructGPT in miniature: results", ""]);
  expect(first).toMatch(/^Not reproduced: “two”/);
  expect(text).toMatch(/seed 1, an adapter, written .* 2\.0 minutes of stages .* 3\.00 TFLOP/);
  expect(text).toContain(
    "does not hold (written by people about the three seeds that this repository holds):\n\n- **two**: three things",
  );
  expect(text).toContain("claims that hold:\n\n- **one**: a weak rival");
  expect(text).toContain("![A <figure> (Figure 1)](results/f.svg)");
  expect(text).toMatch(/\| ours \| the paper \|/);
});
