// Every oracle vector through the engine's kernels on the default adapter, one test per group.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { main } from "../scripts/oracle.ts";
import { readVectors } from "../src/oracle/manifest.ts";
import type { OracleCase, Vectors } from "../src/oracle/manifest.ts";
import { isModelCase, runCase } from "../src/oracle/run.ts";
import { executor } from "./support/gpu.ts";

const CASES = 178;
const MINUTES = 60_000;

const folder = fileURLToPath(new URL("./fixtures/oracle", import.meta.url));
const vectors = await readVectors(folder);
const groups = [...new Set(vectors.cases.map(({ group }) => group))].map((group) => {
  const cases = vectors.cases.filter((item) => item.group === group);
  return [group, cases.length, cases] as const;
});

test("the fixture is complete", () => {
  expect(vectors.cases).toHaveLength(CASES);
});

test.each(groups)(
  "%s: %d cases",
  async (_group, count, cases) => {
    const failures: string[] = [];
    let passed = 0;
    for (const item of cases) {
      const outcome = await runCase(await executor(), item, vectors);
      failures.push(...outcome.failures);
      if (outcome.failures.length === 0) passed++;
    }
    expect(failures).toEqual([]);
    expect(passed).toBe(count);
  },
  10 * MINUTES,
);

test(
  "whole networks with f16 activations stay within 200 times the tolerance",
  async () => {
    const on = await executor();
    const models = vectors.cases.filter(isModelCase);
    expect(models).toHaveLength(9);
    const failures: string[] = [];
    for (const item of models) failures.push(...(await runCase(on, item, vectors, "f16")).failures);
    if (on.limits.f16) expect(failures).toEqual([]);
    else for (const line of failures) expect(line).toContain("needs an adapter with shader-f16");
  },
  10 * MINUTES,
);

test("f16 activations are rounded: the f32 tolerance does not hold", async () => {
  const on = await executor();
  const strict = { ...caseOf("model_lm") };
  const outputs = Object.entries(strict.outputs).map(
    ([name, entry]) =>
      [name, { ...entry, atol: entry.atol / 200, rtol: entry.rtol / 200 }] as const,
  );
  const item = { ...strict, outputs: Object.fromEntries(outputs) };
  const { failures } = await runCase(on, item, vectors, "f16");
  expect(failures.length).toBeGreaterThan(0);
});

function caseOf(spec: string): OracleCase {
  const found = vectors.cases.find((item) => item.spec === spec);
  if (found === undefined) throw new Error(`the fixture has no case of ${spec}`);
  return found;
}

test("a wrong expectation fails with case, output, index and both numbers", async () => {
  const item = caseOf("silu");
  const wrong: Vectors = {
    cases: vectors.cases,
    tensor(file, name) {
      const tensor = vectors.tensor(file, name);
      if (name !== item.outputs["y"]?.tensor || tensor.dtype !== "F32") return tensor;
      return { ...tensor, data: tensor.data.map((value, i) => (i === 3 ? value + 0.5 : value)) };
    },
  };
  const { failures } = await runCase(await executor(), item, wrong);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatch(
    new RegExp(`^${item.id} y\\[3\\]: got \\S+, expected \\S+ \\(1 of \\d+ elements differ\\)$`),
  );
});

test("what is not checked does not pass: no output, other shapes and kinds, infinite expectations", async () => {
  const item = caseOf("silu");
  const [entry, tensor] = [
    item.outputs["y"]!,
    vectors.tensor(item.file, item.outputs["y"]!.tensor),
  ];
  const on = await executor();
  const failuresOf = async (changed: OracleCase, all = vectors): Promise<readonly string[]> =>
    (await runCase(on, changed, all)).failures;
  expect(await failuresOf({ ...item, outputs: {} })).toEqual([
    `${item.id}: has no output to compare`,
  ]);
  for (const other of [{ shape: [1] }, { dtype: "I32" as const }]) {
    const outputs = { y: { ...entry, ...other } };
    expect((await failuresOf({ ...item, outputs }))[0]).toMatch(/and manifest\.json says/);
  }
  const endless: Vectors = {
    cases: vectors.cases,
    tensor: (file, name) =>
      name === entry.tensor && tensor.dtype === "F32"
        ? { ...tensor, data: tensor.data.map((value, i) => (i === 1 ? Infinity : value)) }
        : vectors.tensor(file, name),
  };
  expect((await failuresOf(item, endless))[0]).toMatch(/y\[1\]: got \S+, expected Infinity \(1 of/);
});

test("a file that cannot be read fails its own cases and no others", async () => {
  const made = await mkdtemp(join(tmpdir(), "oracle-"));
  const item = caseOf("silu");
  await writeFile(join(made, item.file), await readFile(join(folder, item.file)));
  const cases = [item, { ...item, id: "lost", file: "lost.safetensors" }];
  const manifest = JSON.stringify({ format: "rlhf-oracle-vectors/1", cases });
  await writeFile(join(made, "manifest.json"), manifest);
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  expect(await main([made, "--engine", "cpu"])).toBe(1);
  const lines = log.mock.calls.map(([line]) => String(line));
  expect(lines.at(-1)).toBe("1 passed, 1 failed");
  expect(lines.find((line) => line.startsWith("lost"))).toMatch(
    /lost\.safetensors: cannot be read/,
  );
  log.mockRestore();
});

test("an unknown spec fails", async () => {
  const item = { ...caseOf("silu"), spec: "no_such_spec" };
  const { failures } = await runCase(await executor(), item, vectors);
  expect(failures).toEqual([`${item.id}: the engine has no op for the spec "no_such_spec"`]);
});

test("an unknown kind of activations is refused in one sentence", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await main(["--activations", "f8"])).toBe(2);
  expect(error).toHaveBeenCalledExactlyOnceWith(
    'oracle: --activations needs f16 or f32, got "f8"; nothing was run.',
  );
  error.mockRestore();
});

test.each([
  ["a folder that does not exist", undefined, /cannot be read/],
  ["a manifest that is not JSON", "{", /is not JSON/],
  ["a manifest of another format", '{"format":"other/1","cases":[]}', /has no format/],
  [
    "an output without tolerances",
    JSON.stringify({ format: "rlhf-oracle-vectors/1", cases: [{ ...caseOf("silu"), outputs: { y: { ...caseOf("silu").outputs["y"], atol: "0" } } }] }), // prettier-ignore
    /an output without atol and rtol/,
  ],
  ["a case without its fields", '{"format":"rlhf-oracle-vectors/1","cases":[{}]}', /case 0 lacks/],
])("%s is refused in one sentence", async (_name, manifest, sentence) => {
  const made = await mkdtemp(join(tmpdir(), "oracle-"));
  if (manifest !== undefined) await writeFile(join(made, "manifest.json"), manifest);
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await main([manifest === undefined ? join(made, "missing") : made])).toBe(2);
  expect(error).toHaveBeenCalledOnce();
  expect(error.mock.calls[0]?.[0]).toMatch(sentence);
  error.mockRestore();
});
