// Parquet files: every layout of pages is read, and what hyparquet would not come back from is refused.
import { readFileSync } from "node:fs";
import type { CompressionCodec, Encoding, SchemaElement } from "hyparquet";
import { parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/formats/bytes.ts";
import { FormatError } from "../../src/formats/errors.ts";
import type { Exported } from "../../src/formats/exports.ts";
import { readParquet, writeParquet } from "../../src/formats/parquet.ts";
import { rowsOf as assembled } from "../../src/formats/parquet-rows.ts";
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
    expect(rows.map(({ list }) => list)).toEqual(ROWS.list);
  });

  it("by pyarrow, with dictionaries, nulls and booleans", async () => {
    expect(await rowsOf(ARROW)).toEqual([
      { prompt: "a", tags: ["x", null], flag: true },
      { prompt: "a", tags: [], flag: null },
      { prompt: null, tags: null, flag: false },
      { prompt: "b", tags: ["y"], flag: true },
    ]);
  });
});

/** A value of a random type, and what the writer needs to know of the type. */
interface Shape {
  elements: (name: string) => SchemaElement[];
  value: () => unknown;
}

/** Lists and objects in each other, up to `depth` levels, each of them required or not. */
function shape(random: () => number, depth: number): Shape {
  const required = random() < 0.3;
  const repetition_type = required ? "REQUIRED" : "OPTIONAL";
  const maybe = (value: () => unknown) => () => (!required && random() < 0.3 ? null : value());
  const kind = depth === 0 ? 0 : below(random, 3);
  if (kind === 0) {
    const elements = (name: string): SchemaElement[] => [
      { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type },
    ];
    return { elements, value: maybe(() => "abc".slice(below(random, 3))) };
  }
  if (kind === 1) {
    const item = shape(random, depth - 1);
    const elements = (name: string): SchemaElement[] => [
      { name, converted_type: "LIST", num_children: 1, repetition_type },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      ...item.elements("element"),
    ];
    return { elements, value: maybe(() => Array.from({ length: below(random, 4) }, item.value)) };
  }
  const members = ["a", "b", "__proto__"].map((name) => ({ name, ...shape(random, depth - 1) }));
  const elements = (name: string): SchemaElement[] => [
    { name, num_children: members.length, repetition_type },
    ...members.flatMap((member) => member.elements(member.name)),
  ];
  const value = () => Object.fromEntries(members.map((member) => [member.name, member.value()]));
  return { elements, value: maybe(value) };
}

it("puts together what was written, in 300 schemas of lists and objects in each other", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = generator(seed);
    const { elements, value } = shape(random, 1 + below(random, 4));
    const data = Array.from({ length: 40 }, value);
    const buffer = parquetWriteBuffer({
      schema: [{ name: "root", num_children: 1 }, ...elements("x")],
      columnData: [{ name: "x", data }],
      pageSize: 16,
      rowGroupSize: 17,
    });
    const rows = await rowsOf(new Uint8Array(buffer));
    const json = (all: unknown) => JSON.stringify(all);
    expect(json(rows), `seed ${seed}`).toBe(json(data.map((x) => ({ x }))));
  }
}, 60_000);

