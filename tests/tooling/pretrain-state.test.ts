// Going on with pre-training: only with the run that a state is of, and never over another's.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../../scripts/pretrain.ts";

const folder = mkdtempSync(join(tmpdir(), "pretrain-"));
const state = join(folder, "state.safetensors");
const SMALL = [
  "--engine",
  "cpu",
  "--layers",
  "1",
  "--heads",
  "2",
  "--demos",
  "20",
  "--epochs",
  "1",
];

let said: string[] = [];
beforeEach(() => {
  said = [];
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  vi.spyOn(console, "error").mockImplementation((line: unknown) => void said.push(String(line)));
});
afterEach(() => vi.restoreAllMocks());

const run = (...args: string[]): Promise<number> =>
  main([...SMALL, "--state", state, "--out", join(folder, "out"), ...args]);

test("a state of another model, seed, rate or length is refused, and stays what it was", async () => {
  expect(await run("--width", "16", "--steps", "2")).toBe(0);
  const kept = readFileSync(state);
  const base = readFileSync(join(folder, "out", "base.safetensors"));
  for (const [changed, name] of [
    [["--width", "32", "--steps", "2"], "config"],
    [["--width", "16", "--steps", "2", "--seed", "2"], "seed"],
    [["--width", "16", "--steps", "2", "--lr", "0.001"], "lr"],
    [["--width", "16", "--steps", "3"], "steps"],
  ] as const) {
    expect(await run(...changed)).toBe(2);
    expect(said.at(-1)).toContain(`is of a run with ${name} `);
    expect(said.at(-1)).toMatch(/--fresh\. Nothing was changed\.$/);
  }
  expect(readFileSync(state).equals(kept)).toBe(true);
  expect(readFileSync(join(folder, "out", "base.safetensors")).equals(base)).toBe(true);
  // the same run goes on from its end
  expect(await run("--width", "16", "--steps", "2")).toBe(0);
}, 120_000);

test("a damaged state is refused in one sentence", async () => {
  const damaged = join(folder, "damaged.safetensors");
  writeFileSync(damaged, "no weights");
  expect(await main([...SMALL, "--width", "16", "--steps", "2", "--state", damaged])).toBe(2);
  expect(said.at(-1)).toMatch(/^--state: .*start again with --fresh\.$/);
});

test.each([
  ["--steps", "0", /--steps needs a whole number from 1 on, got 0/],
  ["--demos", "-1", /--demos needs a whole number/],
  ["--epochs", "1.5", /--epochs needs a whole number/],
  ["--seed", "1.5", /--seed needs a whole number/],
  ["--lr", "0", /--lr needs a rate above 0, got 0/],
])("%s %s is refused before anything is run", async (name, value, sentence) => {
  const out = join(folder, "nothing");
  expect(await main([...SMALL, "--out", out, name, value])).toBe(2);
  expect(said.at(-1)).toMatch(sentence);
  expect(existsSync(out)).toBe(false);
});
