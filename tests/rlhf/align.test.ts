// npm run align on a small budget, and what it says to input that cannot be used.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { main } from "../../scripts/align.ts";

const folder = mkdtempSync(join(tmpdir(), "align-"));
const complaints = vi.spyOn(console, "error").mockImplementation(() => undefined);
const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);

beforeEach(() => {
  complaints.mockClear();
  printed.mockClear();
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

interface Result {
  readonly [name: string]: unknown;
  readonly before: { readonly rate: number };
  readonly after: { readonly rate: number };
  readonly winRate: { readonly wins: number; readonly ties: number; readonly losses: number };
  readonly rewardModel: { readonly heldOutAccuracy: number };
  readonly seconds: Readonly<Record<string, number>>;
}

const BUDGET = "--engine cpu --prompts 4 --k 4 --iterations 5 --batch 16 --evaluate 16".split(" ");

test.each(["ppo", "grpo", "rloo", "dpo", "best-of-n"])(
  "%s runs from end to end",
  async (method) => {
    const json = join(folder, "result.json");
    const args = [...BUDGET, "--taste", "short", "--method", method, "--json", json];
    expect(await main(args)).toBe(0);
    const result = JSON.parse(readFileSync(json, "utf8")) as Result;
    expect(result).toMatchObject({ taste: "short", seed: 1, method, k: 4, rankings: 4 });
    for (const { rate } of [result.before, result.after]) {
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(rate).toBeLessThanOrEqual(1);
    }
    const { wins, ties, losses } = result.winRate;
    expect(wins + ties + losses).toBe(16);
    expect(result.rewardModel.heldOutAccuracy).toBeGreaterThan(0.4);
    expect(Object.keys(result.seconds)).toEqual(["total", "open", "rank", "reward", "ppo"]);
    const trains = method !== "best-of-n";
    expect(result["iterations"]).toBe(trains ? 5 : 0);
    expect("flops" in result).toBe(trains);
    if (!trains) return;
    expect(result["ratioCheck"]).toEqual({ maxAbsError: 0 });
    expect(result["initialKl"]).toBe(0);
    expect(result["tokens"]).toBeGreaterThan(5 * 16);
    expect(result["flops"]).toBeGreaterThan(1e9);
    expect(result["flopsPerIteration"]).toBeGreaterThan(1e8);
    // what was not measured is absent
    expect(Object.values(result)).not.toContain(null);
  },
);

/** Runs with arguments that are refused; returns the one line of complaint. */
async function refused(...args: string[]): Promise<string> {
  expect(await main(["--engine", "cpu", ...args])).toBe(2);
  expect(complaints).toHaveBeenCalledTimes(1);
  const line = String(complaints.mock.calls[0]?.[0]);
  expect(line).not.toContain("\n");
  return line;
}

test.each([
  [["--tast", "short"], /^Unknown option "--tast"; expected one of --taste, /],
  [["--k"], /^--k needs a number, got nothing; nothing was run\.$/],
  [["--k", "ten"], /^--k needs a number, got "ten"; nothing was run\.$/],
  [["--k", "1"], /^--k is 1, expected a whole number from 2 to 9; nothing was run\.$/],
  [["--batch", "40"], /^--batch is 40, expected a multiple of 16; nothing was run\.$/],
  [["--method", "sft"], /^--method is "sft", expected one of ppo, grpo, rloo, dpo, best-of-n; /],
  [["--reward", "slow"], /^--reward is "slow", expected one of fast, full; nothing was run\.$/],
  [["--dpo-loss", "kto"], /^--dpo-loss is "kto", expected one of sigmoid, ipo, hinge; /],
  [["--answers", "5"], /^answers is 5, expected at least 2 and a divisor of the 64 answers/],
  [["--engine", "tpu"], /^--engine needs cpu or gpu, got "tpu"; nothing was run\.$/],
  [["--taste", "bitter"], /bitter/],
  [["--taste", "./nowhere.js"], /^\.\/nowhere\.js: the taste file could not be loaded/],
  [["--models", "nowhere"], /^nowhere\/sft\.safetensors: no such checkpoint; make one with /],
])("%j is refused in one sentence", async (args, sentence) => {
  expect(await refused(...args)).toMatch(sentence);
});

test("a malformed taste file is refused in one sentence", async () => {
  const file = join(folder, "taste.mjs");
  writeFileSync(file, 'export default { name: "odd", describe: "odd", shows: () => true };\n');
  expect(await refused("--taste", file)).toMatch(/taste\.mjs.*score/);
});

test("a corrupt checkpoint is refused by its checksum", async () => {
  const bytes = readFileSync("public/models/sft.safetensors");
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(join(folder, "sft.safetensors"), bytes);
  expect(await refused("--models", folder)).toMatch(/^models\/sft\.safetensors.*checksum/);
});