describe("lists and maps of other writers, whose schemas have the same levels", () => {
  const group = (name: string, num_children: number, more: object = OPTIONAL) => ({ name, num_children, ...more }); // prettier-ignore
  const REPEATED = { repetition_type: "REPEATED" } as const;
  const REQUIRED = { ...TEXT, repetition_type: "REQUIRED" } as const;
  const LIST = { ...OPTIONAL, converted_type: "LIST" } as const;
  const LISTS = [["a", "b"], [], null, ["c"]];
  const objects = LISTS.map((list) => list?.map((v) => ({ v })) ?? null);
  const root = group("root", 1, {});
  const cases: [string, SchemaElement[], unknown[]][] = [
    ["three levels", [group("x", 1, LIST), group("bag", 1, REPEATED), { name: "item", ...REQUIRED }], LISTS],
    ["three levels by the logical type alone", [group("x", 1, { ...OPTIONAL, logical_type: { type: "LIST" } }), group("bag", 1, REPEATED), { name: "item", ...REQUIRED }], LISTS],
    ["two levels", [group("x", 1, LIST), { name: "element", ...TEXT, ...REPEATED }], LISTS],
    ["objects called array", [group("x", 1, LIST), group("array", 1, REPEATED), { name: "v", ...REQUIRED }], objects],
    ["objects called x_tuple", [group("x", 1, LIST), group("x_tuple", 1, REPEATED), { name: "v", ...REQUIRED }], objects],
    ["no list by its name", [group("x", 1), { name: "y", ...TEXT, ...REPEATED }], LISTS.map((y) => (y === null ? null : { y }))],
  ]; // prettier-ignore
  it.each(cases)("%s", async (_, elements, expected) => {
    const schema = [root, group("x", 1, LIST), group("list", 1, REPEATED), { name: "element", ...REQUIRED }]; // prettier-ignore
    const file = parquetWriteBuffer({ schema, columnData: [{ name: "x", data: LISTS }] });
    const metadata = { ...parquetMetadata(file), schema: [root, ...elements] };
    const [first] = metadata.row_groups;
    const rows = first === undefined ? [] : [...assembled(metadata, first, file, () => undefined)];
    expect(JSON.stringify(rows)).toBe(JSON.stringify(expected.map((x) => ({ x }))));
  });

  it("a map is an object", async () => {
    const schema = [root, group("x", 1, { ...OPTIONAL, converted_type: "MAP" }), group("key_value", 2, REPEATED), { name: "key", ...REQUIRED }, { name: "value", ...TEXT }]; // prettier-ignore
    const data = [{ a: "1", b: null }, {}, null];
    const bytes = new Uint8Array(parquetWriteBuffer({ schema, columnData: [{ name: "x", data }] }));
    expect(JSON.stringify(await rowsOf(bytes))).toBe(JSON.stringify(data.map((x) => ({ x }))));
  });
});

it.each([18_000, 90_000])(
  "reads our own chats of %i pairs over 100 prompts, whose texts are in the file once",
  async (n) => {
    const say = (role: string, content: string) => [{ role, content }];
    const text = (i: number, k: number) => `${k}. ${"answer ".repeat(20 + (i % 100))}`;
    const rows = Array.from({ length: n }, (_, i) => ({
      prompt: say("user", text(i, 0)),
      chosen: say("assistant", text(i, 1 + (i % 7))),
      rejected: say("assistant", text(i, 9)),
      id: `pair ${i}`,
    }));
    const chat = { list: { struct: [{ name: "role", type: "string" }, { name: "content", type: "string" }] } } as const; // prettier-ignore
    const names = ["prompt", "chosen", "rejected"] as const;
    const columns = [
      ...names.map((name) => ({ name, type: chat })),
      { name: "id", type: "string" } as const,
    ];
    const bytes = new Uint8Array(await writeParquet({ columns, rows } as unknown as Exported));
    expect(bytes.length).toBeLessThan(15 * n);
    const start = process.cpuUsage();
    const back = await rowsOf(bytes);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(1e6 * Math.max(1, bytes.length / 2 ** 20));
    expect(back).toHaveLength(n);
    for (const i of [0, 1, 99, n - 1]) expect(back[i]).toEqual(rows[i]);
  },
  60_000,
);

/** A file of a few hundred bytes with so many rows of nothing but nulls. */
function nulls(rows: number, columns: number): Uint8Array<ArrayBuffer> {
  const data = Array<null>(rows).fill(null);
  const columnData = Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, data, type: "STRING" as const })); // prettier-ignore
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: rows }));
}

it("a second is enough for rows of nothing: more of them are refused", async () => {
  expect(await rowsOf(nulls(500_000, 4))).toHaveLength(500_000);
  const much = /found more values than a file of its size may hold; expected/;
  await expect(rowsOf(nulls(500_000, 5))).rejects.toThrow(much);
  await expect(rowsOf(nulls(900_000, 1))).rejects.toThrow(much);
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

  const BYTES = { type: "BYTE_ARRAY", fixed: 0, longest: 64, weight: 1 };
  const values = (bytes: number[], encoding: Encoding, more = {}) => {
    const budget = { values: 1000, bytes: 1000, page: 1000, texts: 1000 };
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
    const shared = (characters: number) => {
      const data = Array<string>(2000).fill("x".repeat(characters));
      const columnData = [{ name: "text", data, encoding: "RLE_DICTIONARY" as const }];
      return new Uint8Array(parquetWriteBuffer({ columnData }));
    };
    expect(await rowsOf(shared(2000))).toHaveLength(2000);
    await expect(rowsOf(shared(300_000))).rejects.toThrow(/rows of more than 536870912 characters/);
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
