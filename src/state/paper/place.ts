// A value from a file with the path to it, so that what is wrong there can be said in one sentence.
import { code, found, FormatError } from "../../formats/errors.ts";

/** What stands at a path of a value, checked as it is read. */
export class Place {
  readonly #value: unknown;
  readonly #name: string;
  readonly #path: string;

  constructor(value: unknown, name: string, path = "") {
    this.#value = value;
    this.#name = name;
    this.#path = path;
  }

  at(key: string): Place {
    if (typeof this.#value !== "object" || this.#value === null) throw this.wrong("an object");
    const value: unknown = Reflect.get(this.#value, key);
    return new Place(value, this.#name, this.#path === "" ? key : `${this.#path}.${key}`);
  }

  get absent(): boolean {
    return this.#value === undefined;
  }

  text(): string {
    if (typeof this.#value !== "string") throw this.wrong("text");
    return this.#value;
  }

  number(): number {
    if (typeof this.#value !== "number" || !Number.isFinite(this.#value))
      throw this.wrong("a number");
    return this.#value;
  }

  textOrNumber(): string | number {
    return typeof this.#value === "string" ? this.text() : this.number();
  }

  oneOf<T extends string>(known: readonly T[]): T {
    const value = known.find((one) => one === this.#value);
    if (value === undefined) throw this.wrong(known.join(", "));
    return value;
  }

  list<T>(read: (item: Place) => T): T[] {
    if (!Array.isArray(this.#value)) throw this.wrong("a list");
    return this.#value.map((item, i) =>
      read(new Place(item, this.#name, `${this.#path}[${String(i)}]`)),
    );
  }

  /** What `read` gives where the value is there, nothing otherwise. */
  optional<K extends string, T>(key: K, read: (place: Place) => T): Partial<Record<K, T>> {
    const place = this.at(key);
    return place.absent ? {} : ({ [key]: read(place) } as Record<K, T>);
  }

  wrong(expected: string): FormatError {
    const path = this.#path === "" ? "" : `, ${code(this.#path)}`;
    return new FormatError(
      `${code(this.#name)}${path}: found ${found(this.#value)}; expected ${expected}. Nothing was opened.`,
    );
  }
}
