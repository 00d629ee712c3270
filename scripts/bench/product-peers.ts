// How other engines multiply matrices: what each needs of its library, whose packages belong to the harness and not to us.
import type { Product } from "../../src/kernels/matmul.ts";

export interface Operands {
  readonly a: Float32Array<ArrayBuffer>;
  readonly b: Float32Array<ArrayBuffer>;
}

/** A product that is ready to run again and again. */
export interface Running {
  run(): Promise<void> | void;
  /** resolves when all runs have finished on the device */
  sync(): Promise<void>;
  /** (M,N) */
  read(): Promise<ArrayLike<number>>;
  dispose(): Promise<void> | void;
}

export type Maker = (product: Product, operands: Operands) => Promise<Running>;

interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** The part of @jax-js/jax that is used; its operations consume their operands, `.ref` keeps one. */
interface Jax {
  init(device: string): Promise<unknown>;
  defaultDevice(device: string): void;
  blockUntilReady(arrays: readonly JaxArray[]): Promise<unknown>;
  readonly numpy: {
    array(values: Float32Array): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
  };
}

interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

interface Tf {
  setBackend(name: string): Promise<boolean>;
  tensor2d(values: Float32Array, shape: readonly number[]): TfTensor;
  matMul(a: TfTensor, b: TfTensor, ta: boolean, tb: boolean): TfTensor;
  slice(x: TfTensor, begin: readonly number[], size: readonly number[]): TfTensor;
}

interface OrtTensor {
  getData(): Promise<Float32Array>;
  dispose(): void;
}

interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface Ort {
  readonly env: {
    readonly wasm: { wasmPaths: string; numThreads: number };
    readonly webgpu: { readonly device: Promise<GPUDevice> };
  };
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  readonly Tensor: { fromGpuBuffer(buffer: GPUBuffer, options: object): OrtTensor };
}

/** The libraries that were asked for. */
export interface Libraries {
  readonly jaxjs?: Jax;
  readonly tfjs?: Tf;
  readonly ort?: Ort;
}

const shapeA = ({ M, K, TA = false }: Product): number[] => (TA ? [K, M] : [M, K]);
const shapeB = ({ N, K, TB = false }: Product): number[] => (TB ? [N, K] : [K, N]);

/** jax-js: a transposition is a view, which its compiler puts into the kernel. */
export async function jaxMaker(jax: Jax): Promise<Maker> {
  await jax.init("webgpu");
  jax.defaultDevice("webgpu");
  const { numpy: np } = jax;
  return (product, { a, b }) => {
    const { TA = false, TB = false } = product;
    const [x, y] = [np.array(a).reshape(shapeA(product)), np.array(b).reshape(shapeB(product))];
    // it computes when somebody asks: a result that is disposed of before is never computed
    let results: JaxArray[] = [];
    const latest = (): JaxArray => {
      const c = results.at(-1);
      if (c === undefined) throw new Error("nothing was run");
      return c;
    };
    return Promise.resolve({
      run() {
        results.push(np.matmul(TA ? x.ref.transpose() : x.ref, TB ? y.ref.transpose() : y.ref));
      },
      async sync() {
        await jax.blockUntilReady(results);
        for (const each of results.slice(0, -1)) each.dispose();
        results = results.slice(-1);
      },
      read: () => latest().ref.data(),
      dispose() {
        for (const each of [x, y, ...results]) each.dispose();
      },
    });
  };
}

/** TensorFlow.js: transpositions are arguments; one element is read back to wait. */
export async function tfMaker(tf: Tf): Promise<Maker> {
  await tf.setBackend("webgpu");
  return (product, { a, b }) => {
    const { TA = false, TB = false } = product;
    const [x, y] = [tf.tensor2d(a, shapeA(product)), tf.tensor2d(b, shapeB(product))];
    let c: TfTensor | undefined;
    const result = (): TfTensor => {
      if (c === undefined) throw new Error("nothing was run");
      return c;
    };
    return Promise.resolve({
      run() {
        c?.dispose();
        c = tf.matMul(x, y, TA, TB);
      },
      async sync() {
        const one = tf.slice(result(), [0, 0], [1, 1]);
        await one.data();
        one.dispose();
      },
      read: () => result().data(),
      dispose() {
        for (const each of [x, y, c]) each?.dispose();
      },
    });
  };
}

// Protocol buffers as far as an ONNX model of one node needs them: https://protobuf.dev/programming-guides/encoding
const varint = (n: number): number[] =>
  n > 127 ? [(n & 127) | 128, ...varint(Math.floor(n / 128))] : [n];
const bytes = (field: number, content: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(content.length),
  ...content,
];
const number = (field: number, n: number): number[] => [...varint(field * 8), ...varint(n)];
const text = (field: number, s: string): number[] => bytes(field, [...new TextEncoder().encode(s)]);

/** A float matrix of the graph: field numbers of ValueInfoProto, TypeProto and TensorShapeProto in onnx.proto. */
function matrix(field: number, name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((n) => bytes(1, number(1, n)));
  const type = bytes(1, [...number(1, 1), ...bytes(2, dimensions)]);
  return bytes(field, [...text(1, name), ...bytes(2, type)]);
}

/** MatMul has no transpositions, so Gemm does those. */
function onnxModel(product: Product): Uint8Array {
  const { M, N, TA = false, TB = false } = product;
  const attribute = (name: string, on: boolean): number[] =>
    bytes(5, [...text(1, name), ...number(3, on ? 1 : 0), ...number(20, 2)]);
  const kind =
    TA || TB
      ? [...text(4, "Gemm"), ...attribute("transA", TA), ...attribute("transB", TB)]
      : text(4, "MatMul");
  const node = bytes(1, [...text(1, "A"), ...text(1, "B"), ...text(2, "C"), ...kind]);
  const ends = [matrix(11, "A", shapeA(product)), matrix(11, "B", shapeB(product))].flat();
  const graph = bytes(7, [...node, ...text(2, "g"), ...ends, ...matrix(12, "C", [M, N])]);
  return new Uint8Array([...number(1, 8), ...graph, ...bytes(8, number(2, 17))]);
}

/** onnxruntime-web: operands and result stay on the device. */
export function ortMaker(ort: Ort): Maker {
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 2;
  return async (product, { a, b }) => {
    const session = await ort.InferenceSession.create(onnxModel(product), {
      executionProviders: ["webgpu"],
      preferredOutputLocation: "gpu-buffer",
    });
    const device = await ort.env.webgpu.device;
    const upload = (values: Float32Array<ArrayBuffer>, dims: readonly number[]): OrtTensor => {
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
      const buffer = device.createBuffer({ size: values.byteLength, usage });
      device.queue.writeBuffer(buffer, 0, values);
      return ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
    };
    const feeds = { A: upload(a, shapeA(product)), B: upload(b, shapeB(product)) };
    let result: Record<string, OrtTensor> = {};
    return {
      async run() {
        result["C"]?.dispose();
        result = await session.run(feeds);
      },
      sync: () => device.queue.onSubmittedWorkDone().then(() => undefined),
      read: () => result["C"]?.getData() ?? Promise.resolve(new Float32Array()),
      dispose: () => session.release(),
    };
  };
}
