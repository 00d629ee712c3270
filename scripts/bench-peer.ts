// Nudge as a peer of a training benchmark in the browser: the object that its harness drives.
import { CpuEngine } from "../src/cpu/engine.ts";
import { openGpu } from "../src/gpu/device.ts";
import { Executor } from "../src/gpu/executor.ts";
import { matmul } from "../src/kernels/matmul.ts";
import { tune } from "../src/gpu/tuner.ts";
import type { TuningCache } from "../src/gpu/tuner.ts";
import { flatten } from "../src/model/parameters.ts";
import type { Engine } from "../src/plan/engine.ts";
import { Tape } from "../src/plan/tape.ts";
import { persistent } from "../src/plan/tensor.ts";
import { lossOf, prepareTraining, queueStep, stepAndRead } from "./bench/models.ts";
import type { Size, Training } from "./bench/models.ts";
import { prepareSampling } from "./bench/sampling.ts";

/** A model as the harness describes it. */
interface HarnessConfig {
  readonly layers: number;
  readonly d: number;
  readonly heads: number;
  readonly ctx: number;
  readonly batch: number;
  readonly vocab: number;
}

interface MatmulData {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly maxErr: (c: ArrayLike<number>) => number;
}

/** What this file needs of the harness's own module. */
export interface Harness {
  /** name to [shape, values]: the same for every peer */
  readonly initWeights: (config: HarnessConfig) => Record<string, [number[], Float32Array]>;
  readonly matmulData: (n: number) => MatmulData;
}

interface MatmulRun {
  run(): void;
  sync(): Promise<void>;
  check(): Promise<number>;
}

/** The interface of a peer. */
interface Peer {
  readonly name: string;
  readonly notes: readonly string[];
  readonly genKinds: readonly string[];
  info: object;
  init(config: HarnessConfig, options: { variant: string; gen: number }): Promise<void>;
  stepNoRead(x: Int32Array, y: Int32Array): object;
  readLoss(handle: object): Promise<number>;
  step(x: Int32Array, y: Int32Array): Promise<number>;
  generate(n: number, kind: string): Promise<number[]>;
  memory(): object;
  matmul(n: number): Promise<MatmulRun>;
}

/** GPT-2's name of a parameter of the harness: h0.ln1.g -> h.0.ln_1.weight. */
export function parameterName(name: string): string {
  if (name === "wte" || name === "wpe") return `${name}.weight`;
  const parts: Readonly<Record<string, string>> = {
    ln1: "ln_1",
    ln2: "ln_2",
    lnf: "ln_f",
    qkv: "attn.c_attn",
    proj: "attn.c_proj",
    fc: "mlp.c_fc",
    fc2: "mlp.c_proj",
  };
  const [last = "", part = "", block] = name.split(".").reverse();
  const head = block === undefined ? "" : `h.${block.slice(1)}.`;
  return `${head}${parts[part] ?? part}.${last === "b" ? "bias" : "weight"}`;
}

const BATCHES: Readonly<Record<string, number>> = { "batch-1": 1, "batch-64": 64 };

/** Opens the engine of a variant: `cpu`, or WebGPU for any other. */
async function openVariant(variant: string): Promise<Engine> {
  if (variant === "cpu") return CpuEngine.create();
  return new Executor(await openGpu(navigator.gpu));
}

/** In Node the driver keeps choices in a file; a page has none. */
function keptChoices(): TuningCache | undefined {
  return Reflect.get(globalThis, "nudgeTuning") as TuningCache | undefined;
}

/** Chooses kernels for everything compiled so far, as the page does at its start; it takes its time here. */
async function tuneAll(engine: Engine): Promise<object> {
  if (!(engine instanceof Executor)) return {};
  const { tuned, milliseconds } = await tune(engine, engine.compiledCalls(), {
    budget: Infinity,
    cache: keptChoices(),
  });
  const chosen = tuned.map(({ key, chosen: title }) => `${key}: ${title}`);
  return { tuningMs: milliseconds, chosen };
}

function sizeOf({ layers, d, heads, ctx, batch, vocab }: HarnessConfig): Size {
  return { name: "peer", layers, width: d, heads, context: ctx, batch, vocabulary: vocab };
}

/** A product that is compiled once and can run often. */
async function product(
  engine: Engine,
  { a, b, maxErr }: MatmulData,
  n: number,
): Promise<MatmulRun> {
  const [left, right] = [persistent("a", [n, n]), persistent("b", [n, n])] as const;
  engine.memory.write(left, a);
  engine.memory.write(right, b);
  const tape = new Tape({ keep: true });
  const c = matmul(tape, left, right, { M: n, N: n, K: n });
  const plan = await engine.compile(`matmul ${String(n)}`, tape.calls);
  await tuneAll(engine);
  const check = async (): Promise<number> => {
    const [values] = await engine.memory.read([c]);
    return maxErr(values ?? []);
  };
  return { run: () => engine.run(plan), sync: () => engine.idle(), check };
}

/** The peer. Training and sampling start from the harness's own weights. */
export function nudgePeer({ initWeights, matmulData }: Harness): Peer {
  let engine: Engine;
  let training: Training;
  let steps = 0;
  let longest = 0;
  let size: Size;
  let stream = 0;
  const samplers = new Map<string, Promise<(stream: number) => Promise<number[]>>>();
  const sampler = (kind: string): Promise<(stream: number) => Promise<number[]>> => {
    const extents = { B: BATCHES[kind] ?? 1, P: 1, G: longest };
    const made =
      samplers.get(kind) ??
      prepareSampling(engine, size, extents, training.parameters).then(async ({ rollout }) => {
        await tuneAll(engine);
        return rollout;
      });
    samplers.set(kind, made);
    return made;
  };
  return {
    name: "nudge",
    notes: ["a rollout is read back once, at its end; tokens after an end token are not counted"],
    genKinds: Object.keys(BATCHES),
    info: {},
    async init(config, { variant, gen }) {
      engine = await openVariant(variant);
      size = sizeOf(config);
      longest = Math.min(gen, config.ctx - 1);
      training = await prepareTraining(engine, size);
      const named = Object.entries(initWeights(config));
      const arrays = Object.fromEntries(named.map(([name, [, v]]) => [parameterName(name), v]));
      engine.memory.write(training.parameters.values, flatten(training.parameters, arrays));
      const tuning = await tuneAll(engine);
      this.info = { engine: engine.name, params: training.parameterCount, ...tuning };
    },
    stepNoRead(x, y) {
      queueStep(training, ++steps, x, y);
      return training;
    },
    readLoss: () => lossOf(training),
    step: (x, y) => stepAndRead(training, ++steps, x, y),
    // The length of a rollout is part of its plan, so the short warm-up runs the same plan as the rest.
    async generate(n, kind) {
      const tokens = await (await sampler(kind))(++stream);
      return n < longest ? tokens.slice(0, n) : tokens;
    },
    memory: () => engine.memory.bytes,
    matmul: (n) => product(engine, matmulData(n), n),
  };
}
