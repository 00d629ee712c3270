// What is made of a value of a column, as JSON would give it.
import { whole } from "./parquet-thrift.ts";

/** Told of everything that rows are made of, in characters or what takes as long and as much memory as so many. */
export type Count = (size: number) => void;

/** What counts as how many characters: a value, a list, an object, a member of JSON, a date. */
export const VALUE = 8;
export const LIST = 16;
export const OBJECT = 64;
const MEMBER = 256;
const DATE = 512;

/** Whole numbers of 64 bits as numbers or text, dates as text, bytes as their number; null for what is no number. */
export function plain(value: unknown, count: Count): unknown {
  switch (typeof value) {
    case "string":
      count(value.length);
      return value;
    case "number":
      return Number.isFinite(value) ? value : null;
    case "bigint": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    default:
      if (value instanceof Date) {
        count(DATE);
        return Number.isNaN(value.getTime()) ? null : value.toISOString();
      }
      return ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : value;
  }
}

/** Levels of objects and lists in JSON: as in JSON lines. */
const DEEPEST = 64;

/** The value of a text of JSON, or the text where it is none. */
export function parsed(text: unknown, count: Count): unknown {
  if (typeof text !== "string") return plain(text, count);
  count(text.length);
  // before anything is made: every list, object and further member of one begins with one of these
  for (const character of text.matchAll(/[[{,]/g))
    count(character[0] === "," ? MEMBER : 2 * MEMBER);
  try {
    return withoutPrototypes(JSON.parse(text), 0);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function withoutPrototypes(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) throw new RangeError(`nesting deeper than ${DEEPEST} levels`);
  if (Array.isArray(value)) return value.map((item) => withoutPrototypes(item, depth + 1));
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) {
    object[key] = withoutPrototypes(member, depth + 1);
  }
  return object;
}

/** Digits that a number always gives back. */
const DIGITS = 15;
/** Most digits behind the point: as many as 32 bytes hold. */
const MOST_SCALE = 76;

/** A decimal as a number, or as text where a number would not have all its digits. */
export function decimal(value: unknown, scale: number): number | string {
  whole(scale, MOST_SCALE, "scale of a decimal");
  const unscaled = value instanceof Uint8Array ? signed(value) : BigInt(value as bigint | number);
  const digits = String(unscaled < 0n ? -unscaled : unscaled);
  const padded = digits.padStart(scale + 1, "0");
  const point = padded.length - scale;
  const fraction = scale > 0 ? `.${padded.slice(point)}` : "";
  const text = `${unscaled < 0n ? "-" : ""}${padded.slice(0, point)}${fraction}`;
  return digits.length <= DIGITS ? Number(text) : text;
}

/** Bytes as a whole number in two's complement, the highest first. */
function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex}`));
}
