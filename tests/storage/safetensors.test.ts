// Half precision against hand-made vectors, safetensors against its rules and against damage.
import { describe, expect, it } from "vitest";
import { StorageError } from "../../src/storage/errors.ts";
import { decodeHalf, encodeHalf, floatToHalf, halfToFloat } from "../../src/plan/half.ts";
import { readSafetensors, toFloat32, writeSafetensors } from "../../src/storage/safetensors.ts";
import type { FileTensor, ReadOptions } from "../../src/storage/safetensors.ts";
import { below, generator } from "./helpers.ts";

describe("half precision", () => {
  // IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 mantissa bits.
  const exact: [number, number][] = [
    [0, 0x0000], [-0, 0x8000], [1, 0x3c00], [-2, 0xc000], [0.5, 0x3800], [65504, 0x7bff],
    [2 ** -14, 0x0400], [2 ** -24, 0x0001], [1023 * 2 ** -24, 0x03ff], [0.333251953125, 0x3555],
    [Infinity, 0x7c00], [-Infinity, 0xfc00], [NaN, 0x7e00],
  ]; // prettier-ignore
  it.each(exact)("writes and reads %s", (value, half) => {
    expect(floatToHalf(value)).toBe(half);
    expect(halfToFloat(half)).toBe(value);
  });

  const rounded: [string, number, number][] = [
    ["a tie to even, down", 1 + 2 ** -11, 0x3c00],
    ["a tie to even, up", 1 + 3 * 2 ** -11, 0x3c02],
    ["just above a tie", 1 + 2 ** -11 + 2 ** -20, 0x3c01],
    ["a carry into the exponent", 2 - 2 ** -12, 0x4000],
    ["the last value below infinity", 65519.996, 0x7bff],
    ["the first value that is infinity", 65520, 0x7c00],
    ["a subnormal tie to even, down", 0.5 * 2 ** -24, 0x0000],
    ["a subnormal tie to even, up", 1.5 * 2 ** -24, 0x0002],
    ["just above half the smallest", 0.5000001 * 2 ** -24, 0x0001],
    ["the largest subnormal up to normal", 1023.5 * 2 ** -24, 0x0400],
    ["a single's subnormal", 2 ** -149, 0x0000],
    ["a negative tiny number", -(2 ** -140), 0x8000],
  ];
  it.each(rounded)("rounds %s", (_, value, half) => expect(floatToHalf(value)).toBe(half));

  it("gives back all 65,536 halves; a NaN stays a NaN", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const isNaN16 = (h: number) => (h & 0x7fff) > 0x7c00;
    const expected = all.map((h) => (isNaN16(h) ? 0x7e00 : h));
    const back = encodeHalf(decodeHalf(all)).map((h) => (isNaN16(h) ? 0x7e00 : h));
    expect(back).toEqual(expected);
  });

  it("picks the nearest of all halves for random singles", () => {
    const random = generator(3);
    for (let n = 0; n < 2000; n++) {
      const x = Math.fround((random() - 0.5) * 2 ** (below(random, 40) - 24));
      const half = floatToHalf(x);
      const error = Math.abs(halfToFloat(half) - x);
      for (const other of [half - 1, half + 1]) {
        if ((other & 0x7fff) > 0x7bff || other < 0) continue;
        expect(Math.abs(halfToFloat(other) - x)).toBeGreaterThanOrEqual(error);
      }
    }
  });
});

function sample(): Map<string, FileTensor> {
  return new Map<string, FileTensor>([
    ["wte.weight", { dtype: "F16", shape: [3, 1], data: Uint16Array.of(0x3c00, 0xc000, 1) }],
    ["bias", { dtype: "F32", shape: [2], data: Float32Array.of(0.1, -3e-39) }],
    ["steps", { dtype: "I32", shape: [], data: Int32Array.of(-7) }],
    ["empty", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
    ["é 🐸", { dtype: "F32", shape: [1, 1, 1], data: Float32Array.of(4) }],
  ]);
}

/** A file with this header and this many zero bytes of data. */
function file(header: string | object, data = 0): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + bytes.length + data);
  new DataView(out.buffer).setBigUint64(0, BigInt(bytes.length), true);
  out.set(bytes, 8);
  return out;
}

const one = { dtype: "F32", shape: [1], data_offsets: [0, 4] };

