// Packed pages of Parquet: what pyarrow packs comes back, and no page is believed about its size.
import { gzipSync } from "fflate";
import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { LIMITS } from "../../src/formats/bytes.ts";
import { unpack } from "../../src/formats/parquet-codecs.ts";
import { readParquet } from "../../src/formats/parquet.ts";

/** Files that pyarrow 26 wrote from these rows; the second has pages of version 2. */
const ROWS = Array.from({ length: 6 }, (_, i) => ({
  prompt: `Where do foxes live, asked ${i} times?`,
  chosen: "In the forest, in a den. ".repeat(12),
  rejected: `No ${i}.`,
  margin: i / 4,
}));

test.each(["gzip", "zstd"])("pages that are packed with %s are read", async (codec) => {
  const bytes = new Uint8Array(readFileSync(`tests/fixtures/parquet/pyarrow-${codec}.parquet`));
  const rows: unknown[] = [];
  for await (const { value } of readParquet(bytes, "x.parquet", LIMITS)) rows.push(value);
  expect(rows).toEqual(ROWS);
});

describe("a page", () => {
  const text = new TextEncoder().encode("abc ".repeat(50));
  const packed = gzipSync(text);
  /** One block that is not packed, of 3 bytes, in a Zstandard frame that says how many it has. */
  const frame = (says: number): Uint8Array =>
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, says, 0x19, 0, 0, 97, 98, 99);

  it("gives as many bytes as it says", () => {
    expect(unpack(packed, 200, "GZIP")).toEqual(text);
    expect(new TextDecoder().decode(unpack(frame(3), 3, "ZSTD"))).toBe("abc");
    expect(unpack(new Uint8Array(0), 0, "ZSTD")).toHaveLength(0);
  });

  it.each([
    ["GZIP", 199, packed],
    ["GZIP", 201, packed],
    ["GZIP", 200, packed.subarray(0, 20)],
    ["ZSTD", 4, frame(3)],
    ["ZSTD", 2, frame(3)],
    ["ZSTD", 3, frame(3).subarray(0, 9)],
    ["ZSTD", 3, Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)],
    ["UNCOMPRESSED", 4, frame(3)],
    ["BROTLI", 4, frame(3)],
    ["constructor", 4, frame(3)],
  ])("of %s that says %i and has something else is refused", (codec, size, bytes) => {
    expect(() => unpack(bytes, size, codec)).toThrow(RangeError);
  });
});
