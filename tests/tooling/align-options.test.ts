// What `npm run align` refuses before it runs, and what becomes of a taste or a file that fails later.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { main } from "../../scripts/align.ts";
import { jsonFile } from "../../scripts/json-file.ts";
import { UsageError } from "../../scripts/options.ts";

const folder = mkdtempSync(join(tmpdir(), "nudge-align-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Exit code and what was said on stderr. */
async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  return { code: await main(args), said: said.join("\n") };
}

test.each([
  ["--lr", "-1", "--lr is -1, expected 0.000001 to 0.01; nothing was run."],
  ["--kl", "-5", "--kl is -5, expected 0 to 2; nothing was run."],
  ["--ptx", "99", "--ptx is 99, expected 0 to 27.8; nothing was run."],
  ["--kl-target", "-0.1", "--kl-target is -0.1, expected 0 to 50; nothing was run."],
])("%s %s is refused", async (option, value, sentence) => {
  expect(await run(option, value)).toEqual({ code: 2, said: sentence });
});

test("a file that cannot be written is refused before anything is run", async () => {
  const blocked = join(folder, "a-file");
  writeFileSync(blocked, "");
  const { code, said } = await run("--json", join(blocked, "x.json"), "--engine", "cpu");
  expect(code).toBe(2);
  expect(said).toMatch(/^--json is ".*x\.json", found .*, expected a file that can be written; nothing was run\.$/); // prettier-ignore
});

test("a result goes into a folder that is made, and what was there stays until then", () => {
  const path = join(folder, "new", "result.json");
  jsonFile(path)?.({ a: 1 });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ a: 1 });
  const write = jsonFile(path);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ a: 1 });
  write?.([2]);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual([2]);
  expect(jsonFile(undefined)).toBeUndefined();
  expect(() => jsonFile(folder)).toThrow(UsageError);
});

test("a result that cannot be written in the end is printed", () => {
  const path = join(folder, "gone", "result.json");
  const write = jsonFile(path);
  rmSync(join(folder, "gone"), { recursive: true });
  const [log, error] = [vi.spyOn(console, "log"), vi.spyOn(console, "error")];
  log.mockImplementation(() => undefined);
  error.mockImplementation(() => undefined);
  write?.({ a: 1 });
  expect(error).toHaveBeenCalledWith(expect.stringContaining("could not be written"));
  expect(JSON.parse(log.mock.calls[0]?.[0] as string)).toEqual({ a: 1 });
});

test("a taste that gives no answer ends the run with one sentence", async () => {
  const path = join(folder, "odd.js");
  writeFileSync(
    path,
    'export default { name: "odd", describe: "odd", shows: () => 1, score: () => 0 };\n',
  );
  const small = ["--engine", "cpu", "--prompts", "2", "--k", "2", "--evaluate", "8"];
  const { code, said } = await run("--taste", path, "--iterations", "0", ...small);
  expect(code).toBe(2);
  expect(said).toMatch(/odd\.js: shows returned 1, expected true or false; the run was stopped and nothing was written\.$/); // prettier-ignore
});

test("rankings of ties alone leave DPO nothing to learn, in one sentence", async () => {
  const path = join(folder, "tie.js");
  writeFileSync(
    path,
    'export default { name: "tie", describe: "tie", shows: () => true, score: () => 0 };\n',
  );
  const small = ["--engine", "cpu", "--prompts", "1", "--k", "2", "--candidates", "1"];
  const { code, said } = await run("--taste", path, "--method", "dpo", ...small);
  expect(code).toBe(2);
  expect(said).toMatch(/^DPO: no ranking says/);
});
