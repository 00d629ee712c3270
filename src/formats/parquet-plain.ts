// What hyparquet makes of a value of a column, as JSON would give it.

/** Levels of objects and lists in a value: as in JSON lines. */
const DEEPEST = 64;

/** Members of JSON and dates take longer than characters that rows share: they count as so many. */
const MEMBER = 64;
const DATE = 512;

/** Whole numbers of 64 bits as numbers or text, dates as text, bytes as their number; JSON inside a column as it is. */
export function plain(value: unknown, count: (size: number) => void, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      count(value.length);
      return value;
    case "bigint": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case "object":
      return value === null ? null : nested(value, count, depth);
    default:
      return value;
  }
}

function nested(value: object, count: (size: number) => void, depth: number): unknown {
  if (value instanceof Date) {
    count(DATE);
    return Number.isNaN(value.getTime()) ? null : value.toISOString();
  }
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (depth > DEEPEST) throw new RangeError(`nesting deeper than ${DEEPEST} levels`);
  const inner = (member: unknown) => {
    count(MEMBER);
    return plain(member, count, depth + 1);
  };
  if (Array.isArray(value)) return value.map(inner);
  const object = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) object[key] = inner(member);
  return object;
}
