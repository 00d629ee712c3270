// Models and token batches of oracle cases, in the layouts the engine trains with.
import { attention } from "../kernels/attention.ts";
import { positionIds } from "../kernels/position.ts";
import { rope } from "../kernels/rope.ts";
import { embedded, gpt, gptSpecs, trunk } from "../model/gpt.ts";
import type { GptConfig, GptInput, Mixer } from "../model/gpt.ts";
import { flatten, layOut, unflatten } from "../model/parameters.ts";
import type { ParameterSpec, Parameters } from "../model/parameters.ts";
import type { DType, Shape, Tensor } from "../plan/tensor.ts";
import type { Bench, Results } from "./bench.ts";
import { tables } from "./sequence.ts";

/** The oracle's `cfg` as the engine's configuration. */
function gptConfig(cfg: Readonly<Record<string, unknown>>): GptConfig {
  const number = (name: string): number => {
    const value = cfg[name];
    if (typeof value !== "number") throw new TypeError(`cfg.${name} is not a number`);
    return value;
  };
  return {
    vocabulary: number("vocab"),
    width: number("d_model"),
    layers: number("n_layer"),
    heads: number("n_head"),
    inner: number("d_ff"),
    context: number("n_ctx"),
    norm: cfg["norm"] as GptConfig["norm"],
    normEps: number("norm_eps"),
    positions: cfg["pos"] as GptConfig["positions"],
    ropeTheta: number("rope_theta"),
    mlp: cfg["mlp"] as GptConfig["mlp"],
    bias: cfg["bias"] === true,
    tied: cfg["tied"] === true,
  };
}

/** A decoder with the parameters of a case. */
export class Model {
  readonly config: GptConfig;
  readonly parameters: Parameters;

  private constructor(config: GptConfig, parameters: Parameters) {
    this.config = config;
    this.parameters = parameters;
  }

  /**
   * The model whose configuration is hyper[config] and whose parameters are the inputs that start with `prefix`.
   * @throws Error when the parameters are not those of the configuration.
   */
  static load(bench: Bench, config: string, prefix: string, trainable: boolean): Model {
    const cfg = bench.item.hyper[config] as Readonly<Record<string, unknown>>;
    const gptCfg = gptConfig(cfg);
    const { width } = gptCfg;
    const head: ParameterSpec[] = [
      { name: "score.weight", shape: [width], std: 0 },
      { name: "score.bias", shape: [1], std: 0 },
    ];
    const specs = [...gptSpecs(gptCfg), ...(cfg["head"] === "scalar" ? head : [])];
    const names = bench.names(prefix);
    const unknown = names.filter((name) => !specs.some((spec) => spec.name === name));
    if (unknown.length > 0) {
      throw new Error(`${prefix}: the model has no parameter ${unknown.join(", ")}`);
    }
    const parameters = layOut(prefix, specs, trainable);
    const arrays = Object.fromEntries(names.map((name) => [name, bench.values(prefix + name)]));
    bench.engine.memory.write(parameters.values, flatten(parameters, arrays));
    const model = new Model(gptCfg, parameters);
    if (trainable) model.train(bench);
    return model;
  }

  /** Declares the parameters on the bench's present tape. */
  train(bench: Bench): void {
    bench.tape.train(this.parameters.tensors.values());
  }

  /** Hidden states (B·T,C) of a batch; rotary models rotate q and k between the projection and attention. */
  hidden(bench: Bench, batch: Batch): Tensor {
    const { config, parameters } = this;
    const { tape } = bench;
    const input = batch.input(bench);
    if (config.positions === "learned") return gpt(tape, config, parameters, input);
    const { B, T } = batch;
    const { heads, width, ropeTheta } = config;
    const angles = tables(bench, T, width / heads, ropeTheta);
    const layout = { heads: 3 * heads, rotated: 2 * heads };
    const mix: Mixer = (_layer, qkv) => {
      const turned = rope(tape, qkv, input.positions, angles, layout);
      return attention(tape, turned, input.mask, B, T, heads);
    };
    return trunk(tape, config, parameters, embedded(tape, config, parameters, input), mix);
  }

  get flatGradients(): Tensor {
    const { gradients, label } = this.parameters;
    if (gradients === undefined) throw new Error(`${label}: the model is frozen`);
    return gradients;
  }

