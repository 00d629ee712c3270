// Safe access to the fields of one foreign record: own keys only, every problem with its path.
import { isWellFormed } from "../storage/json.ts";
import { Refusal, code, refusal } from "./errors.ts";
import { withExtra } from "./lossless.ts";
import { ROLES } from "./records.ts";
import type { Message } from "./records.ts";

/**
 * The own members of one object. Null counts as absent, because `datasets` writes it for what a line
 * does not have. Every getter throws a Refusal with the path of what it did not like.
 */
export class Fields {
  readonly #members: ReadonlyMap<string, unknown>;
  readonly #path: string;

  constructor(value: unknown, path = "") {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw refusal(path === "" ? "record" : path, value, "an object");
    }
    this.#members = new Map(Object.entries(value).filter(([, member]) => member !== null));
    this.#path = path;
  }

  keys(): string[] {
    return [...this.#members.keys()];
  }

  /** The members in an object without a prototype; members that are null are left out. */
  whole(): object {
    const value = Object.create(null) as Record<string, unknown>;
    for (const [key, member] of this.#members) value[key] = member;
    return value;
  }

  has(key: string): boolean {
    return this.#members.get(key) !== undefined;
  }

  raw(key: string): unknown {
    return this.#members.get(key);
  }

  /** The path of a member, as error sentences name it. */
  at(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }

  refuse(key: string, expected: string): Refusal {
    return refusal(this.at(key), this.raw(key), expected);
  }

  /** Text that is well-formed Unicode, empty or not. */
  string(key: string): string {
    const value = this.raw(key);
    if (typeof value !== "string") throw this.refuse(key, "text");
    if (!isWellFormed(value)) throw this.refuse(key, "text without half a surrogate pair");
    return value;
  }

  /** Text that is not empty. */
  text(key: string): string {
    const value = this.string(key);
    if (value === "") throw this.refuse(key, "text that is not empty");
    return value;
  }

  /** Text or a number as text; "" when absent. For names and ids, which tools write either way. */
  name(key: string): string {
    const value = this.raw(key);
    if (value === undefined) return "";
    return typeof value === "number" && Number.isFinite(value) ? String(value) : this.string(key);
  }

  /** A number, also when it is written as text, as CSV does. */
  number(key: string, min = -Infinity, max = Infinity): number {
    const value = numberOf(this.raw(key));
    if (value !== null && value >= min && value <= max) return value;
    const range = min === -Infinity ? "a number" : `a number from ${min} to ${max}`;
    throw this.refuse(key, range);
  }

  /** A whole number, also when it is written as text, as CSV and some tools do. */
  integer(key: string, min: number, max: number): number {
    const value = this.raw(key);
    const text = typeof value === "string" && /^-?\d{1,15}$/.test(value.trim());
    const number = text ? Number(value) : value;
    if (Number.isSafeInteger(number) && Number(number) >= min && Number(number) <= max) {
      return Number(number);
    }
    throw this.refuse(key, `a whole number from ${min} to ${max}`);
  }

  /** True or false, also as a CSV writes it. */
  boolean(key: string): boolean {
    const given = this.raw(key);
    const text = typeof given === "string" ? given.trim().toLowerCase() : given;
    const value = text === "true" ? true : text === "false" ? false : given;
    if (typeof value !== "boolean") throw this.refuse(key, "true or false");
    return value;
  }

  list(key: string, min = 0): unknown[] {
    const value = this.raw(key);
    if (!Array.isArray(value)) throw this.refuse(key, "a list");
    if (value.length < min) throw this.refuse(key, `a list of at least ${min}`);
    return value as unknown[];
  }

  object(key: string): Fields {
    return new Fields(this.raw(key), this.at(key));
  }

  /** The objects of a list, each with its path. */
  objects(key: string, min = 0): Fields[] {
    return this.list(key, min).map((item, i) => new Fields(item, `${this.at(key)}[${i}]`));
  }

  /** A conversation: at least one message, with the roles that TRL knows. */
  messages(key: string): Message[] {
    return this.objects(key, 1).map((message) => {
      const role = message.raw("role");
      const known = ROLES.find((name) => name === role);
      if (known === undefined) throw message.refuse("role", "system, user, assistant or tool");
      for (const call of ["tool_calls", "function_call"]) {
        const calls = message.raw(call) ?? [];
        const none = Array.isArray(calls) && calls.length === 0;
        if (!none) throw message.refuse(call, "none, as a call of a tool is no text and would be lost"); // prettier-ignore
      }
      return { role: known, content: message.content() };
    });
  }

  /** The text of a message: text, or parts of which all are text. */
  content(): string {
    if (!Array.isArray(this.raw("content"))) return this.string("content");
    return this.objects("content")
      .map((part) => {
        const other = part.keys().find((key) => key !== "type" && key !== "text");
        if (part.raw("type") !== "text" || other !== undefined) {
          throw part.refuse(other ?? "type", "parts of text alone, as pictures and sounds would be lost"); // prettier-ignore
        }
        return part.string("text");
      })
      .join("");
  }

  /** Whether a member is there and not an empty text, as CSV has it for a number that is missing. */
  given(key: string): boolean {
    return this.has(key) && this.raw(key) !== "";
  }

  /** One of the values, compared as given. */
  oneOf<T extends string>(key: string, values: readonly T[]): T {
    const value = this.raw(key);
    const known = values.find((one) => one === value);
    if (known === undefined) throw this.refuse(key, listed(values));
    return known;
  }

  /** Everything but the named keys as canonical JSON for `extra`; "" when nothing is left. */
  rest(...known: string[]): string {
    const left = [...this.#members].filter(([key]) => !known.includes(key));
    try {
      return withExtra("", new Map(left));
    } catch {
      const names = left.map(([key]) => key).join(", ");
      throw new Refusal(
        `${code(names)}: found text with half a surrogate pair; expected well-formed Unicode.`,
      );
    }
  }
}

/** A finite number, or a text that is one; null otherwise. */
function numberOf(value: unknown): number | null {
  const text = typeof value === "string" && /^\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(value);
  const number = text ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** "a, b or c". */
export function listed(values: readonly string[]): string {
  return values.length < 2
    ? values.join("")
    : `${values.slice(0, -1).join(", ")} or ${values.at(-1) ?? ""}`;
}
