// Parquet files: every layout of pages is read, and what hyparquet would not come back from is refused.
import { readFileSync } from "node:fs";
import type { CompressionCodec, Encoding, SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/formats/bytes.ts";
import { FormatError } from "../../src/formats/errors.ts";
import { readParquet } from "../../src/formats/parquet.ts";
import { readerOf, walkStruct } from "../../src/formats/parquet-thrift.ts";
import { walkRuns, walkValues } from "../../src/formats/parquet-values.ts";
import { unsnap } from "../../src/formats/snappy.ts";
import { below, generator } from "../storage/helpers.ts";

const MUTATIONS = Number(process.env["NUDGE_FUZZ"] ?? 10_000) / 10;

/** pyarrow 26.0.1, pages of the first version, two row groups. */
const ARROW = new Uint8Array(readFileSync("tests/fixtures/parquet/pyarrow-v1.parquet"));

const ROWS = {
  text: ["a", "ab", "abc", "", "abd", "b"],
  n: [3, 1, 4, 1, 5, 9],
  list: [["x", null], [], null, ["y", "z"], ["x"], ["x"]],
};
type Name = keyof typeof ROWS;

const OPTIONAL = { repetition_type: "OPTIONAL" } as const;
const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8", ...OPTIONAL } as const;
const ELEMENTS: Record<Name, SchemaElement[]> = {
  text: [{ name: "text", ...TEXT }],
  n: [{ name: "n", type: "INT32", ...OPTIONAL }],
  list: [
    { name: "list", converted_type: "LIST", num_children: 1, ...OPTIONAL },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", ...TEXT },
  ],
};

/** Six rows in two groups, their pages of the second version. */
function written(
  names: Name[],
  encoding: Encoding,
  codec: CompressionCodec,
): Uint8Array<ArrayBuffer> {
  const root: SchemaElement = { name: "root", num_children: names.length };
  const buffer = parquetWriteBuffer({
    schema: [root, ...names.flatMap((name) => ELEMENTS[name])],
    columnData: names.map((name) =>
      name === "list" ? { name, data: ROWS[name] } : { name, data: ROWS[name], encoding },
    ),
    codec,
    rowGroupSize: 4,
  });
  return new Uint8Array(buffer);
}

async function rowsOf(bytes: Uint8Array<ArrayBuffer>, limits = LIMITS): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { value } of readParquet(bytes, "x.parquet", limits)) rows.push(value);
  return rows;
}

/** The file with one run of bytes in it, given in hexadecimal, replaced by another. */
function patched(bytes: Uint8Array, from: string, to: string): Uint8Array<ArrayBuffer> {
  const hex = Buffer.from(bytes).toString("hex");
  expect(hex.split(from)).toHaveLength(2);
  return Uint8Array.from(Buffer.from(hex.replace(from, to), "hex"));
}

