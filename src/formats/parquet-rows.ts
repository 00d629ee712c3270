// Rows from the columns of a Parquet file, put together one at a time as Dremel does (Melnik et al. 2010, §4.3).
import type { FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import { parquetSchema } from "hyparquet";
import { isJson, pagesOf } from "./parquet-column.ts";
import { Entries, Leaf, Members, Optional, Repeated } from "./parquet-nodes.ts";
import type { Levels, Node } from "./parquet-nodes.ts";
import { parsed, plain } from "./parquet-plain.ts";
import type { Count } from "./parquet-plain.ts";

/** Builds the nodes of a schema, depth first, as row groups have their columns. */
class Schema {
  readonly leaves: Leaf[] = [];
  #leaf: (path: SchemaTree[]) => Leaf;
  #count: Count;

  constructor(leaf: (path: SchemaTree[]) => Leaf, count: Count) {
    this.#leaf = leaf;
    this.#count = count;
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
    return new Repeated(this.#value(path, levels), levels, this.#count);
  }

  members(path: SchemaTree[], levels: Levels, names?: string[]): Members {
    return new Members(
      end(path).children.map((child, i) => [
        names?.[i] ?? child.element.name,
        this.node([...path, child], levels),
      ]),
      this.#count,
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
    switch (element.converted_type ?? element.logical_type?.type) {
      case "LIST":
        return new Repeated(this.#element(below, inside), inside, this.#count);
      case "MAP":
      case "MAP_KEY_VALUE": {
        if (only.children.length !== 2) return this.members(path, levels);
        const pairs = this.members(below, inside, ["key", "value"]);
        return new Entries(new Repeated(pairs, inside, this.#count));
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
    const itself = older || only?.element.repetition_type === "REPEATED";
    if (only === undefined || more.length > 0 || itself) return this.#value(path, levels);
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
 * @throws RangeError when the levels of the columns do not fit together
 */
export function* rowsOf(
  metadata: FileMetaData,
  group: RowGroup,
  file: ArrayBuffer,
  count: Count,
): Generator<Record<string, unknown>> {
  const columns = group.columns.values();
  const schema = new Schema((path) => {
    const chunk = columns.next().value?.meta_data;
    if (chunk === undefined) throw new RangeError("a column that is not there");
    const below = path.slice(1).filter(({ element }) => element.repetition_type !== "REQUIRED");
    const as = isJson(end(path).element) ? parsed : plain;
    return new Leaf(pagesOf(chunk, path, file), below.length, count, as);
  }, count);
  const root = schema.members([parquetSchema(metadata)], { defined: 0, repeated: 0 });
  for (let row = 0n; row < group.num_rows; row++) yield root.read(0);
  if (!schema.leaves.every((leaf) => leaf.ended())) throw new RangeError("values of no row");
}
