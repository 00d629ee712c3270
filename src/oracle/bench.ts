// The bench a case runs on: tensors made from its inputs, a tape, one execution on an engine, results by name.
import type { Engine } from "../plan/engine.ts";
import { Tape } from "../plan/tape.ts";
import type { TapeOptions } from "../plan/tape.ts";
import { persistent } from "../plan/tensor.ts";
import type { DType, Shape, Tensor } from "../plan/tensor.ts";
import { valuesOf } from "./manifest.ts";
import type { OracleCase, Vectors } from "./manifest.ts";

/** Results of a case by the names of the manifest. */
export type Results = Readonly<Record<string, ArrayLike<number>>>;
/** Runs one case with the engine's own ops. */
export type Spec = (bench: Bench) => Results | Promise<Results>;

/** How blocks keep their activations, see TapeOptions. */
export type Activations = "f16" | "f32";
/** The oracle's tolerances are for f32; its README says what they become for f16 storage. */
export const SLACK: Readonly<Record<Activations, number>> = { f32: 1, f16: 200 };

type GpuValues = Float32Array | Uint32Array | Int32Array;

function asDType(values: ArrayLike<number>, dtype: DType): GpuValues {
  if (dtype === "f32" || dtype === "f16") return Float32Array.from(values);
  return dtype === "u32" ? Uint32Array.from(values) : Int32Array.from(values);
}

export class Bench {
  readonly engine: Engine;
  readonly item: OracleCase;
  /** the tape of the next `run`; a new one begins after each */
  tape: Tape;
  /** results may be so many times further off than the case says */
  readonly slack: number;
  private readonly vectors: Vectors;
  private readonly options: TapeOptions;

  constructor(
    engine: Engine,
    item: OracleCase,
    vectors: Vectors,
    activations: Activations = "f32",
  ) {
    this.engine = engine;
    this.item = item;
    this.vectors = vectors;
    this.options = { keep: true, activations };
    this.tape = new Tape(this.options);
    this.slack = SLACK[activations];
  }

  /** A hyper-parameter that must be a number. */
  number(name: string): number {
    const value = this.item.hyper[name];
    if (typeof value !== "number") {
      throw new TypeError(`hyper.${name} is ${JSON.stringify(value)}, expected a number`);
    }
    return value;
  }

  /** A hyper-parameter that may be null: the feature is off. */
  optional(name: string): number | null {
    const value = this.item.hyper[name];
    return value === null || value === undefined ? null : this.number(name);
  }

  flag(name: string): boolean {
    return this.item.hyper[name] === true;
  }

  text(name: string): string {
    return String(this.item.hyper[name]);
  }

  /** Names of the inputs that start with `prefix`, without it, in the order of the manifest. */
  names(prefix: string): string[] {
    return Object.keys(this.item.inputs)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }

  has(name: string): boolean {
    return name in this.item.inputs;
  }

  shape(name: string): Shape {
    return this.entry(name).shape;
  }

  values(name: string): Float32Array | Int32Array {
    return valuesOf(this.vectors.tensor(this.item.file, this.entry(name).tensor));
  }

  /** An input as a constant of the type a kernel wants, by default that of the file. */
  input(name: string, dtype?: DType, shape: Shape = this.shape(name)): Tensor {
    const own = this.entry(name).dtype === "I32" ? "i32" : "f32";
    return this.constant(name, shape, this.values(name), dtype ?? own);
  }

  /** An input whose derivative is wanted. */
  parameter(name: string, shape: Shape = this.shape(name)): Tensor {
    return this.trainable(name, shape, this.values(name));
  }

  /** Given values as a tensor with a derivative. */
  trainable(name: string, shape: Shape, values: ArrayLike<number>): Tensor {
    const tensor = {
      ...this.constant(name, shape, values),
      gradient: persistent(`d${name}`, shape),
    };
    this.tape.train([tensor]);
    return tensor;
  }

  /** Given values as a tensor. */
  constant(name: string, shape: Shape, values: ArrayLike<number>, dtype: DType = "f32"): Tensor {
    const tensor = persistent(name, shape, dtype);
    this.engine.memory.write(tensor, asDType(values, dtype));
    return tensor;
  }

  /** A zeroed tensor. */
  zeros(name: string, shape: Shape): Tensor {
    return persistent(name, shape);
  }

  /** Starts backward: an input holds the derivative of `output`. */
  seed(output: Tensor, name: string): void {
    this.tape.seed(output, this.input(name, "f32", output.shape));
  }

  /** Derives backward, runs the tape on the engine and begins a new one. */
  async execute(): Promise<void> {
    this.tape.backward();
    this.engine.run(await this.engine.compile(this.item.id, this.tape.calls));
    this.tape = new Tape(this.options);
  }

  /** Reads tensors back by name. */
  async read(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, GpuValues>> {
    const names = Object.keys(tensors);
    const values = await this.engine.memory.read(Object.values(tensors));
    return Object.fromEntries(names.map((name, index) => [name, values[index] as GpuValues]));
  }

  /** Executes and reads: the usual end of a spec. */
  async finish(tensors: Readonly<Record<string, Tensor>>): Promise<Record<string, GpuValues>> {
    await this.execute();
    return this.read(tensors);
  }

  private entry(name: string): OracleCase["inputs"][string] {
    const entry = this.item.inputs[name];
    if (entry === undefined) throw new RangeError(`the case has no input "${name}"`);
    return entry;
  }
}

/** The derivative of a parameter made on the bench. */
export function gradient(parameter: Tensor): Tensor {
  if (parameter.gradient === undefined) {
    throw new RangeError(`${parameter.name} is a constant and has no derivative`);
  }
  return parameter.gradient;
}
