// Section "matmul": the products of a training step at S, and cubes in all four transpositions, each checked.
import { matmul } from "../../src/kernels/matmul.ts";
import type { Product } from "../../src/kernels/matmul.ts";
import { Tape } from "../../src/plan/tape.ts";
import type { Call } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import { gflops, timed } from "./bench.ts";
import type { Bench, Section } from "./bench.ts";
import { S, describeTraining } from "./models.ts";
import type { Row, Table } from "./table.ts";

const CUBES = [256, 512, 1024];
const TRANSPOSITIONS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;
/** Elements of C that are compared with float64. */
const CHECKED = 7;

/** The different products among the calls of a plan, and how often each occurs. */
export function productsOf(calls: readonly Call[]): { product: Product; times: number }[] {
  const found = new Map<string, { product: Product; times: number }>();
  for (const { kernel, consts } of calls) {
    if (!kernel.name.startsWith("matmul")) continue;
    const { BATCH = 1, M = 1, N = 1, K = 1, TA = false, TB = false } = consts;
    const product = { M: +M, N: +N, K: +K, TA: TA === true, TB: TB === true, BATCH: +BATCH };
    const key = JSON.stringify(product);
    const known = found.get(key);
    if (known === undefined) found.set(key, { product, times: 1 });
    else known.times++;
  }
  return [...found.values()];
}

const value = (i: number): number => ((i * 7919 + (i >> 5) * 104729) % 2003) / 2003 - 0.5;

/** Largest error of a few elements of C against sums in float64. */
export function errorOf(
  c: ArrayLike<number>,
  { M, N, K, TA = false, TB = false }: Product,
): number {
  let worst = 0;
  for (let n = 0; n < CHECKED; n++) {
    const row = Math.floor((n * (M - 1)) / (CHECKED - 1));
    const column = Math.floor((((n * 3) % CHECKED) * (N - 1)) / (CHECKED - 1));
    let sum = 0;
    for (let k = 0; k < K; k++) {
      const a = Math.fround(value(TA ? k * M + row : row * K + k));
      const b = Math.fround(value(TB ? column * K + k : k * N + column));
      sum += a * b;
    }
    worst = Math.max(worst, Math.abs((c[row * N + column] ?? NaN) - sum));
  }
  return worst;
}

/** Made-up operands as they are stored; each has M*K and K*N elements whichever way it lies. */
export function operands({ M, N, K }: Product): {
  readonly a: Float32Array<ArrayBuffer>;
  readonly b: Float32Array<ArrayBuffer>;
} {
  return {
    a: Float32Array.from({ length: M * K }, (_, i) => value(i)),
    b: Float32Array.from({ length: K * N }, (_, i) => value(i)),
  };
}

/** M x K x N and how the operands are stored, e.g. `512x128x384 NT`. */
export function nameOf({ M, N, K, TA = false, TB = false }: Product): string {
  return `${String(M)}x${String(K)}x${String(N)} ${TA ? "T" : "N"}${TB ? "T" : "N"}`;
}

async function rowOf(bench: Bench, product: Product): Promise<Row | undefined> {
  const { M, N, K, TA = false, TB = false } = product;
  const name = nameOf(product);
  const flops = 2 * M * N * K;
  if (!bench.fits(`matmul ${name}`, flops)) return undefined;
  const { engine } = bench;
  const a = persistent("a", TA ? [K, M] : [M, K]);
  const b = persistent("b", TB ? [N, K] : [K, N]);
  const stored = operands(product);
  engine.memory.write(a, stored.a);
  engine.memory.write(b, stored.b);
  const tape = new Tape({ keep: true });
  const c = matmul(tape, a, b, product);
  const timing = await bench.time([await engine.compile(name, tape.calls)], flops);
  const [values] = await engine.memory.read([c]);
  const rate = gflops(flops, timing);
  const error = errorOf(values ?? [], product);
  return {
    "M x K x N": name,
    ...timed(timing),
    "GFLOP/s": rate,
    ...bench.ofPeak(flops, timing),
    "max error": error,
  };
}

async function rowsOf(
  bench: Bench,
  products: readonly (Product & { times?: number })[],
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { times, ...product } of products) {
    const row = await rowOf(bench, product);
    if (row !== undefined) rows.push(times === undefined ? row : { ...row, "in a step": times });
  }
  return rows;
}

const NOTE =
  "C = opA(A) opB(B); N = stored as it is, T = stored transposed. Max error: seven elements against float64.";

export const matmulSection: Section = {
  name: "matmul",
  help: "products of a training step at S, and cubes of 256, 512 and 1,024",
  async run(bench) {
    const { calls } = describeTraining(bench.engine, S);
    const plan = productsOf(calls).map(({ product, times }) => ({ ...product, times }));
    const inPlan = await rowsOf(bench, plan);
    const first: Table = {
      title: "Matrix products of a training step at S",
      rows: inPlan,
      notes: [NOTE, ...bench.takeLeftOut()],
    };
    await bench.fresh();
    const cubes = CUBES.flatMap((n) =>
      TRANSPOSITIONS.map(([TA, TB]) => ({ M: n, N: n, K: n, TA, TB })),
    );
    const rows = await rowsOf(bench, cubes);
    return [first, { title: "Cubes", rows, notes: [NOTE, ...bench.takeLeftOut()] }];
  },
};