const WRITTEN: [Name, Encoding, CompressionCodec][] = [];
for (const codec of ["SNAPPY", "UNCOMPRESSED"] as const) {
  for (const encoding of ["PLAIN", "RLE_DICTIONARY", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"] as const) WRITTEN.push(["text", encoding, codec]); // prettier-ignore
  for (const encoding of ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"] as const) WRITTEN.push(["n", encoding, codec]); // prettier-ignore
}

describe("Parquet files that are read", () => {
  it.each(WRITTEN)("%s as %s, %s", async (name, encoding, codec) => {
    const rows = (await rowsOf(written([name, "list"], encoding, codec))) as Record<
      Name,
      unknown
    >[];
    expect(rows.map((row) => row[name])).toEqual(ROWS[name]);
    expect(rows.map(({ list }) => list ?? null)).toEqual(ROWS.list);
  });

  it("by pyarrow, with dictionaries, nulls and booleans", async () => {
    expect(await rowsOf(ARROW)).toEqual([
      { prompt: "a", tags: ["x", null], flag: true },
      { prompt: "a", tags: [], flag: null },
      { prompt: null, tags: undefined, flag: false },
      { prompt: "b", tags: ["y"], flag: true },
    ]);
  });
});

/** A file of about 200 kB with so many rows of nothing but nulls, beside one text that does not pack. */
function nulls(rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const random = generator(7);
  const letter = () => String.fromCharCode(33 + below(random, 90));
  const text = Array.from({ length: 200_000 }, letter).join("");
  const nothing = Array<null>(rows - 1).fill(null);
  const column = (name: string, data: (string | null)[]) => ({ name, data, type: "STRING" as const }); // prettier-ignore
  const empty = Array.from({ length: columns }, (_, i) => column(`c${i}`, [null, ...nothing]));
  return new Uint8Array(parquetWriteBuffer({ columnData: [column("t", [text, ...nothing]), ...empty] })); // prettier-ignore
}

it("a second a megabyte is enough for rows of nothing: more of them, or more columns, are refused", async () => {
  const slow = (await rowsOf(nulls(60_000, 4))).length;
  expect(slow).toBe(60_000);
  await expect(rowsOf(nulls(60_000, 10))).rejects.toThrow(/number of values/);
  await expect(rowsOf(nulls(80_000, 1))).rejects.toThrow(/found 80000 rows .* counts that agree/);
});

describe("Parquet files that are refused before hyparquet believes them", () => {
  it("with levels of no length, which were read from byte 0 for ever", async () => {
    // Stop, stop, and one group of bits: field 6 becomes field 7, and the group a run of no value.
    const bytes = patched(
      written(["text"], "PLAIN", "UNCOMPRESSED"),
      "150415000000030f",
      "150425000000000f",
    );
    await expect(rowsOf(bytes)).rejects.toThrow(/"levels of length unknown"/);
  });

  const BYTES = { type: "BYTE_ARRAY", fixed: 0, longest: 64 };
  const values = (bytes: number[], encoding: Encoding, more = {}) => {
    const budget = { values: 1000, bytes: 1000 };
    walkValues(readerOf(Uint8Array.from(bytes)), 40, encoding, true, { ...BYTES, ...more }, budget);
  };
  const cases: [string, () => unknown, RegExp][] = [
    ["a run longer than its page", () => walkRuns(readerOf(Uint8Array.of(254, 255, 255, 255, 15, 0)), 1, 40), /run of length 2147483647/],
    ["groups of no width", () => walkRuns(readerOf(Uint8Array.of(255, 255, 255, 255, 7, 0)), 0, 40), /run of groups/],
    ["a number of groups with a sign", () => walkRuns(readerOf(Uint8Array.of(255, 255, 255, 255, 15, 0)), 0, 40), /run of groups/],
    ["runs that end early", () => walkRuns(readerOf(Uint8Array.of(2, 1)), 1, 40), /bounds/],
    ["differences in -1 parts", () => values([128, 1, 255, 255, 255, 255, 15, 40, 0, 0], "DELTA_BINARY_PACKED"), /block of no size/],
    ["differences in blocks of -128", () => values([128, 255, 255, 255, 15, 4, 40, 0, 0, 8, 8, 8, 8], "DELTA_BINARY_PACKED"), /block of no size/],
    ["differences in 2 ** 31 parts", () => values([128, 1, 255, 255, 255, 255, 7, 40, 0, 0], "DELTA_BINARY_PACKED"), /block of no size/],
    ["prefixes of texts that are not there", () => values([128, 1, 1, 40, 200, 1, 0, 0, 128, 1, 1, 40, 0, 0, 0], "DELTA_BYTE_ARRAY"), /prefix of length 100/],
    ["a text longer than its page", () => values([40, 0, 0, 0, 1], "PLAIN"), /length of 40 bytes/],
    ["more values than bytes", () => values([1, 2, 3], "BYTE_STREAM_SPLIT", { type: "FIXED_LEN_BYTE_ARRAY", fixed: 60 }), /length of 2400 bytes/],
    ["a literal of negative length", () => unsnap(Uint8Array.of(9, 252, 250, 255, 255, 255, 0), 9), /literal of length 4294967291/],
    ["a copy from before the start", () => unsnap(Uint8Array.of(9, 0, 65, 31, 2, 0, 0, 0), 9), /copy from 2 bytes back/],
    ["a number without an end", () => walkStruct(readerOf(new Uint8Array(100).fill(0xd6))), /more than 70 bits/],
    ["a list of 2 ** 31 - 1", () => walkStruct(readerOf(Uint8Array.of(25, 252, 255, 255, 255, 255, 7, 0))), /list of length/],
  ]; // prettier-ignore
  it.each(cases)("with %s", (_, walk, sentence) => {
    expect(walk).toThrow(sentence);
  });

  it("with a text that many rows share, so long that they would be too much", async () => {
    const data = Array.from({ length: 2000 }, () => "x".repeat(2000));
    const columnData = [{ name: "text", data, encoding: "RLE_DICTIONARY" as const }];
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData }));
    await expect(rowsOf(bytes)).rejects.toThrow(/unpacks to more than 100 times its size/);
  });
});

describe(`${MUTATIONS} mutations of the pages`, () => {
  const files: [string, Uint8Array][] = WRITTEN.map(([name, encoding, codec]) => [
    `${name} as ${encoding}, ${codec}`,
    written([name, "list"], encoding, codec),
  ]);
  it.each([...files, ["by pyarrow", ARROW] as [string, Uint8Array]])(
    "of %s end in rows or a sentence",
    async (_, bytes) => {
      const random = generator(bytes.length);
      const footer = bytes.length - 8 - Buffer.from(bytes).readUInt32LE(bytes.length - 8);
      const outcomes = new Set<string>();
      for (let n = 0; n < MUTATIONS; n++) {
        const changed = Uint8Array.from(bytes);
        for (let k = 1 + below(random, 3); k > 0; k--) {
          const value = [0, 1, 127, 128, 254, 255][below(random, 6)] ?? 0;
          changed[4 + below(random, footer - 4)] = random() < 0.5 ? value : below(random, 256);
        }
        const start = process.cpuUsage();
        outcomes.add(
          await rowsOf(changed).then(
            () => "read",
            (error: unknown) => (error instanceof FormatError ? "refused" : String(error)),
          ),
        );
        const { user, system } = process.cpuUsage(start);
        if (user + system > 1e6) expect(user + system).toBeLessThan(1e6);
      }
      expect([...outcomes].filter((one) => one !== "read" && one !== "refused")).toEqual([]);
      expect(outcomes.has("refused")).toBe(true);
    },
    60_000 + 20 * MUTATIONS,
  );
});
