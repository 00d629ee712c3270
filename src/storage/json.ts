// JSON with the guarantees storage needs: one canonical spelling out, no surprises in.
import { StorageError } from "./errors.ts";

/** Nesting allowed in anything read from outside; our own formats need 4. */
export const DEPTH_LIMIT = 64;

/** Keys that could reach a prototype when a reader copies objects carelessly. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set([
  "__proto__",
  "constructor",
  "prototype",
]);

const LONE_SURROGATE = /\p{Cs}/u;

/** True when the string is valid Unicode, which UTF-8 files can carry without loss. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** JSON text in which no line separator of any kind occurs, so that it is one line to every reader. */
export function jsonLine(value: unknown): string {
  return escapeSeparators(JSON.stringify(value));
}

function escapeSeparators(json: string): string {
  return json.replace(/[\u2028\u2029]/g, (c) => (c === "\u2028" ? "\\u2028" : "\\u2029"));
}

/**
 * The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code units, no spaces, numbers as
 * ECMAScript prints them. Properties that are undefined are left out, as in JSON.stringify.
 * @throws StorageError "invalid" for a number that is not finite, a lone surrogate, or anything that
 * JSON cannot say (functions, symbols, bigints, typed arrays, dates).
 */
export function canonicalJson(value: unknown, path = "value"): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    if (!isWellFormed(value)) throw notJson(path, "a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw notJson(path, String(value));
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, i) => canonicalJson(item, `${path}[${i}]`)).join(",")}]`;
  }
  if (typeof value === "object" && isPlain(value)) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => {
        if (RESERVED_KEYS.has(key)) throw notJson(`${path}.${key}`, "a reserved key");
        return `${canonicalJson(key, path)}:${canonicalJson(member, `${path}.${key}`)}`;
      });
    return `{${members.join(",")}}`;
  }
  throw notJson(path, typeof value);
}

/** True for objects that JSON can carry; a proxy of one counts too. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function notJson(path: string, found: string): StorageError {
  return new StorageError(
    "invalid",
    `${path}: found ${found}; expected plain JSON, so nothing was saved.`,
  );
}

/** A deep copy made of plain objects alone; also unwraps the proxies of a reactive state. */
export function plainCopy<T>(value: T): T {
  return JSON.parse(canonicalJson(value)) as T;
}

const HOSTILE = /^found (?:nesting|the reserved key)/;

/** What `readJson` answers: the value, or why the text was refused, without a final full stop. */
export type JsonOutcome =
  | { ok: true; value: unknown }
  /** `hostile` when nobody's tool writes such text: nesting without end, reserved keys. */
  | { ok: false; reason: string; hostile: boolean };

/**
 * Parses JSON from outside. Refuses nesting deeper than DEPTH_LIMIT before parsing (deep values parse
 * but cannot be cloned into IndexedDB), reserved keys, and a key given twice in one object. A whole number beyond 2^53
 * comes as its digits, so that nothing of it is lost.
 */
export function readJson(text: string): JsonOutcome {
  const reason = inspect(text);
  if (reason !== null) return { ok: false, reason, hostile: HOSTILE.test(reason) };
  try {
    return { ok: true, value: JSON.parse(wholeAsText(text)) };
  } catch {
    return { ok: false, reason: "found text that is not JSON", hostile: false };
  }
}

/** A string, which is left alone, or a number. */
const LITERAL = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Whole numbers that no double holds (ids of some tools) as text, as they are read from Parquet. */
function wholeAsText(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(LITERAL, (literal) =>
    /^-?\d+$/.test(literal) && !Number.isSafeInteger(Number(literal)) ? `"${literal}"` : literal,
  );
}

/** One pass over the text that looks only at brackets and keys; malformed text is left to JSON.parse. */
function inspect(text: string): string | null {
  const open: (Set<string> | null)[] = []; // keys seen, per open object; null for an array
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "{" || c === "[") {
      if (open.length === DEPTH_LIMIT) return `found nesting deeper than ${DEPTH_LIMIT} levels`;
      open.push(c === "{" ? new Set() : null);
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === '"') {
      const end = stringEnd(text, i);
      const keys = open.at(-1);
      if (keys && nextIsColon(text, end)) {
        const reason = checkKey(text.slice(i, end), keys);
        if (reason !== null) return reason;
      }
      i = end - 1;
    }
  }
  return null;
}

/** Index just after the string literal that starts at `start`. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

function nextIsColon(text: string, from: number): boolean {
  let i = from;
  while (text[i] === " " || text[i] === "\t" || text[i] === "\n" || text[i] === "\r") i++;
  return text[i] === ":";
}

function checkKey(literal: string, seen: Set<string>): string | null {
  let key: string;
  try {
    key = String(JSON.parse(literal));
  } catch {
    return "found a key that is not a JSON string";
  }
  if (RESERVED_KEYS.has(key)) return `found the reserved key "${key}"`;
  if (seen.has(key)) return `found the key ${literal.slice(0, 40)} twice in one object`;
  seen.add(key);
  return null;
}
