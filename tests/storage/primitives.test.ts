// SHA-256, identifiers and JSON against published vectors and hand-made cases.
import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { createIds, isUuidV7 } from "../../src/storage/ids.ts";
import { canonicalJson, jsonLine, plainCopy, readJson } from "../../src/storage/json.ts";
import { sha256, sha256Async } from "../../src/storage/sha256.ts";
import { below, generator } from "./helpers.ts";

describe("sha256", () => {
  it("gives the digests of FIPS 180-4's examples", () => {
    expect(sha256("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  it("is the same off the thread, with and without the platform's own", async () => {
    const bytes = new TextEncoder().encode("abc");
    expect(await sha256Async(bytes)).toBe(sha256("abc"));
    vi.stubGlobal("crypto", {});
    expect(await sha256Async(bytes)).toBe(sha256("abc"));
    vi.unstubAllGlobals();
  });

  it("agrees with the platform at every length around the block size", () => {
    const random = generator(2);
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, () => below(random, 256));
      expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  });
});

describe("ids", () => {
  it("are UUIDs of version 7 that grow even when the clock stands still or goes back", () => {
    let clock = 1_700_000_000_000;
    const ids = createIds(() => clock);
    let last = "";
    for (let n = 0; n < 9000; n++) {
      if (n === 5000) clock -= 60_000;
      const id = ids.next();
      expect(isUuidV7(id) && id > last).toBe(true);
      last = id;
    }
  });

  it("follow an identifier that was observed", () => {
    const ahead = createIds(() => 1_800_000_000_000).next();
    const ids = createIds(() => 1_700_000_000_000);
    expect(ids.next() < ahead).toBe(true);
    ids.observe(ahead);
    expect(ids.next() > ahead).toBe(true);
  });
});

describe("JSON", () => {
  it("has one canonical spelling", () => {
    const value = { b: [1, -0, 1e21], a: { "\u20ac": null, "\r": "x" }, c: undefined };
    expect(canonicalJson(value)).toBe('{"a":{"\\r":"x","€":null},"b":[1,0,1e+21]}');
  });

  it.each([NaN, Infinity, 1n, new Date(0), new Uint8Array(2), () => 1, "\ud800"])(
    "cannot say %s",
    (value) => expect(() => canonicalJson({ list: [value] })).toThrow(/list\[0\]: found/),
  );

  it("copies proxies to plain objects", () => {
    const proxy = new Proxy({ a: [1] }, {});
    expect(structuredClone(plainCopy(proxy))).toEqual({ a: [1] });
  });

  it("escapes the two line separators that JSON leaves alone", () => {
    expect(jsonLine({ a: "\u2028\u2029" })).toBe('{"a":"\\u2028\\u2029"}');
  });

  it.each([
    ['{"__proto__":{"polluted":1}}', "reserved key"],
    ['[{"a":{"constr\\u0075ctor":1}}]', "reserved key"],
    ['{"a":1, "\\u0061" : 2}', "twice"],
    ["[".repeat(65), "deeper than 64"],
    ["{", "not JSON"],
    ['"', "not JSON"],
    ['{"a":"b', "not JSON"],
    ['{"\\x":1}', "key"],
    ["", "not JSON"],
  ])("refuses %s", (text, reason) => {
    const outcome = readJson(text);
    expect(outcome.ok ? "" : outcome.reason).toContain(reason);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("reads keys and brackets inside strings as text", () => {
    const text = '{"a":"[[{\\"__proto__\\":","b":["a","a"],"c":{"a":1}}';
    expect(readJson(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
  });

  it("keeps whole numbers that no double holds as their digits, and all others as numbers", () => {
    const text = '[1234567890123456789, -9007199254740993, 9007199254740991, 0.1234567890123456, 1e400000, "1234567890123456789 \\" 1234567890123456789"]'; // prettier-ignore
    const outcome = readJson(text);
    expect(outcome.ok && outcome.value).toEqual(["1234567890123456789", "-9007199254740993", 9007199254740991, 0.1234567890123456, Infinity, '1234567890123456789 " 1234567890123456789']); // prettier-ignore
    expect(readJson("[12345678901234567890").ok).toBe(false);
  });

  it("reads 64 levels", () => {
    expect(readJson("[".repeat(64) + "]".repeat(64)).ok).toBe(true);
  });
});
