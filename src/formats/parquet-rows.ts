// Rows from the columns of a Parquet file, put together one at a time as Dremel does (Melnik et al. 2010, §4.3).
import type { FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import { parquetSchema } from "hyparquet";
import { pagesOf } from "./parquet-column.ts";
import type { Page } from "./parquet-column.ts";
import { plain } from "./parquet-plain.ts";

/** A part of the schema: its values come out of the columns below it in the order of the rows. */
interface Node {
  /** The next value, which must begin at this level of repetition: 0 begins a row. */
  read(repetition: number): unknown;
  /** Goes past the next value, which is not there. */
  skip(repetition: number): void;
  /** The levels of the next value in the first column below; of repetition, 0 at the end. */
  defined(): number;
  repeats(): number;
}

const NOTHING: Page = { count: 0, repetitions: [], definitions: [], values: [] };

class Leaf implements Node {
  #pages: Iterator<Page, undefined>;
  #most: number;
  #count: (size: number) => void;
  #page = NOTHING;
  #slot = 0;
  #value = 0;

  constructor(pages: Iterator<Page, undefined>, most: number, count: (size: number) => void) {
    this.#pages = pages;
    this.#most = most;
    this.#count = count;
  }

  read(repetition: number): unknown {
    const defined = this.defined();
    this.#step(repetition);
    this.#count(1);
    if (defined < this.#most) return null;
    const value: unknown = this.#page.values[this.#value++];
    if (value === undefined) throw new RangeError("a value that is not in its page or dictionary");
    return plain(value, this.#count);
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
class Members implements Node {
  #names: string[];
  #nodes: Node[];
  #first: Node;

  constructor(members: [string, Node][]) {
    const [first] = members;
    if (first === undefined) throw new RangeError("a group of nothing");
    this.#names = members.map(([name]) => name);
    this.#nodes = members.map(([, node]) => node);
    this.#first = first[1];
  }

  read(repetition: number): Record<string, unknown> {
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

class Optional extends Around {
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

class Repeated extends Around {
  #levels: Levels;

  constructor(inner: Node, levels: Levels) {
    super(inner);
    this.#levels = levels;
  }

  read(repetition: number): unknown[] {
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

class Entries extends Around {
  read(repetition: number): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    for (const pair of this.inner.read(repetition) as Record<"key" | "value", unknown>[]) {
      object[String(pair.key)] = pair.value;
    }
    return object;
  }
}

/** The highest levels of definition and of repetition down to a node. */
interface Levels {
  defined: number;
  repeated: number;
}

/** Builds the nodes of a schema, depth first, as row groups have their columns. */
class Schema {
  readonly leaves: Leaf[] = [];
  #leaf: (path: SchemaTree[]) => Leaf;

  constructor(leaf: (path: SchemaTree[]) => Leaf) {
    this.#leaf = leaf;
  }

  /** The node at the end of a path, by how often it may be there. */
  node(path: SchemaTree[], above: Levels): Node {
    const { element } = end(path);
    if (element.repetition_type === "REQUIRED") return this.#value(path, above);
    const defined = above.defined + 1;
    if (element.repetition_type !== "REPEATED") {
      return new Optional(this.#value(path, { ...above, defined }), defined);
    }
    const levels = { defined, repeated: above.repeated + 1 };
    return new Repeated(this.#value(path, levels), levels);
  }

  members(path: SchemaTree[], levels: Levels, names?: string[]): Members {
    return new Members(
      end(path).children.map((child, i) => [
        names?.[i] ?? child.element.name,
        this.node([...path, child], levels),
      ]),
    );
  }

  /** One value: a list, a map, an object or what a column has. */
  #value(path: SchemaTree[], levels: Levels): Node {
    const { element, children } = end(path);
    const [only, ...more] = children;
    if (only === undefined) {
      const leaf = this.#leaf(path);
      this.leaves.push(leaf);
      return leaf;
    }
    if (only.element.repetition_type !== "REPEATED" || more.length > 0) {
      return this.members(path, levels);
    }
    const inside = { defined: levels.defined + 1, repeated: levels.repeated + 1 };
    const below = [...path, only];
    switch (element.converted_type) {
      case "LIST":
        return new Repeated(this.#element(below, inside), inside);
      case "MAP":
      case "MAP_KEY_VALUE": {
        if (only.children.length !== 2) return this.members(path, levels);
        const pairs = this.members(below, inside, ["key", "value"]);
        return new Entries(new Repeated(pairs, inside));
      }
      default:
        return this.members(path, levels);
    }
  }

  /** An element of a list in its three levels, or in the two of older writers (Parquet's LogicalTypes.md, "Lists"). */
  #element(path: SchemaTree[], levels: Levels): Node {
    const { element, children } = end(path);
    const [only, ...more] = children;
    const older = element.name === "array" || element.name === `${path.at(-2)?.element.name}_tuple`;
    if (only === undefined || more.length > 0 || older) return this.#value(path, levels);
    return this.node([...path, only], levels);
  }
}

function end(path: SchemaTree[]): SchemaTree {
  const last = path.at(-1);
  if (last === undefined) throw new RangeError("a path of nothing");
  return last;
}

/**
 * The rows of one row group, objects without a prototype with JSON's types.
 * @param count is told of every value and of every character of a text, as often as rows hold it
 * @throws RangeError when the levels of the columns do not fit together
 */
export function* rowsOf(
  metadata: FileMetaData,
  group: RowGroup,
  file: ArrayBuffer,
  count: (size: number) => void,
): Generator<Record<string, unknown>> {
  const columns = group.columns.values();
  const schema = new Schema((path) => {
    const chunk = columns.next().value?.meta_data;
    if (chunk === undefined) throw new RangeError("a column that is not there");
    const below = path.slice(1).filter(({ element }) => element.repetition_type !== "REQUIRED");
    return new Leaf(pagesOf(chunk, path, file), below.length, count);
  });
  const root = schema.members([parquetSchema(metadata)], { defined: 0, repeated: 0 });
  for (let row = 0n; row < group.num_rows; row++) yield root.read(0);
  if (!schema.leaves.every((leaf) => leaf.ended())) throw new RangeError("values of no row");
}
