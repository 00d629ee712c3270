// `npm run bench` runs with and without a file for its result.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { main } from "../../scripts/bench.ts";

const folder = mkdtempSync(join(tmpdir(), "nudge-bench-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const QUICK = "--engine cpu --only matmul --repeats 1 --seconds 0.01 --minutes 0.01".split(" ");

/** What a run printed. */
async function printed(...more: string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void lines.push(String(line)));
  expect(await main([...QUICK, ...more])).toBe(0);
  return lines.join("\n");
}

test("without a file the tables are printed", async () => {
  expect(await printed()).toMatch(/\| 512x128x384 NN +\|/);
});

test("with a file they are in it too", async () => {
  const path = join(folder, "deep", "bench.json");
  expect(await printed("--json", path)).toContain("512x128x384 NN");
  expect(readFileSync(path, "utf8")).toContain("512x128x384 NN");
});
