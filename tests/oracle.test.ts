// Every oracle vector through the engine's kernels on the default adapter, one test per group.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readVectors } from "../src/oracle/manifest.ts";
import { runCase } from "../src/oracle/run.ts";
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
  5 * MINUTES,
);