describe("safetensors", () => {
  it("gives back what it wrote, also from the middle of a buffer", () => {
    const bytes = writeSafetensors(sample(), { format: "pt", note: "x" });
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const { tensors, metadata } = readSafetensors(shifted.subarray(3), { checksum: "required" });
    expect(metadata).toEqual({ format: "pt", note: "x" });
    expect(new Map([...tensors].sort())).toEqual(new Map([...sample()].sort()));
    expect(toFloat32(tensors.get("wte.weight")!)).toEqual(Float32Array.of(1, -2, 2 ** -24));
    expect(toFloat32(tensors.get("steps")!)).toEqual(Float32Array.of(-7));
  });

  it("aligns the data and every tensor, and is the same for the same content", () => {
    const bytes = writeSafetensors(sample());
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect((8 + length) % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
      string,
      { data_offsets: number[] }
    >;
    expect(header["wte.weight"]?.data_offsets).toEqual([16, 22]);
    expect(writeSafetensors(new Map([...sample()].reverse()))).toEqual(bytes);
  });

  it("reads a plain file made elsewhere", () => {
    const { tensors } = readSafetensors(file({ a: one, __metadata__: {} }, 4));
    expect(tensors.get("a")).toEqual({ dtype: "F32", shape: [1], data: new Float32Array(1) });
    expect(readSafetensors(file("{}")).tensors.size).toBe(0);
  });

  const huge = file("{}");
  new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
  const nan = file({ a: one }, 4);
  nan.set([0, 0, 0xc0, 0x7f], nan.length - 4);
  const infinite = file({ a: { dtype: "F16", shape: [1], data_offsets: [0, 2] } }, 2);
  infinite.set([0, 0x7c], infinite.length - 2);
  const many = Object.fromEntries(
    Array.from({ length: 4097 }, (_, i) => [`t${i}`, { ...one, shape: [0], data_offsets: [0, 0] }]),
  );
  const wrong: [string, Uint8Array, RegExp, ReadOptions?][] = [
    ["a short file", new Uint8Array(7), /found 7 bytes/],
    ["an impossible header length", huge, /header of 9223372036854775808 bytes/],
    ["a header over 1 MiB", file(`{${" ".repeat(2 ** 20)}}`), /expected at most 1048576/],
    ["a header that is no object", file("[]"), /does not start with/],
    ["an empty header", file(""), /does not start with/],
    ["a byte order mark", file("\ufeff{}"), /does not start with/],
    ["a header that is not JSON", file("{nope}"), /not JSON/],
    ["a header that is not UTF-8", file("{}").fill(0xff, 9, 10), /not UTF-8/],
    ["a name given twice", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /twice/],
    ["a reserved name", file('{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4), /reserved/],
    ["too many tensors", file(many), /found 4097 tensors/],
    ["an unsupported type", file({ a: { ...one, dtype: "BF16", shape: [2] } }, 4), /found type "BF16"/],
    ["a negative size", file({ a: { ...one, shape: [-1] } }, 4), /found shape \[-1\]/],
    ["a product that overflows", file({ a: { ...one, shape: [2 ** 32, 2 ** 32] } }, 4), /found 4 bytes for shape/],
    ["a shape that is no list", file({ a: { ...one, shape: "1" } }, 4), /found shape "1"/],
    ["offsets in the wrong order", file({ a: { ...one, data_offsets: [4, 0] } }, 4), /found offsets \[4,0\]/],
    ["offsets of the wrong length", file({ a: { ...one, data_offsets: [0] } }, 4), /found offsets/],
    ["a range shorter than the shape", file({ a: { ...one, shape: [2] } }, 4), /found 4 bytes/],
    ["overlapping ranges", file({ a: one, b: one }, 4), /found its bytes at 0; expected 4/],
    ["a gap", file({ a: one, b: { ...one, data_offsets: [8, 12] } }, 12), /found its bytes at 8; expected 4/],
    ["data left over", file({ a: one }, 5), /found 5 bytes of data; expected 4/],
    ["data cut off", file({ a: one }, 3), /found 3 bytes of data; expected 4/],
    ["an unknown key", file({ a: { ...one, x: 1 } }, 4), /unknown key "x"/],
    ["an entry that is no object", file({ a: null }), /found null; expected an object/],
    ["metadata that is not text", file({ __metadata__: { a: 1 } }), /__metadata__/],
    ["a NaN", nan, /not finite at index 0/],
    ["an infinite half", infinite, /not finite at index 0/],
    ["no checksum", file({ a: one }, 4), /no checksum/, { checksum: "required" }],
  ]; // prettier-ignore
  it.each(wrong)("refuses %s in one sentence", (_, bytes, reason, options = {}) => {
    const read = () => readSafetensors(bytes, { name: "model.safetensors", ...options });
    expect(read).toThrow(reason);
    expect(read).toThrow(/^model\.safetensors: .*; nothing was loaded\.$/s);
    expect(read).toThrow(StorageError);
  });

  it("reads values that are not finite when asked to", () => {
    expect(readSafetensors(nan, { finite: false }).tensors.get("a")?.data[0]).toBeNaN();
  });

  it("refuses to write a shape that does not fit, or a reserved name", () => {
    const data = Float32Array.of(1, 2);
    const write = (name: string, shape: number[]) => () =>
      writeSafetensors(new Map<string, FileTensor>([[name, { dtype: "F32", shape, data }]]));
    expect(write("a", [3])).toThrow(/found 2 values for shape \[3\]/);
    expect(write("__metadata__", [2])).toThrow(StorageError);
    expect(write("__proto__", [2])).toThrow(StorageError);
    const metadata = { big: "x".repeat(2 ** 20) };
    expect(() => writeSafetensors(new Map(), metadata)).toThrow(/header of 10\d{5} bytes/);
  });

  it("survives 2,000 random changes: refused with a sentence, or exactly the same content", () => {
    const random = generator(11);
    const bytes = writeSafetensors(sample(), { note: "x" });
    const expected = readSafetensors(bytes);
    let accepted = 0;
    for (let n = 0; n < 2000; n++) {
      const damaged = mutate(bytes, random);
      try {
        const got = readSafetensors(damaged, { checksum: "required" });
        expect(got).toEqual(expected);
        accepted++;
      } catch (error) {
        expect(error).toBeInstanceOf(StorageError);
        expect((error as StorageError).code).toBe("corrupt");
      }
    }
    expect(accepted).toBeLessThan(200); // padding turned into other white space, or a byte kept
  });
});

/** One to three of: a byte replaced, a bit flipped, the end cut off, bytes swapped or inserted. */
function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  let out = bytes.slice();
  for (let n = 1 + below(random, 3); n > 0; n--) {
    const at = below(random, out.length);
    const kind = below(random, 10);
    if (kind < 4) out[at] = below(random, 256);
    else if (kind < 7) out[at] = out[at]! ^ (1 << below(random, 8));
    else if (kind < 8) out = out.slice(0, at);
    else if (kind < 9) out.copyWithin(at, below(random, out.length), out.length);
    else out = Uint8Array.from([...out.subarray(0, at), below(random, 256), ...out.subarray(at)]);
    if (out.length === 0) return out;
  }
  return out;
}
