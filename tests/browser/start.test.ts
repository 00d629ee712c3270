// npm start as a person types it: the address it prints answers, and mistakes get one sentence.
import { spawn, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/setup.mjs";

const blocker = createServer();
let taken = 0;

beforeAll(async () => {
  blocker.listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const address = blocker.address();
  if (address !== null && typeof address === "object") taken = address.port;
});
afterAll(() => blocker.close());

function start(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/start.mjs", ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { status, stderr };
}

test.each([
  [["--prot", "80"], 'start: unknown option "--prot"; expected: npm start -- [--port N]\n'],
  [["8080"], 'start: unknown option "8080"; expected: npm start -- [--port N]\n'],
  [["--port"], 'start: --port needs a number from 1 to 65535, got ""; expected: npm start'],
  [["--port=70000"], 'start: --port needs a number from 1 to 65535, got "70000"; expected'],
])("refuses %j with one sentence and exit code 2", (args, sentence) => {
  const { status, stderr } = start(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

test("says that a port is taken, and exits with 1", () => {
  const { status, stderr } = start("--port", String(taken));
  expect(status).toBe(1);
  expect(stderr).toMatch(`start: port ${taken} is already in use; choose another`);
});

test("serves the page at the address it prints, and ends on SIGTERM", async () => {
  blocker.close();
  const child = spawn(process.execPath, ["scripts/start.mjs", "--port", String(taken)], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  const url = /http:\/\/localhost:\d+\//.exec(text.toString())?.[0] ?? "";
  expect(url).toBe(`http://localhost:${taken}/`);
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await response.text()).toContain("<title>Nudge</title>");
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
