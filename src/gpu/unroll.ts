// Writes out the loops of a shader that are marked `// unroll`: software adapters do not, and an array in registers
// needs indices that are constants.

const LOOP =
  /^(\s*)for \(var (\w+) = 0u; \2 < (\w+); \2(?:\+\+| \+= (\w+))\) \{ \/\/ unroll(?: if (\w+))?$/;
const CONSTANT = /^const (\w+): (?:u32|bool) = ([^;]+);/gm;

type Values = ReadonlyMap<string, string>;

/** Values of the module's constants that are plain numbers, products of others, or booleans. */
function constantsOf(source: string): Values {
  const values = new Map<string, string>();
  for (const [, name = "", text = ""] of source.matchAll(CONSTANT)) values.set(name, text.trim());
  return values;
}

/** @throws Error when the bound of a loop is neither a number nor a constant made of numbers. */
function numberOf(kernel: string, text: string, values: Values): number {
  const quotient = /^(\w+) \/ (\w+)$/.exec(text.trim());
  if (quotient !== null) {
    const [dividend, divisor] = quotient.slice(1).map((part) => numberOf(kernel, part, values));
    return Math.floor((dividend ?? NaN) / (divisor ?? NaN));
  }
  const factors = text.split("*").map((factor) => {
    const name = factor.trim();
    if (/^\d+u?$/.test(name)) return parseInt(name, 10);
    const value = values.get(name);
    if (value === undefined) {
      throw new Error(
        `${kernel}: cannot unroll a loop to "${text}", expected a number or a constant`,
      );
    }
    return numberOf(kernel, value, values);
  });
  return factors.reduce((product, factor) => product * factor, 1);
}

/** A shuffle from a lane that has become a constant is a broadcast, which SwiftShader does much faster. */
function broadcasts(lines: readonly string[], name: string): string[] {
  const shuffle = new RegExp(`subgroupShuffle\\(([^,]+), (${name}(?: \\+ \\w+)?)\\)`, "g");
  return lines.map((line) => line.replace(shuffle, "subgroupBroadcast($1, $2)"));
}

/**
 * Every loop `for (var i = 0u; i < COUNT; i++) { // unroll` becomes COUNT blocks that begin with `const i = 0u;` and
 * so on. `// unroll if FLAG` does so when the constant FLAG is true. Loops may be nested; each ends with a `}` in the
 * column of its `for`.
 * @throws Error when a marked loop has no end or a bound that is not constant
 */
export function unroll(kernel: string, source: string): string {
  const values = constantsOf(source);
  const expand = (lines: readonly string[]): string[] => {
    const out: string[] = [];
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at] ?? "";
      const match = LOOP.exec(line);
      if (match === null) {
        out.push(line);
        continue;
      }
      const [, indent = "", name = "", bound = "", step, flag] = match;
      const end = lines.indexOf(`${indent}}`, at);
      if (end < 0) throw new Error(`${kernel}: the loop over ${name} has no end to unroll it to`);
      const body = expand(lines.slice(at + 1, end));
      at = end;
      if (flag !== undefined && values.get(flag) !== "true") {
        out.push(line, ...body, `${indent}}`);
        continue;
      }
      const passed = broadcasts(body, name);
      const by = step === undefined ? 1 : numberOf(kernel, step, values);
      for (let i = 0; i < numberOf(kernel, bound, values); i += by) {
        out.push(`${indent}{ const ${name} = ${String(i)}u;`, ...passed, `${indent}}`);
      }
    }
    return out;
  };
  return expand(source.split("\n")).join("\n");
}
