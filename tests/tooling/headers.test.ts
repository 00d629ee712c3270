// The production headers: one source, the figures of the contract, the same on every host.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PRODUCTION_HEADERS, headersFile, metaPolicy } from "../../scripts/headers.mjs";

const policy = PRODUCTION_HEADERS["Content-Security-Policy"] ?? "";

test("public/_headers is what headersFile() makes (node scripts/headers.mjs writes it)", () => {
  const path = new URL("../../public/_headers", import.meta.url);
  expect(readFileSync(path, "utf8")).toBe(headersFile());
});

test("nothing inline, nothing evaluated, nothing from elsewhere", () => {
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toMatch(/'unsafe-|https?:/);
});

test("Trusted Types are enforced, with the two policies the page needs", () => {
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).toMatch(/; trusted-types svelte-trusted-html app-worker;/);
});

test("a course page may embed it", () => {
  expect(policy).toContain("frame-ancestors *");
  expect(PRODUCTION_HEADERS).not.toHaveProperty("Cross-Origin-Embedder-Policy");
  expect(PRODUCTION_HEADERS).not.toHaveProperty("X-Frame-Options");
});

test("the meta policy is the header's without what a meta element cannot carry", () => {
  const directives = policy.split("; ").filter((item) => !/^(frame-ancestors|sandbox) /.test(item));
  expect(metaPolicy().split("; ")).toEqual(directives);
  expect(directives.length).toBe(policy.split("; ").length - 2);
});
