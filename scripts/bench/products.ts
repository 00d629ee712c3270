// Matrix products of ours and of other engines in one page, in turns, on the same operands: the peer "products" of a harness.
import { openGpu } from "../../src/gpu/device.ts";
import { Executor } from "../../src/gpu/executor.ts";
import { tune } from "../../src/gpu/tuner.ts";
import { matmul } from "../../src/kernels/matmul.ts";
import type { Product } from "../../src/kernels/matmul.ts";
import { Tape } from "../../src/plan/tape.ts";
import type { Call } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Tensor } from "../../src/plan/tensor.ts";
import { errorOf, nameOf, operands, productsOf } from "./matmul.ts";
import { median } from "./measure.ts";
import { M, S, XS, describeTraining } from "./models.ts";
import type { Size } from "./models.ts";
import { jaxMaker, ortMaker, tfMaker } from "./product-peers.ts";
import type { Libraries, Maker, Running } from "./product-peers.ts";

/** Turns of each engine; a sample lasts so many milliseconds at least. */
const ROUNDS = 7;
const SAMPLE_MS = 100;
const MOST_RUNS = 20;
/** Milliseconds of each second that tuning may take; what is not tuned then stays plain, and is named. */
const TUNING = 400;
const SIZES: Readonly<Record<string, Size>> = { XS, S, M };

/** What the harness passes on to a peer. */
interface Options {
  readonly config: string;
  /** seconds for all products, in its flag `variant` */
  readonly variant: string;
}

/** One engine on one product. */
export interface ProductResult {
  readonly engine: string;
  readonly ms?: number;
  readonly cpuMs?: number;
  readonly error?: number;
  readonly failure?: string;
}

/** One product on all engines. */
export interface ProductRow {
  readonly name: string;
  readonly times: number;
  readonly flops: number;
  readonly results: readonly ProductResult[];
}

interface Prepared {
  readonly product: Product;
  readonly times: number;
  readonly calls: readonly Call[];
  readonly operands: readonly [Tensor, Tensor];
  readonly c: Tensor;
}

/** Describes every product of a training step as a tape of its own. */
function prepare(executor: Executor, config: string): Prepared[] {
  return productsOf(describeTraining(executor, SIZES[config] ?? S).calls).map(
    ({ product, times }) => {
      const { M: rows, N, K, TA = false, TB = false } = product;
      const a = persistent("a", TA ? [K, rows] : [rows, K]);
      const b = persistent("b", TB ? [N, K] : [K, N]);
      const tape = new Tape({ keep: true });
      const c = matmul(tape, a, b, product);
      return { product, times, calls: tape.calls, operands: [a, b], c };
    },
  );
}

async function ours(executor: Executor, prepared: Prepared): Promise<Running> {
  const { product, calls, c } = prepared;
  const [a, b] = prepared.operands;
  const values = operands(product);
  executor.memory.write(a, values.a);
  executor.memory.write(b, values.b);
  const plan = await executor.compile(nameOf(product), calls);
  return {
    run: () => executor.run(plan),
    sync: () => executor.idle(),
    read: async () => (await executor.memory.read([c]))[0] ?? [],
    dispose: () => {
      executor.memory.destroy();
    },
  };
}

interface Racer {
  readonly engine: string;
  readonly running: Running;
  runs: number;
  readonly ms: number[];
  cpu: number;
  total: number;
}

const cpuMs = async (): Promise<number> => {
  const count = Reflect.get(globalThis, "__cpuMs") as (() => Promise<number>) | undefined;
  return (await count?.()) ?? NaN;
};

/** Runs it twice unmeasured, for compilers, and decides how often it runs in a sample. */
async function warm(racer: Racer): Promise<void> {
  const { running } = racer;
  await running.run();
  await running.sync();
  const from = performance.now();
  await running.run();
  await running.sync();
  const once = Math.max(performance.now() - from, 0.1);
  racer.runs = Math.max(1, Math.min(MOST_RUNS, Math.round(SAMPLE_MS / once)));
}

async function turn(racer: Racer): Promise<void> {
  const { running, runs } = racer;
  const [used, from] = [await cpuMs(), performance.now()];
  for (let i = 0; i < runs; i++) await running.run();
  await running.sync();
  racer.ms.push((performance.now() - from) / runs);
  racer.cpu += (await cpuMs()) - used;
  racer.total += runs;
}

/** All engines on one product, taking turns. What fails is a failure of that engine alone. */
async function race(
  product: Product,
  makers: readonly (readonly [string, Maker])[],
): Promise<ProductResult[]> {
  const racers: Racer[] = [];
  const failed: ProductResult[] = [];
  for (const [engine, make] of makers) {
    try {
      const running = await make(product, operands(product));
      const racer = { engine, running, runs: 1, ms: [], cpu: 0, total: 0 };
      await warm(racer);
      racers.push(racer);
    } catch (error) {
      failed.push({ engine, failure: String(error).slice(0, 200) });
    }
  }
  for (let round = 0; round < ROUNDS; round++) for (const racer of racers) await turn(racer);
  const results: ProductResult[] = [];
  for (const { engine, running, ms, cpu, total } of racers) {
    const error = errorOf(await running.read(), product);
    results.push({ engine, ms: median(ms), cpuMs: cpu / total, error });
    await running.dispose();
  }
  return [...results, ...failed];
}

interface ProductsPeer {
  readonly name: string;
  info: object;
  init(config: object, options: Options): Promise<void>;
}

/** The harness's "peer": everything is done in `init`, and its result is in `info`. */
export function productsPeer(libraries: Libraries): ProductsPeer {
  return {
    name: "products",
    info: {},
    async init(_config, { config, variant }) {
      const seconds = Number(variant);
      const until = performance.now() + 1000 * seconds;
      const executor = new Executor(await openGpu(navigator.gpu));
      const all = prepare(executor, config);
      const { left: untuned } = await tune(
        executor,
        all.flatMap(({ calls }) => [...calls]),
        { budget: TUNING * seconds },
      );
      const makers: [string, Maker][] = [];
      if (libraries.jaxjs !== undefined) makers.push(["jaxjs", await jaxMaker(libraries.jaxjs)]);
      if (libraries.tfjs !== undefined) makers.push(["tfjs", await tfMaker(libraries.tfjs)]);
      if (libraries.ort !== undefined) makers.push(["ort", ortMaker(libraries.ort)]);
      const rows: ProductRow[] = [];
      const left: string[] = [];
      for (const prepared of all) {
        const { product, times } = prepared;
        const { M: rows_, N, K } = product;
        const name = nameOf(product);
        if (performance.now() > until) left.push(name);
        else {
          const own: [string, Maker] = ["nudge", () => ours(executor, prepared)];
          const results = await race(product, [own, ...makers]);
          rows.push({ name, times, flops: 2 * rows_ * N * K, results });
        }
      }
      this.info = { engine: executor.name, rows, left, untuned };
    },
  };
}
