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

/** Time may grow by so much more than work, relatively. */
const TOLERANCE = 0.15;
/** The time of a timing that growth is judged by: of the processor on software adapters, else by the clock. */
type Clock = "median" | "cpu";

/** Time and work of each point as multiples of the first one's, and whether the two agree. */
export function growthRows(what: string, points: readonly Point[], clock: Clock = "median"): Row[] {
  const [first] = points;
  return points.map(({ at, flops, timing }) => {
    const time = timing[clock] / (first?.timing[clock] ?? NaN);
    const work = flops / (first?.flops ?? NaN);
    const more = time / work - 1;
    const verdict = more > TOLERANCE ? "no: slower" : more < -TOLERANCE ? "no: faster" : "yes";
    return {
      [what]: at,
      ...timed(timing),
      "GFLOP/s": gflops(flops, timing),
      "time grows": time,
      "work grows": work,
      "time / work": time / work,
      "within 15 %": verdict,
    };
  });
}

/** Largest relative distance of the times from the straight line that fits them best (least relative squares). */
export function bend(points: readonly { readonly at: number; readonly time: number }[]): number {
  // minimise the sum of ((a + b x) / t - 1)^2: two normal equations in a and b
  let [uu, uv, vv, u, v] = [0, 0, 0, 0, 0];
  for (const { at, time } of points) {
    const [p, q] = [1 / time, at / time];
    uu += p * p;
    uv += p * q;
    vv += q * q;
    u += p;
    v += q;
  }
  const determinant = uu * vv - uv * uv;
  const a = (u * vv - v * uv) / determinant;
  const b = (v * uu - u * uv) / determinant;
  return Math.max(...points.map(({ at, time }) => Math.abs((a + b * at) / time - 1)));
}

function notesOf(what: string, points: readonly Point[], clock: Clock): string[] {
  const measure = clock === "cpu" ? "processor time" : "the median by the clock";
  const notes = [`Growth is that of ${measure}, relative to the first row.`];
  if (["layers", "batch"].includes(what) && points.length > 2) {
    const off = bend(points.map(({ at, timing }) => ({ at, time: timing[clock] })));
    notes.push(
      `A straight line through the points misses none by more than ${(100 * off).toFixed(1)} %: linear within 15 %: ${off <= TOLERANCE ? "yes" : "no"}.`,
    );
  }
  return notes;
}

const clockOf = ({ software }: Bench): Clock => (software ? "cpu" : "median");

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
  const clock = clockOf(bench);
  const notes = [...notesOf(what, points, clock), ...bench.takeLeftOut()];
  return { title, rows: growthRows(what, points, clock), notes };
}

/** Attention alone, forward and backward, one sequence. */
function describeAttention(T: number) {
  const C = HEADS * HEAD;
  const qkv = { ...persistent("qkv", [T, 3 * C]), gradient: persistent("dqkv", [T, 3 * C]) };
  const mask = persistent("mask", [1, T], "u32");
  const upstream = persistent("dy", [T, C]);
  const tape = new Tape({ keep: true });
  tape.train([qkv]);
  const y = attention(tape, qkv, mask, 1, T, HEADS);
  tape.seed(y, upstream);
  tape.backward();
  return { qkv, mask, upstream, calls: tape.calls, flops: declaredFlops(tape.calls) };
}

async function attentionPoint(bench: Bench, T: number): Promise<Point | undefined> {
  const { qkv, mask, upstream, calls, flops } = describeAttention(T);
  if (!bench.fits(`attention over ${String(T)} columns`, flops)) return undefined;
  const { memory } = bench.engine;
  const wave = Float32Array.from({ length: size(qkv.shape) }, (_, i) => Math.sin(i));
  memory.write(qkv, wave);
  memory.write(upstream, wave.subarray(0, size(upstream.shape)));
  memory.write(mask, new Uint32Array(T).fill(1));
  const plan = await bench.engine.compile(`attention ${String(T)}`, calls);
  return { at: T, flops, timing: await bench.time([plan], flops) };
}

async function attentionTable(bench: Bench): Promise<Table> {
  await bench.fresh();
  // together: what was slow for the most columns is not tried for the others
  await bench.tuneCalls(COLUMNS.flatMap((T) => describeAttention(T).calls));
  const points: Point[] = [];
  for (const T of COLUMNS) {
    const point = await attentionPoint(bench, T);
    if (point !== undefined) points.push(point);
  }
  const title = "Attention forward and backward, one sequence, 4 heads of 32";
  const clock = clockOf(bench);
  const notes = [...notesOf("columns", points, clock), ...bench.takeLeftOut()];
  return { title, rows: growthRows("columns", points, clock), notes };
}

export const growthSection: Section = {
  name: "growth",
  help: "time against layers, batch, context and width, and attention from 64 to 1,024 columns",
  async run(bench) {
    const tables = [await attentionTable(bench)];
    const all = VARIED.flatMap(({ sizes }) => sizes);
    await bench.tuneCalls(all.flatMap((one) => [...describeTraining(bench.engine, one).calls]));
    for (const varied of VARIED) tables.push(await stepTable(bench, varied));
    return tables;
  },
};
