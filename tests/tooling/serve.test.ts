// The static server: what it serves, how, and what it refuses.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PRODUCTION_HEADERS } from "../../scripts/headers.mjs";
import { serve } from "../../scripts/serve.mjs";

const folder = mkdtempSync(join(tmpdir(), "nudge-serve-"));
const root = join(folder, "dist");
const script = "const a = 1;\n".repeat(500);
let server: Awaited<ReturnType<typeof serve>>;
const asked: string[] = [];

beforeAll(async () => {
  mkdirSync(join(root, "assets"), { recursive: true });
  const files = {
    "index.html": "<!doctype html><title>page</title>",
    "assets/main-abc.js": script,
    "gelu.wgsl": "// kernel",
    "base.safetensors": "\u0001\u0002",
    "engine.wasm": "\0asm",
    ".hidden": "no",
    "../secret.txt": "secret",
    "../dist-other.txt": "secret",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  symlinkSync(join(folder, "secret.txt"), join(root, "link.txt"));
  server = await serve(root, { onRequest: (path) => asked.push(path) });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** A request whose path is sent as it is: fetch() would tidy it first. */
function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>(
    (resolve, reject) => {
      request({ host: "127.0.0.1", port: server.port, path, method, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, body: Buffer.concat(parts) });
        });
      })
        .on("error", reject)
        .end();
    },
  );
}

test.each([
  ["/", "text/html; charset=utf-8"],
  ["/index.html?x=1", "text/html; charset=utf-8"],
  ["/assets/main-abc.js", "text/javascript; charset=utf-8"],
  ["/gelu.wgsl", "text/wgsl; charset=utf-8"],
  ["/base.safetensors", "application/octet-stream"],
  ["/engine.wasm", "application/wasm"],
])("serves %s as %s with every production header", async (path, type) => {
  const { status, headers } = await get(path);
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe(type);
  for (const [name, value] of Object.entries(PRODUCTION_HEADERS))
    expect(headers[name.toLowerCase()]).toBe(value);
});

test.each([
  "/../secret.txt",
  "/%2e%2e/secret.txt",
  "/..%2fsecret.txt",
  "/..%5csecret.txt",
  "/assets/../../secret.txt",
  "/../dist-other.txt",
  "/link.txt",
  "/.hidden",
  "/assets",
  "/assets/",
  "/%00",
  "/%E0%A4%A",
  "/missing.js",
  "//index.html/..",
])("refuses %s with 404 and the production headers", async (path) => {
  const { status, headers, body } = await get(path);
  expect(status).toBe(404);
  expect(body.toString()).not.toContain("secret");
  expect(headers["content-security-policy"]).toBe(PRODUCTION_HEADERS["Content-Security-Policy"]);
});

test("compresses text for those who ask, and says the length of what it sends", async () => {
  const plain = await get("/assets/main-abc.js");
  const small = await get("/assets/main-abc.js", { "accept-encoding": "br, gzip" });
  expect(plain.body.toString()).toBe(script);
  expect(small.headers["content-encoding"]).toBe("gzip");
  expect(Number(small.headers["content-length"])).toBe(small.body.length);
  expect(small.body.length).toBeLessThan(plain.body.length / 10);
  const weights = await get("/base.safetensors", { "accept-encoding": "gzip" });
  expect(weights.headers["content-encoding"]).toBeUndefined();
});

test("keeps hashed files for good, asks again for the rest, and answers 304", async () => {
  const hashed = await get("/assets/main-abc.js");
  const page = await get("/");
  expect(hashed.headers["cache-control"]).toContain("immutable");
  expect(page.headers["cache-control"]).toBe("no-cache");
  const again = await get("/", { "if-none-match": String(page.headers["etag"]) });
  expect([again.status, again.body.length]).toEqual([304, 0]);
});

test("answers HEAD without a body and refuses other methods", async () => {
  const head = await get("/index.html", {}, "HEAD");
  expect([head.status, head.body.length]).toEqual([200, 0]);
  expect((await get("/", {}, "POST")).status).toBe(405);
});

test("reports every request to whoever listens", async () => {
  await get("/gelu.wgsl?marker");
  expect(asked.at(-1)).toBe("/gelu.wgsl?marker");
});

test("rejects a port that is taken", async () => {
  await expect(serve(root, { port: server.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
