// Guarded calls: the body of a shader's `main` goes into a loop that runs once, or never while a flag is 0.
import { bindingsOf } from "./shader.ts";

/** Name of the binding that holds the flag. */
export const GUARD = "guard_flag";

const MAIN = /^@compute[^{]*\nfn main\([^{]*\{\n/m;

/**
 * A loop and not an `if`: SwiftShader executes what an `if` skips, with all its loads (docs/LOG.md). The flag comes
 * from a read-only binding, so that control flow stays uniform and barriers and subgroups may be inside.
 * @param code a shader that ends with `main`
 * @param index of the flag, 0 or 1, in the bound u32 tensor
 * @throws Error when the shader does not end with `main`
 */
export function guarded(kernel: string, code: string, index: number): string {
  const start = MAIN.exec(code);
  const end = code.lastIndexOf("\n}");
  const open = start === null ? -1 : start.index + start[0].length;
  if (start === null || end < open || /^\w/m.test(code.slice(open, end))) {
    throw new Error(`${kernel}: cannot guard wgsl/${kernel}.wgsl, expected it to end with main`);
  }
  const binding = Math.max(...bindingsOf(code).map((other) => other.index)) + 1;
  return [
    code.slice(0, start.index),
    `@group(0) @binding(${String(binding)}) var<storage, read> ${GUARD}: array<u32>;\n\n`,
    start[0],
    `  for (var turn = 0u; turn < ${GUARD}[${String(index)}]; turn++) {\n`,
    code.slice(open, end),
    "\n  }\n}\n",
  ].join("");
}