  /** Reads all gradients back under `prefix` + name. */
  gradients(bench: Bench, prefix: string): Promise<Results> {
    return this.named(bench, this.flatGradients, prefix);
  }

  /** Reads all parameters back under `prefix` + name. */
  values(bench: Bench, prefix: string): Promise<Results> {
    return this.named(bench, this.parameters.values, prefix);
  }

  private async named(bench: Bench, flat: Tensor, prefix: string): Promise<Results> {
    const { all } = await bench.read({ all: flat });
    const arrays = Object.entries(unflatten(this.parameters, Float32Array.from(all ?? [])));
    return Object.fromEntries(arrays.map(([name, values]) => [prefix + name, values]));
  }
}

/** Token ids with masks, (B,T); a leading axis of sequences per prompt is folded into B. */
export class Batch {
  readonly B: number;
  readonly T: number;
  private readonly ids: Int32Array;
  private readonly mask: Int32Array;
  private readonly lossMask: Int32Array;

  private constructor(T: number, ids: Int32Array, mask: Int32Array, lossMask: Int32Array) {
    this.B = ids.length / T;
    this.T = T;
    this.ids = ids;
    this.mask = mask;
    this.lossMask = lossMask;
  }

  /**
   * The batch of the inputs ids, mask and loss_mask with a prefix ("ptx_") or a suffix ("_left").
   * @param step index along a leading axis of steps
   */
  static of(bench: Bench, affix: string, step?: number): Batch {
    const name = (base: string): string => (affix.endsWith("_") ? affix + base : base + affix);
    const shape = bench.shape(name("ids"));
    const values = (base: string): Int32Array => {
      const all = Int32Array.from(bench.has(base) ? bench.values(base) : []);
      const length = step === undefined ? all.length : all.length / (shape[0] ?? 1);
      return all.subarray((step ?? 0) * length, ((step ?? 0) + 1) * length);
    };
    const T = shape.at(-1) ?? 1;
    return new Batch(T, values(name("ids")), values(name("mask")), values(name("loss_mask")));
  }

  /** What a model reads: tokens, positions and key mask. */
  input(bench: Bench): GptInput {
    const tokens = bench.constant("ids", [this.B, this.T], this.ids, "i32");
    const mask = this.keyMask(bench, "u32");
    return { tokens, mask, positions: positionIds(bench.tape, mask) };
  }

  keyMask(bench: Bench, dtype: DType): Tensor {
    return bench.constant("mask", [this.B, this.T], this.mask, dtype);
  }

  /** (B,T) the token that follows each position; 0 at the end. */
  nextTokens(bench: Bench): Tensor {
    return bench.constant("targets", [this.B, this.T], this.shifted(this.ids), "i32");
  }

  /** (B,T) whether that token counts. */
  nextMask(bench: Bench): Tensor {
    return bench.constant("loss mask", [this.B, this.T], this.shifted(this.lossMask));
  }

  /** Rows b·T + t of all real tokens, in order. */
  realRows(): number[] {
    return [...this.mask.keys()].filter((row) => this.mask[row] === 1);
  }

  /** (B) u32 column of the last real token. */
  lastIndex(bench: Bench): Tensor {
    const last = Array.from({ length: this.B }, (_, b) =>
      this.mask.subarray(b * this.T, (b + 1) * this.T).lastIndexOf(1),
    );
    return bench.constant("last", [this.B], last, "u32");
  }

  /** Tokens (B,G) and mask (B,G) of the columns after the prompt. */
  response(bench: Bench, prompt: number): { tokens: Tensor; mask: Tensor; shape: Shape } {
    const G = this.T - prompt;
    const shape = [this.B, G];
    const part = (values: Int32Array): number[] =>
      this.grid(G, (b, j) => values[b * this.T + prompt + j] ?? 0);
    return {
      shape,
      tokens: bench.constant("response", shape, part(this.ids), "i32"),
      mask: bench.constant("response mask", shape, part(this.mask)),
    };
  }

  private grid(G: number, value: (b: number, j: number) => number): number[] {
    return Array.from({ length: this.B * G }, (_, i) => value(Math.floor(i / G), i % G));
  }

  private shifted(values: Int32Array): Int32Array {
    return values.map((_, i) => (i % this.T === this.T - 1 ? 0 : (values[i + 1] ?? 0)));
  }
}
