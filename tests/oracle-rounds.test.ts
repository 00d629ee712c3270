// npm run oracle --variants and --engine cpu: what is forced is what runs, and every program that applies is forced.
import { expect, test, vi } from "vitest";
import { main } from "../scripts/oracle.ts";
import { PLAIN, variantsOf } from "../src/gpu/variants.ts";
import { readVectors } from "../src/oracle/manifest.ts";
import { Rounds } from "../src/oracle/rounds.ts";
import { runCase } from "../src/oracle/run.ts";
import { matmul } from "../src/kernels/matmul.ts";
import { Tape } from "../src/plan/tape.ts";
import { persistent } from "../src/plan/tensor.ts";
import { executor } from "./support/gpu.ts";

const FOLDER = "tests/fixtures/oracle";

test("the rounds put every variant that applies into the plans, one after the other", async () => {
  const on = await executor();
  const tape = new Tape({ keep: true });
  const shape = { M: 32, N: 32, K: 32 };
  matmul(tape, persistent("a", [32, 32]), persistent("b", [32, 32]), shape);
  const [call] = tape.calls;
  const titles = variantsOf(call!, on.choices.traits).map(({ title }) => title);
  expect(titles.length).toBeGreaterThan(0);
  const rounds = new Rounds(on.choices);
  const used: string[] = [];
  for (let round = 0; round <= rounds.last; round++) {
    expect(rounds.enter("product", round)).toBe(true);
    const forced = rounds.begin(round);
    const { programs } = await on.compile("product", tape.calls);
    rounds.end();
    used.push(...programs.map(({ title }) => title));
    expect([...forced]).toEqual([[`matmul: ${programs[0]!.title}`, 1]]);
  }
  expect(used).toEqual([PLAIN, ...titles]);
  // nothing is left to force in this case, and all in one that was not compiled
  expect(rounds.enter("product", rounds.last + 1)).toBe(false);
  expect(rounds.enter("another", rounds.last + 1)).toBe(true);
  expect(rounds.never().every((name) => !titles.includes(name.replace("matmul: ", "")))).toBe(true);
  on.memory.destroy();
});

test("a forced program that computes something else fails its case", async () => {
  const on = await executor();
  const vectors = await readVectors(FOLDER);
  const item = vectors.cases.find(({ spec }) => spec === "linear")!;
  // half of the rows of a grid are never computed
  on.choices.forced = ({ kernel }, applicable) => {
    const [variant] = applicable;
    if (kernel.name !== "matmul" || variant === undefined) return undefined;
    return { ...variant, grid: () => [1, 0, 1] };
  };
  const { failures } = await runCase(on, item, vectors);
  on.choices.forced = undefined;
  expect(failures.length).toBeGreaterThan(0);
});

test("the command counts forced calls per round, and runs on the CPU engine", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  expect(await main(["--variants", "--only", "matmul_nt_2x257x3"])).toBe(0);
  const gpu = log.mock.calls.flat().join("\n");
  expect(gpu).toMatch(/^round 0 of \d+, \d+ s, calls by program:\n( +\d+ \w+: plain\n?)+$/m);
  expect(gpu).toMatch(/^ +\d+ matmul: matmul_lanes/m);
  expect(gpu).toMatch(/^\d+ passed, 0 failed$/m);
  log.mockClear();
  expect(await main(["--engine", "cpu"])).toBe(0);
  expect(log.mock.calls.flat().join("\n")).toMatch(/^engine: CPU.*\n178 passed, 0 failed$/);
  log.mockRestore();
});

test.each([
  [["--engine", "tpu"], /^oracle: --engine needs cpu or gpu, got "tpu"; nothing was run\.$/],
  [["--only", "nosuch"], /^oracle: No case contains "nosuch"; nothing was run\.$/],
  [["--from", "0"], /^oracle: --from needs a whole number from 1 on, got 0; nothing was run\.$/],
  [["--variant"], /^oracle: Unknown option "--variant"; expected one of --engine,/],
])("%j is refused in one sentence", async (args, sentence) => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  expect(await main(args)).toBe(2);
  expect(error.mock.calls[0]?.[0]).toMatch(sentence);
  error.mockRestore();
});
