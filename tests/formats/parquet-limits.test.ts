// Parquet files of few bytes that would take long or much memory: refused in one sentence, or read within the limits.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/formats/bytes.ts";
import { FormatError } from "../../src/formats/errors.ts";
import { readImport } from "../../src/formats/import.ts";
import { readParquet } from "../../src/formats/parquet.ts";
import { decimal, parsed } from "../../src/formats/parquet-plain.ts";
import { walkStruct, readerOf } from "../../src/formats/parquet-thrift.ts";
import { CONVERTED, ENCODINGS, concat, crafted, dataPage, deltas, dictionaryPage, prefixed, run, varint, zigzag } from "./crafted-parquet.ts"; // prettier-ignore
import type { Element } from "./crafted-parquet.ts";

async function rowsOf(bytes: Uint8Array<ArrayBuffer>): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { value } of readParquet(bytes, "x.parquet", LIMITS)) rows.push(value);
  return rows;
}

/** Levels of a list of `n` in one row, all of them there. */
const oneRow = (n: number, defined = 1) =>
  concat(prefixed(run(1, 0), run(n - 1, 1)), prefixed(run(n, defined)));

const repeated = (type: Element["type"], converted?: number): Element[] => [
  { name: "a", ...(type === undefined ? {} : { type }), repetition: 2, ...(converted === undefined ? {} : { converted }) }, // prettier-ignore
];
const deep = (levels: number): Element[] => [
  ...Array.from({ length: levels }, (_, i) => ({
    name: `g${i}`,
    repetition: i === 0 ? 2 : 0,
    children: 1,
  })),
  { name: "a", type: "BYTE_ARRAY", repetition: 1 },
];
const coded = (n: number, converted: number, entry: string) =>
  crafted(repeated("BYTE_ARRAY", converted), 1, concat(dictionaryPage(1, [entry.length, 0, 0, 0], Buffer.from(entry)), dataPage(n, ENCODINGS.DICTIONARY, oneRow(n), [0])), { dictionary: true }); // prettier-ignore
const delta = (n: number, type: "INT32" | "INT64", converted: number) =>
  crafted(repeated(type, converted), 1, dataPage(n, ENCODINGS.DELTA, oneRow(n), deltas(n, 1e4, 1)));
const texts = (n: number, encoding: number, parts: number) =>
  crafted(repeated("BYTE_ARRAY", CONVERTED.UTF8), 1, dataPage(n, encoding, oneRow(n), ...Array.from({ length: parts }, () => deltas(n, 0, 0)))); // prettier-ignore
const groups = (n: number, levels: number) =>
  crafted(deep(levels), 1, dataPage(n, ENCODINGS.PLAIN, oneRow(n)));

describe("one row of many values in a few hundred bytes", () => {
  const cases: [string, (n: number) => Uint8Array<ArrayBuffer>][] = [
    ["objects of JSON", (n) => coded(n, CONVERTED.JSON, "{}")],
    ["texts of a dictionary", (n) => coded(n, CONVERTED.UTF8, "ab")],
    ["times", (n) => delta(n, "INT64", CONVERTED.TIMESTAMP_MILLIS)],
    ["days", (n) => delta(n, "INT32", CONVERTED.DATE)],
    ["empty texts by their lengths", (n) => texts(n, ENCODINGS.DELTA_LENGTH, 1)],
    ["empty texts by what they share", (n) => texts(n, ENCODINGS.DELTA_TEXTS, 2)],
    ["groups", (n) => groups(n, 1)],
    ["groups 40 deep", (n) => groups(n, 40)],
  ];
  const sizes = [4_000_000, 1_048_576, 262_144, 131_072, 100_000, 16_000, 1000];
  it.each(cases)("%s", async (_, make) => {
    const outcomes = new Set<string>();
    for (const n of sizes) {
      const bytes = make(n);
      expect(bytes.length).toBeLessThan(1000);
      const start = process.cpuUsage();
      const outcome = await rowsOf(bytes).then(
        (rows) => `read ${rows.length}`,
        (error: unknown) => (error instanceof FormatError ? error.message : String(error)),
      );
      const { user, system } = process.cpuUsage(start);
      expect(user + system).toBeLessThan(1e6);
      outcomes.add(outcome.replace(/\d{3,}/g, "N"));
      if (n === sizes.at(-1)) expect(outcome).toBe("read 1");
    }
    const refused = [...outcomes].filter((one) => one !== "read 1");
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused) {
      expect(one).toMatch(/^`x\.parquet`: found (a page of )?more .* expected less than that, or the same rows as JSON lines\. Nothing was imported\.$/); // prettier-ignore
    }
  });
});

