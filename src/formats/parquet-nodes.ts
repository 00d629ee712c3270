// The parts of a Parquet file's schema, each of which puts its values together from the columns below it.
import type { Page } from "./parquet-column.ts";
import { LIST, OBJECT, VALUE } from "./parquet-plain.ts";
import type { Count } from "./parquet-plain.ts";

/** The highest levels of definition and of repetition down to a node. */
export interface Levels {
  defined: number;
  repeated: number;
}

/** A part of the schema: its values come out of the columns below it in the order of the rows. */
export interface Node {
  /** The next value, which must begin at this level of repetition: 0 begins a row. */
  read(repetition: number): unknown;
  /** Goes past the next value, which is not there. */
  skip(repetition: number): void;
  /** The levels of the next value in the first column below; of repetition, 0 at the end. */
  defined(): number;
  repeats(): number;
}

const NOTHING: Page = { count: 0, repetitions: [], definitions: [], values: [] };

export class Leaf implements Node {
  #pages: Iterator<Page, undefined>;
  #most: number;
  #count: Count;
  #plain: (value: unknown, count: Count) => unknown;
  #page = NOTHING;
  #slot = 0;
  #value = 0;

  /**
   * @param most the definition level of a value that is there
   * @param plain what JSON would give for a value
   */
  constructor(
    pages: Iterator<Page, undefined>,
    most: number,
    count: Count,
    plain: (value: unknown, count: Count) => unknown,
  ) {
    this.#pages = pages;
    this.#most = most;
    this.#count = count;
    this.#plain = plain;
  }

  read(repetition: number): unknown {
    const defined = this.defined();
    this.#step(repetition);
    this.#count(VALUE);
    if (defined < this.#most) return null;
    const value: unknown = this.#page.values[this.#value++];
    if (value === undefined) throw new RangeError("a value that is not in its page or dictionary");
    return this.#plain(value, this.#count);
  }

  skip(repetition: number): void {
    const defined = this.defined();
    this.#step(repetition);
    if (defined === this.#most) throw new RangeError("a value in a group that is null");
  }

  defined(): number {
    if (this.ended()) throw new RangeError("a column that ends too early");
    return this.#page.definitions[this.#slot] ?? this.#most;
  }

  repeats(): number {
    return this.ended() ? 0 : (this.#page.repetitions[this.#slot] ?? 0);
  }

  /** False when a value is left, its page decoded. */
  ended(): boolean {
    while (this.#slot >= this.#page.count) {
      const next = this.#pages.next();
      if (next.done === true) return true;
      this.#page = next.value;
      this.#slot = 0;
      this.#value = 0;
    }
    return false;
  }

  #step(repetition: number): void {
    const given = this.#page.repetitions[this.#slot++] ?? 0;
    if (given !== repetition) {
      throw new RangeError(`the repetition level ${given} in place of ${repetition}`);
    }
  }
}

/** An object, or the key and the value of a map. */
export class Members implements Node {
  #names: string[];
  #nodes: Node[];
  #first: Node;
  #count: Count;

  constructor(members: [string, Node][], count: Count) {
    this.#count = count;
    const [first] = members;
    if (first === undefined) throw new RangeError("a group of nothing");
    this.#names = members.map(([name]) => name);
    this.#nodes = members.map(([, node]) => node);
    this.#first = first[1];
  }

  read(repetition: number): Record<string, unknown> {
    this.#count(OBJECT);
    const object = Object.create(null) as Record<string, unknown>;
    for (const [i, node] of this.#nodes.entries()) {
      object[this.#names[i] ?? ""] = node.read(repetition);
    }
    return object;
  }

  skip(repetition: number): void {
    for (const node of this.#nodes) node.skip(repetition);
  }

  defined(): number {
    return this.#first.defined();
  }

  repeats(): number {
    return this.#first.repeats();
  }
}

/** A node seen through another one. */
abstract class Around implements Node {
  protected readonly inner: Node;

  constructor(inner: Node) {
    this.inner = inner;
  }

  abstract read(repetition: number): unknown;

  skip(repetition: number): void {
    this.inner.skip(repetition);
  }

  defined(): number {
    return this.inner.defined();
  }

  repeats(): number {
    return this.inner.repeats();
  }
}

export class Optional extends Around {
  #defined: number;

  constructor(inner: Node, defined: number) {
    super(inner);
    this.#defined = defined;
  }

  read(repetition: number): unknown {
    if (this.inner.defined() >= this.#defined) return this.inner.read(repetition);
    this.inner.skip(repetition);
    return null;
  }
}

export class Repeated extends Around {
  #levels: Levels;
  #count: Count;

  constructor(inner: Node, levels: Levels, count: Count) {
    super(inner);
    this.#count = count;
    this.#levels = levels;
  }

  read(repetition: number): unknown[] {
    this.#count(LIST);
    if (this.inner.defined() < this.#levels.defined) {
      this.inner.skip(repetition);
      return [];
    }
    const list = [this.inner.read(repetition)];
    const { repeated } = this.#levels;
    while (this.inner.repeats() === repeated) list.push(this.inner.read(repeated));
    return list;
  }
}

export class Entries extends Around {
  read(repetition: number): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    for (const pair of this.inner.read(repetition) as Record<"key" | "value", unknown>[]) {
      object[keyOf(pair.key)] = pair.value;
    }
    return object;
  }
}

/** Keys of JSON are texts: lists and objects, which a key may be here, as theirs. */
function keyOf(key: unknown): string {
  return typeof key === "object" && key !== null ? JSON.stringify(key) : String(key);
}
