// The bench: what it refuses, how it measures, and a smoke run of the smallest section.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { nudgePeer, parameterName } from "../../scripts/bench-peer.ts";
import { main } from "../../scripts/bench.ts";
import { Bench } from "../../scripts/bench/bench.ts";
import { bend, growthRows } from "../../scripts/bench/growth.ts";
import { bytesOf } from "../../src/plan/work.ts";
import { productsOf } from "../../scripts/bench/matmul.ts";
import { adapterThreads, lastingSum } from "../../scripts/bench/host.ts";
import { measure, median } from "../../scripts/bench/measure.ts";
import { S, describeTraining } from "../../scripts/bench/models.ts";
import { productNotes, productRows } from "../../scripts/bench/product-table.ts";
import { lossDifference, peerTables } from "../../scripts/bench/peer-table.ts";
import { markdown } from "../../scripts/bench/table.ts";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { gpt2, gptSpecs } from "../../src/model/gpt.ts";
import { persistent } from "../../src/plan/tensor.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  [["--only", "matmull"], /^--only names "matmull", expected some of calls, kernels,/],
  [["--only", "peers"], /^The section peers needs --peers DIR/],
  [["--engine", "tpu"], /^--engine needs cpu or gpu, got "tpu"; nothing was run\.$/],
  [["--in", "firefox"], /^--in needs node or chromium, got "firefox"; nothing was run\.$/],
  [["--repeats", "0"], /^--repeats is 0, expected a number above 0; nothing was run\.$/],
  [["--minutes", "soon"], /^--minutes needs a number, got "soon"; nothing was run\.$/],
  [["--peers", "docs"], /^--peers docs: there is no run\.mjs in that folder; nothing was run\.$/],
  [["--peers", "docs", "--configs", "XL"], /^--configs names "XL", expected some of XS, S, M;/],
  [["--peers", "docs", "--steps", "0"], /^--steps is 0, expected 1 or more; nothing was run\.$/],
])("%j is refused in one sentence", async (args, sentence) => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await main(args)).toBe(2);
  expect(error.mock.calls.flat().join("\n")).toMatch(sentence);
});

test("a run prints its tables and writes them as JSON", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const json = join(mkdtempSync(join(tmpdir(), "nudge-bench-")), "bench.json");
  const limits = ["--repeats", "1", "--seconds", "0.1"];
  expect(await main(["--engine", "cpu", "--only", "calls", ...limits, "--json", json])).toBe(0);
  const result = JSON.parse(readFileSync(json, "utf8"));
  expect(result).toMatchObject({ adapter: expect.stringContaining("CPU"), leftOut: [] });
  const { calls } = describeTraining(await CpuEngine.create(), S);
  expect(result.tables).toHaveLength(1);
  expect(result.tables[0].rows[0]).toMatchObject({ what: "dispatches", "a step": calls.length });
  const printed = log.mock.calls.flat().join("\n");
  expect(printed).toMatch(/\| writeBuffer +\| 2 +\| at most 2/);
});

test("times are bounded by repeats and by seconds, and one is always taken", async () => {
  let runs = 0;
  const work = (): Promise<void> => {
    runs++;
    return Promise.resolve();
  };
  expect(await measure(work, { repeats: 4, seconds: 60 })).toMatchObject({ repeats: 4 });
  expect(await measure(work, { repeats: 4, seconds: 0 })).toMatchObject({ repeats: 1 });
  expect(runs).toBe(5);
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
});

test("the processor time of threads that end stays in the sum", () => {
  const sum = lastingSum();
  expect(sum([["1", 10], ["2", 400]])).toBe(410); // prettier-ignore
  expect(sum([["1", 15]])).toBe(415);
  // thread 2 is another one now
  expect(sum([["1", 15], ["2", 3]])).toBe(418); // prettier-ignore
});

test("threads that start later are an adapter's, Node's own are not", async () => {
  const before = await adapterThreads.cpuMs();
  const start = performance.now();
  while (performance.now() < start + 60);
  const own = await adapterThreads.cpuMs();
  expect(own - before).toBeLessThan(30);
  const worker = new Worker("for (;;);", { eval: true });
  try {
    await expect.poll(() => adapterThreads.cpuMs(), { timeout: 5000 }).toBeGreaterThan(own + 50);
  } finally {
    await worker.terminate();
  }
});

test("what does not fit into the time left is named with the reason", async () => {
  const engine = await CpuEngine.create();
  const opened = { engine, kind: "cpu" as const, software: true, destroy: () => undefined };
  const open = (): Promise<typeof opened> => Promise.resolve(opened);
  const options = { limits: { repeats: 1, seconds: 1 }, large: false, minutes: 1 };
  const bench = new Bench({ opened, peak: undefined, open }, options);
  expect(bench.fits("a step", 1e15)).toBe(true);
  bench.learn(1e9, 1000);
  expect(bench.fits("a step", 1e9)).toBe(true);
  expect(bench.fits("a long step", 1e12)).toBe(false);
  expect(bench.takeLeftOut().join()).toMatch(
    /^Left out: a long step, because it needs about 3000 s at the rate and with the tuning seen so far/,
  );
  expect(bench.takeLeftOut()).toEqual([]);
});