describe("values and metadata that hyparquet takes long for", () => {
  it("identifiers of more than 16 bytes and texts of more than a line are refused", async () => {
    const plain = (length: number, element: Element) => {
      const size = new Uint8Array(Uint32Array.of(length).buffer);
      return crafted([element], 1, dataPage(1, ENCODINGS.PLAIN, size, Buffer.alloc(length, 97)));
    };
    const id: Element = { name: "a", type: "BYTE_ARRAY", repetition: 0, logical: 14 };
    expect(await rowsOf(plain(16, id))).toEqual([{ a: expect.stringMatching(/^61616161-/) }]);
    await expect(rowsOf(plain(17, id))).rejects.toThrow(/value of length 17/);
    const any: Element = { name: "a", type: "BYTE_ARRAY", repetition: 0 };
    await expect(rowsOf(plain(LIMITS.line + 1, any))).rejects.toThrow(/value of length 8388609/);
  });

  it("metadata of fields, texts or elements without an end is refused", () => {
    const walk = (...parts: Parameters<typeof concat>) => {
      walkStruct(readerOf(concat(...parts, [0])));
    };
    const many = 200_000;
    expect(() => walk([9, ...zigzag(30)], [0xf8, ...varint(many)], new Uint8Array(many))).toThrow(/texts left -1/); // prettier-ignore
    expect(() => walk(new Uint8Array(many).fill(0x11))).toThrow(/field 65/);
    const empty = concat([9, ...zigzag(30)], [0xfc, ...varint(many)], new Uint8Array(many));
    expect(() => walk(empty)).toThrow(/elements left -1/);
    expect(() => walk([1, ...zigzag(-3)])).toThrow(/field -1/);
  });
});

describe("values as JSON would give them", () => {
  const none = () => undefined;

  it("by pyarrow: no numbers, decimals, JSON and maps with odd keys", async () => {
    const file = new Uint8Array(readFileSync("tests/fixtures/parquet/pyarrow-odd.parquet"));
    const rows = await rowsOf(file);
    expect(rows).toEqual([
      { score: 1.5, small: -0.3, large: "12345678901234567890.12", json: { a: [1, { b: null }] }, map: { '{"k":1}': "x" }, list: [0.1] },
      { score: null, small: 12.5, large: -0.01, json: "not json", map: {}, list: [] },
      { score: null, small: null, large: 0, json: null, map: null, list: null },
    ]); // prettier-ignore
  });

  it("decimals keep all their digits", () => {
    const bytes = Uint8Array.of(0xff, 0x85);
    expect(decimal(bytes, 2)).toBe(-1.23);
    expect(decimal(5, 3)).toBe(0.005);
    expect(decimal(-123_456_789_012_345n, 5)).toBe(-1_234_567_890.12345);
    expect(decimal(-1_234_567_890_123_456n, 5)).toBe("-12345678901.23456");
    expect(decimal(new Uint8Array(0), 0)).toBe(0);
    expect(() => decimal(1, 77)).toThrow(/scale of a decimal 77/);
    expect(() => decimal(1, -1)).toThrow(/scale of a decimal -1/);
  });

  it("JSON is counted before it is read, and no deeper than lines are", () => {
    let counted = 0;
    expect(parsed('{"a":[1,2]}', (n) => (counted += n))).toEqual({ a: [1, 2] });
    expect(counted).toBe(11 + 256 * 5);
    expect(parsed("{", none)).toBe("{");
    expect(parsed(null, none)).toBe(null);
    expect(() => parsed(`${"[".repeat(70)}${"]".repeat(70)}`, none)).toThrow(/deeper than 64/);
    const odd = parsed('{"__proto__":{"x":1}}', none) as object;
    expect(Object.getPrototypeOf(odd)).toBe(null);
    expect(Object.keys(odd)).toEqual(["__proto__"]);
  });

  it("a reserved key inside a column refuses the file, as in JSON lines", async () => {
    const json = '{"constructor":1}';
    const page = dataPage(1, ENCODINGS.PLAIN, [json.length, 0, 0, 0], Buffer.from(json));
    const element: Element = { name: "a", type: "BYTE_ARRAY", repetition: 0, converted: CONVERTED.JSON }; // prettier-ignore
    const bytes = crafted([element], 1, page);
    expect(await rowsOf(bytes)).toHaveLength(1);
    const source = (async function* () {
      yield await Promise.resolve(bytes);
    })();
    await expect(readImport(source, "x.parquet")).rejects.toThrow(
      /^`x\.parquet`, row 1: found the reserved key `constructor`; expected a plain record\. Nothing was imported\.$/,
    );
  });
});
