// The part of Node's module "util" that a bundled peer uses: Node's own, where there is one.
const util = typeof process === "undefined" ? undefined : process.getBuiltinModule("node:util");
export const { TextEncoder, TextDecoder } = globalThis;
export const types = util?.types;
