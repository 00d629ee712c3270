// Section "growth": how time grows with layers, batch, context and width, beside how the work grows.
import { attention } from "../../src/kernels/attention.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent, size } from "../../src/plan/tensor.ts";
import { declaredFlops } from "../../src/plan/work.ts";
import { gflops, timed } from "./bench.ts";
import type { Bench, Section } from "./bench.ts";
import type { Timing } from "./measure.ts";
import { S, describeTraining, prepareTraining } from "./models.ts";
import type { Size } from "./models.ts";
import type { Row, Table } from "./table.ts";

interface Point {
  readonly at: number;
  readonly flops: number;
  readonly timing: Timing;
}

const VARIED: readonly { what: string; sizes: readonly (Size & { at: number })[] }[] = [
  { what: "layers", sizes: [1, 2, 4].map((at) => ({ ...S, layers: at, at })) },
  { what: "batch", sizes: [2, 4, 8].map((at) => ({ ...S, layers: 2, batch: at, at })) },
  { what: "context", sizes: [32, 64, 128].map((at) => ({ ...S, layers: 2, context: at, at })) },
  {
    what: "width",
    sizes: [64, 128, 256].map((at) => ({ ...S, layers: 2, width: at, heads: at / 32, at })),
  },
];
const COLUMNS = [64, 128, 256, 512, 1024];
const HEADS = 4;
const HEAD = 32;

/** Time and work of each point as multiples of the first one's. */
export function growthRows(what: string, points: readonly Point[]): Row[] {
  const [first] = points;
  return points.map(({ at, flops, timing }) => {
    const time = timing.median / (first?.timing.median ?? NaN);
    const work = flops / (first?.flops ?? NaN);
    return {
      [what]: at,
      ...timed(timing),
      "GFLOP/s": gflops(flops, timing),
      "time grows": time,
      "work grows": work,
      "time / work": time / work,
    };
  });
}

async function stepTable(bench: Bench, { what, sizes }: (typeof VARIED)[number]): Promise<Table> {
  const points: Point[] = [];
  for (const wanted of sizes) {
    const { flops } = describeTraining(bench.engine, wanted);
    if (!bench.fits(`${what} ${String(wanted.at)}`, flops)) continue;
    await bench.fresh();
    const { plan } = await prepareTraining(bench.engine, wanted);
    points.push({ at: wanted.at, flops, timing: await bench.time([plan], flops) });
  }
  const others = what === "layers" ? "" : ", 2 layers";
  const title = `Training step at S${others}, growing ${what}`;
  return { title, rows: growthRows(what, points), notes: bench.takeLeftOut() };
}

/** Attention alone, forward and backward, one sequence. */
async function attentionPoint(bench: Bench, T: number): Promise<Point | undefined> {
  const C = HEADS * HEAD;
  const qkv = { ...persistent("qkv", [T, 3 * C]), gradient: persistent("dqkv", [T, 3 * C]) };
  const mask = persistent("mask", [1, T], "u32");
  const upstream = persistent("dy", [T, C]);
  const tape = new Tape({ keep: true });
  tape.train([qkv]);
  const y = attention(tape, qkv, mask, 1, T, HEADS);
  tape.seed(y, upstream);
  tape.backward();
  const flops = declaredFlops(tape.calls);
  if (!bench.fits(`attention over ${String(T)} columns`, flops)) return undefined;
  const { memory } = bench.engine;
  const wave = Float32Array.from({ length: size(qkv.shape) }, (_, i) => Math.sin(i));
  memory.write(qkv, wave);
  memory.write(upstream, wave.subarray(0, T * C));
  memory.write(mask, new Uint32Array(T).fill(1));
  const plan = await bench.engine.compile(`attention ${String(T)}`, tape.calls);
  return { at: T, flops, timing: await bench.time([plan], flops) };
}

export const growthSection: Section = {
  name: "growth",
  help: "time against layers, batch, context and width, and attention from 64 to 1,024 columns",
  async run(bench) {
    const tables: Table[] = [];
    for (const varied of VARIED) tables.push(await stepTable(bench, varied));
    await bench.fresh();
    const points: Point[] = [];
    for (const T of COLUMNS) {
      const point = await attentionPoint(bench, T);
      if (point !== undefined) points.push(point);
    }
    const title = "Attention forward and backward, one sequence, 4 heads of 32";
    tables.push({ title, rows: growthRows("columns", points), notes: bench.takeLeftOut() });
    return tables;
  },
};
