// Finds wgsl/<kernel>.wgsl, writes constants and element types into its `// param` lines and reads its bindings.
import type { Consts } from "../plan/kernel.ts";
import { unroll } from "./unroll.ts";

const files = import.meta.glob<string>("/wgsl/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const shared = import.meta.glob<string>("/wgsl/lib/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const INCLUDE = /^\/\/ include (lib\/\w+\.wgsl)$/gm;

/** Names of all shader files, without folder and extension. */
export function shaderNames(): string[] {
  return Object.keys(files).map((path) => path.slice("/wgsl/".length, -".wgsl".length));
}

/** The shader as it stands in wgsl/, with what it includes in its place. Throws if there is no such file. */
export function shaderSource(name: string): string {
  const source = files[`/wgsl/${name}.wgsl`];
  if (source === undefined) {
    throw new Error(`shader: no file wgsl/${name}.wgsl, expected one for the kernel "${name}"`);
  }
  return source.replace(INCLUDE, (_line, path: string) => {
    const included = shared[`/wgsl/${path}`];
    if (included === undefined) {
      throw new Error(`${name}: includes wgsl/${path}, expected a file of that name`);
    }
    return included;
  });
}

export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly writable: boolean;
}

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read|read_write)>\s*(\w+)\s*:/g;

/** The storage bindings a shader declares, by index. */
export function bindingsOf(source: string): Binding[] {
  return [...source.matchAll(BINDING)].map((match) => ({
    index: Number(match[1]),
    writable: match[2] === "read_write",
    name: match[3] ?? "",
  }));
}

const PARAM = /^const (\w+): (u32|i32|f32|bool) = ([^;]+);(\s*\/\/ param.*)$/gm;

/** Names of the `// param` constants of a shader. */
export function paramsOf(source: string): string[] {
  return [...source.matchAll(PARAM)].map((match) => match[1] ?? "");
}

const ALIAS = /^alias (\w+) = f32;(\s*\/\/ param.*)$/gm;

/** The bindings that a shader can also read or write as halves: each has an alias, its name in capitals. */
export function halvable(source: string): Set<string> {
  return new Set([...source.matchAll(ALIAS)].map(([, name = ""]) => name.toLowerCase()));
}

/** The shader with the aliases of some bindings turned to f16. The first line stays the first. */
function withHalves(kernel: string, source: string, halves: ReadonlySet<string>): string {
  if (halves.size === 0) return source;
  const known = halvable(source);
  const missing = [...halves].find((name) => !known.has(name));
  if (missing !== undefined) {
    throw new Error(
      `${kernel}: ${missing} is f16, and wgsl/${kernel}.wgsl has no alias ${missing.toUpperCase()}, expected f32`,
    );
  }
  const typed = source.replace(ALIAS, (line, name: string, rest: string) =>
    halves.has(name.toLowerCase()) ? `alias ${name} = f16;${rest}` : line,
  );
  return `enable f16; ${typed}`;
}

function literal(kernel: string, name: string, type: string, value: number | boolean): string {
  if (type === "bool") {
    if (typeof value !== "boolean") throw new TypeError(`${kernel}: ${name} must be a boolean`);
    return String(value);
  }
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new TypeError(`${kernel}: ${name} must be a finite number, got ${String(value)}`);
  }
  if (type === "f32") return Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (!Number.isInteger(value) || (type === "u32" && value < 0)) {
    throw new RangeError(
      `${kernel}: ${name} must be a whole number for ${type}, got ${String(value)}`,
    );
  }
  return type === "u32" ? `${String(value)}u` : String(value);
}

/**
 * The shader with its param lines rewritten and its marked loops unrolled.
 * @param halves names of the bindings that hold f16
 * @throws Error on a missing or unknown constant, and when the shader cannot take a binding as f16
 */
export function specialise(
  kernel: string,
  source: string,
  consts: Consts,
  halves: ReadonlySet<string> = new Set(),
): string {
  const unused = new Set(Object.keys(consts));
  const result = source.replace(
    PARAM,
    (_line, name: string, type: string, _value: string, rest: string) => {
      const value = consts[name];
      if (value === undefined) throw new Error(`${kernel}: no value for the param ${name}`);
      unused.delete(name);
      return `const ${name}: ${type} = ${literal(kernel, name, type, value)};${rest}`;
    },
  );
  if (unused.size > 0) {
    throw new Error(
      `${kernel}: wgsl/${kernel}.wgsl has no param line for ${[...unused].join(", ")}`,
    );
  }
  return unroll(kernel, withHalves(kernel, result, halves));
}
