// Choosing kernels by measurement: wrong and broken variants are reported and never used, choices are kept.
import { expect, test } from "vitest";
import { Executor } from "../../src/gpu/executor.ts";
import { openNodeGpu } from "../../src/gpu/node.ts";
import { tune } from "../../src/gpu/tuner.ts";
import type { TuningCache } from "../../src/gpu/tuner.ts";
import { PLAIN } from "../../src/gpu/variants.ts";
import { geluForward } from "../../src/kernels/gelu.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import type { Kernel, Variant } from "../../src/plan/kernel.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";

const N = 1 << 16;
type Gelu = typeof geluForward extends Kernel<"x" | "y", infer C> ? C : never;

/** The same shader under another title; `pick` makes it do another thing. */
function variant(title: string, pick: Partial<Variant<Gelu>> = {}): Variant<Gelu> {
  return {
    title,
    shader: "gelu",
    applies: () => true,
    consts: (consts) => consts,
    grid: geluForward.grid,
    ...pick,
  };
}

/** gelu with made-up variants: half of the work is wrong, one does not compile, the same is the same. */
const doubtful: Kernel<"x" | "y", Gelu> = {
  ...geluForward,
  // the plain program does everything four times over, so that a right variant is faster
  grid: ({ N: n }) => [n / 64, 16],
  variants: [
    variant("half", { grid: ({ N: n }) => [n / 128] }),
    // heads of a width that is not above 0 make a division that no compiler accepts
    variant("broken", {
      shader: "attention_registers",
      consts: () => ({ B: 1, T: 1, H: 1, D: 0, TILE: 0 }),
    }),
    variant("elsewhere", { applies: () => false }),
    variant("right"),
  ],
};

async function compiled(): Promise<{ engine: Executor; x: Tensor; y: Tensor }> {
  const engine = new Executor(await openNodeGpu());
  return { engine, x: persistent("x", [N]), y: persistent("y", [N]) };
}

function memoryCache(): { cache: TuningCache; kept: Map<string, string> } {
  const kept = new Map<string, string>();
  const cache = {
    get: (key: string) => Promise.resolve(kept.get(key)),
    set: (key: string, title: string) => Promise.resolve(void kept.set(key, title)),
  };
  return { cache, kept };
}

test("only right programs are chosen, and plans change between two runs", async () => {
  const { engine, x, y } = await compiled();
  const tape = new Tape();
  tape.call(doubtful, { x, y }, { N });
  const plan = await engine.compile("doubtful", tape.calls);
  engine.memory.write(x, new Float32Array(N).fill(1));
  const [before] = await engine.runAndRead([plan], [y]);
  const { cache, kept } = memoryCache();
  const { tuned, changed, left } = await tune(engine, plan.calls, { budget: Infinity, cache });
  const [{ candidates, chosen } = { candidates: [], chosen: "" }] = tuned;
  const outcome = (title: string): string | undefined =>
    candidates.find((candidate) => candidate.title === title)?.outcome;
  expect(outcome("half")).toBe("wrong");
  expect(outcome("broken")).toBe("failed");
  const broken = candidates.find(({ title }) => title === "broken");
  expect(broken?.message).toMatch(/^attention_registers: the shader does not compile/);
  expect(outcome("elsewhere")).toBeUndefined();
  expect(["right", PLAIN]).toContain(chosen);
  expect(changed).toBe(chosen === PLAIN ? 0 : 1);
  expect(left).toBe(0);
  const [after] = await engine.runAndRead([plan], [y]);
  expect(after).toEqual(before);
  expect([...kept.values()]).toEqual([chosen]);

  // a second device asks the cache and times nothing
  const other = new Executor(await openNodeGpu());
  const again = await tune(other, plan.calls, { budget: Infinity, cache });
  expect(again.tuned[0]).toMatchObject({ chosen, candidates: [{ outcome: "cached" }] });
  expect(other.counts.dispatches).toBe(0);
});

test("a device that is lost in the middle ends it, and nothing is chosen or kept", async () => {
  const { engine, x, y } = await compiled();
  const { cache, kept } = memoryCache();
  const tape = new Tape();
  tape.call(doubtful, { x, y }, { N });
  const pipeline = engine.pipeline.bind(engine);
  let asked = 0;
  engine.pipeline = (program) => {
    // four are compiled at first, then each is asked for where it is checked: the plain one, and now "half"
    if (++asked === 6) engine.gpu.device.destroy();
    return pipeline(program);
  };
  await expect(tune(engine, tape.calls, { budget: Infinity, cache })).rejects.toThrow();
  expect(asked).toBeGreaterThanOrEqual(6);
  expect(kept.size).toBe(0);
});

test("a budget or a signal ends it, and what is left stays plain", async () => {
  const { engine, x, y } = await compiled();
  const tape = new Tape();
  tape.call(doubtful, { x, y }, { N });
  const spent = await tune(engine, tape.calls, { budget: -1 });
  expect(spent).toMatchObject({ tuned: [], left: 1, changed: 0 });
  const signal = AbortSignal.abort();
  const stopped = await tune(engine, tape.calls, { budget: Infinity, signal });
  expect(stopped).toMatchObject({ tuned: [], left: 1, changed: 0 });
});

test("tuned matrix products give the same result as plain ones", async () => {
  const engine = new Executor(await openNodeGpu());
  const [a, b] = [persistent("a", [64, 48]), persistent("b", [48, 64])];
  for (const tensor of [a, b]) {
    engine.memory.write(
      tensor,
      Float32Array.from({ length: 64 * 48 }, (_, i) => Math.sin(i)),
    );
  }
  const tape = new Tape({ keep: true });
  const c = matmul(tape, a, b, { M: 64, N: 64, K: 48 });
  const plan = await engine.compile("product", tape.calls);
  const [before] = await engine.runAndRead([plan], [c]);
  const { tuned } = await tune(engine, plan.calls, { budget: Infinity });
  expect(tuned[0]?.candidates.map(({ outcome }) => outcome)).not.toContain("wrong");
  const [after] = await engine.runAndRead([plan], [c]);
  after?.forEach((value, i) => {
    expect(Math.abs(value - (before?.[i] ?? NaN))).toBeLessThan(1e-4);
  });
});