test("products, bytes and growth are counted from the plan", async () => {
  const { calls } = describeTraining(await CpuEngine.create(), { ...S, layers: 2 });
  const products = productsOf(calls);
  const unembedding = { M: 512, K: 128, N: 512, TA: false, TB: true };
  expect(products.map(({ product }) => product)).toContainEqual({ ...unembedding, BATCH: 1 });
  const all = calls.filter(({ kernel }) => kernel.name.startsWith("matmul"));
  expect(products.reduce((sum, { times }) => sum + times, 0)).toBe(all.length);
  const x = persistent("x", [3, 5]);
  expect(bytesOf({ bindings: { a: x, b: x, c: persistent("c", [2]) } })).toBe(4 * 17);
  const timing = (median: number) => ({ min: median, median, cpu: median, repeats: 1 });
  const [, second] = growthRows("layers", [
    { at: 1, flops: 1e6, timing: timing(2) },
    { at: 2, flops: 2e6, timing: timing(6) },
  ]);
  expect(second).toMatchObject({ layers: 2, "time grows": 3, "work grows": 2, "time / work": 1.5 });
  expect(second).toMatchObject({ "within 15 %": "no: slower" });
  const times = (f: (at: number) => number) => [1, 2, 4].map((at) => ({ at, time: f(at) }));
  expect(bend(times((at) => 3 + 5 * at))).toBeLessThan(1e-9);
  expect(bend(times((at) => at * at))).toBeGreaterThan(0.15);
});

test("a table shows every column that any row has", () => {
  const rows = [
    { size: "S", ms: 12.345 },
    { size: "M", ms: 0.01234, note: "slow" },
  ];
  expect(markdown({ title: "Steps", rows, notes: ["Note."] })).toBe(
    [
      "### Steps",
      "",
      "| size | ms    | note |",
      "| ---- | ----- | ---- |",
      "| S    | 12.3  |      |",
      "| M    | 0.012 | slow |",
      "",
      "Note.\n",
    ].join("\n"),
  );
});

test("peers are compared with the variant of ours that uses the same device", () => {
  const base = { ok: true, config: "S", losses: [6.1, 6.0], cpuMsPerStep: 10 };
  const [table] = peerTables(
    [
      { ...base, name: "nudge", stepMs: 100 },
      { ...base, name: "nudge/cpu", stepMs: 20 },
      { ...base, name: "a", stepMs: 300, losses: [6.1, 6.00004] },
      { ...base, name: "a/wasm", stepMs: 30 },
      { ok: false, name: "b", config: "S", error: "no adapter" },
    ],
    ["S"],
  );
  const faster = table?.rows.map((row) => row["ours is faster by"]);
  expect(faster).toEqual(["", "", 3, 1.5, undefined]);
  expect(table?.rows[2]?.["loss differs by"]).toBeCloseTo(4e-5, 9);
  expect(lossDifference([1], undefined)).toBeNaN();
});

test("products beside peers: ratios, and where a peer was faster", () => {
  const row = (name: string, peer: object) => ({
    ...{ name, times: 4, flops: 2e6 },
    results: [
      { engine: "nudge", ms: 2, cpuMs: 4, error: 1e-6 },
      { engine: "a", ...peer },
    ],
  });
  const rows = [row("x", { ms: 6, cpuMs: 3, error: 1e-5 }), row("y", { failure: "no Gemm" })];
  expect(productRows(rows)[0]).toMatchObject({
    ...{ "M x K x N": "x", "in a step": 4, "nudge ms": 2, "GFLOP/s": 1, "a ms": 6 },
    ...{ "a / nudge": 3, "a in CPU time": 0.75, "max error": 1e-5 },
  });
  expect(productNotes(rows)).toEqual([
    "a was faster nowhere of 1 by the clock, at x in processor time.",
    "a failed: no Gemm",
  ]);
});

test("our peer takes the harness's weights by name, learns, and samples", async () => {
  const config = { layers: 1, d: 32, heads: 2, ctx: 16, batch: 2, vocab: 64 };
  const specs = gptSpecs(gpt2(64, 32, 1, 2, 16));
  const theirs = ["wte", "wpe", "lnf.g", "lnf.b"];
  for (const part of ["ln1", "ln2"]) theirs.push(`h0.${part}.g`, `h0.${part}.b`);
  for (const part of ["qkv", "proj", "fc", "fc2"]) theirs.push(`h0.${part}.w`, `h0.${part}.b`);
  expect(theirs.map(parameterName).sort()).toEqual(specs.map(({ name }) => name).sort());
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const initWeights = () =>
    Object.fromEntries(
      theirs.map((name): [string, [number[], Float32Array]] => {
        const shape = [...(shapes.get(parameterName(name)) ?? [])];
        const count = shape.reduce((a, b) => a * b, 1);
        const value = (i: number): number => (name.endsWith(".g") ? 1 : 0.02 * Math.sin(7 * i));
        return [name, [shape, Float32Array.from({ length: count }, (_, i) => value(i))]];
      }),
    );
  const data = { a: new Float32Array(16).fill(2), b: new Float32Array(16).fill(3) };
  const maxErr = (c: ArrayLike<number>): number => Math.abs((c[0] ?? NaN) - 24);
  const peer = nudgePeer({ initWeights, matmulData: () => ({ ...data, maxErr }) });
  await peer.init(config, { variant: "cpu", gen: 8 });
  const x = Int32Array.from({ length: 32 }, (_, i) => (5 * i) % 64);
  const losses = [];
  const y = x.map((token) => (token + 5) % 64);
  for (let i = 0; i < 4; i++) losses.push(await peer.step(x, y));
  expect(losses[0]).toBeCloseTo(Math.log(64), 0);
  expect(losses[3]).toBeLessThan(losses[0]!);
  expect((await peer.generate(8, "batch-64")).length).toBeGreaterThan(64);
  expect(await peer.generate(3, "batch-1")).toHaveLength(3);
  const product = await peer.matmul(4);
  product.run();
  await product.sync();
  expect(await product.check()).toBeLessThan(1e-5);
});
