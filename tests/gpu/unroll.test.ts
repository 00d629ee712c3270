// Writing out marked loops.
import { expect, test } from "vitest";
import { unroll } from "../../src/gpu/unroll.ts";

const HEAD = "const ROWS: u32 = 2u; // param\nconst D: u32 = 8u;\nconst V: u32 = D / 4u;\n";

test("a marked loop becomes blocks with a constant, nested ones too", () => {
  const source = `${HEAD}for (var i = 0u; i < ROWS; i++) { // unroll
  for (var j = 0u; j < V; j++) { // unroll
    x[i] += j;
  }
}`;
  const block = (i: number): string =>
    `{ const i = ${String(i)}u;\n${[0, 1].map((j) => `  { const j = ${String(j)}u;\n    x[i] += j;\n  }`).join("\n")}\n}`;
  expect(unroll("test", source)).toBe(`${HEAD}${block(0)}\n${block(1)}`);
});

test("unmarked loops stay, and flagged ones where the flag is false", () => {
  const loop = "for (var i = 0u; i < 4u; i++) {\n  y(subgroupShuffle(x, i));\n}";
  expect(unroll("test", loop)).toBe(loop);
  const flagged = loop.replace("{", "{ // unroll if WIDE");
  expect(unroll("test", `const WIDE: bool = false;\n${flagged}`)).toContain(flagged);
});

test("a shuffle from a lane that became constant is a broadcast, with steps and sums", () => {
  const source =
    "const WIDE: bool = true;\nfor (var q = 0u; q < 8u; q += 4u) { // unroll if WIDE\n  y(subgroupShuffle(x[i], q + p));\n}";
  const text = unroll("test", source);
  expect(text).not.toContain("subgroupShuffle");
  expect(text.match(/const q = \du;/g)).toEqual(["const q = 0u;", "const q = 4u;"]);
  expect(text).toContain("subgroupBroadcast(x[i], q + p)");
});

test("a loop without an end or with an unknown bound is an error that names the kernel", () => {
  const open = "for (var i = 0u; i < 2u; i++) { // unroll\n  x();";
  expect(() => unroll("mine", open)).toThrow(/^mine: the loop over i has no end/);
  const unknown = "for (var i = 0u; i < SIZE; i++) { // unroll\n}";
  expect(() => unroll("mine", unknown)).toThrow(/^mine: cannot unroll a loop to "SIZE"/);
});
