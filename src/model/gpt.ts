// The decoder: forward code that runs once on a tape (GPT-2 by default, Llama-style parts by configuration).
import { geluErf, swiglu } from "../kernels/activation.ts";
import { attention } from "../kernels/attention.ts";
import { dropoutDrawn } from "../kernels/dropout-drawn.ts";
import type { Dropout } from "../kernels/dropout-drawn.ts";
import { embedding } from "../kernels/embedding.ts";
import { layernorm } from "../kernels/layernorm.ts";
import { feedForward, linear, matmul } from "../kernels/matmul.ts";
import { rmsnorm } from "../kernels/rmsnorm.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import type { ParameterSpec, Parameters } from "./parameters.ts";
import { parameter } from "./parameters.ts";

export interface GptConfig {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  /** inner width of the feed-forward part; 4 C in GPT-2 */
  readonly inner: number;
  /** longest sequence: rows of the position table */
  readonly context: number;
  readonly norm: "layernorm" | "rmsnorm";
  readonly normEps: number;
  readonly positions: "learned" | "rope";
  readonly ropeTheta: number;
  readonly mlp: "gelu_tanh" | "gelu_erf" | "swiglu";
  readonly bias: boolean;
  readonly tied: boolean;
}

/** GPT-2's choices at a given size. Throws when the width does not divide into heads. */
export function gpt2(
  vocabulary: number,
  width: number,
  layers: number,
  heads: number,
  context: number,
): GptConfig {
  check(
    width % heads === 0,
    `gpt: width ${String(width)} must be a multiple of the ${String(heads)} heads`,
  );
  return {
    vocabulary,
    width,
    layers,
    heads,
    inner: 4 * width,
    context,
    norm: "layernorm",
    normEps: 1e-5,
    positions: "learned",
    ropeTheta: 10000,
    mlp: "gelu_tanh",
    bias: true,
    tied: true,
  };
}

/**
 * Parameters with their initial scales. wte has std 1/sqrt(C), not GPT-2's 0.02: at this size the small
 * embeddings keep the model from reading its prompt for millions of tokens (docs/LOG.md).
 */
export function gptSpecs(config: GptConfig): ParameterSpec[] {
  const { vocabulary: V, width: C, layers, inner: F, bias, norm, mlp } = config;
  const std = Math.min(0.05, 1 / Math.sqrt(C));
  const out = 0.02 / Math.sqrt(2 * layers);
  const affine = (name: string): ParameterSpec[] => [
    { name: `${name}.weight`, shape: [C], std: 0, fill: 1 },
    ...(norm === "layernorm" ? [{ name: `${name}.bias`, shape: [C], std: 0 }] : []),
  ];
  const dense = (name: string, rows: number, columns: number, scale: number): ParameterSpec[] => [
    { name: `${name}.weight`, shape: [rows, columns], std: scale },
    ...(bias ? [{ name: `${name}.bias`, shape: [columns], std: 0 }] : []),
  ];
  const specs: ParameterSpec[] = [{ name: "wte.weight", shape: [V, C], std: 1 / Math.sqrt(C) }];
  if (config.positions === "learned") {
    specs.push({ name: "wpe.weight", shape: [config.context, C], std: 0.02 });
  }
  for (let i = 0; i < layers; i++) {
    const h = `h.${String(i)}`;
    specs.push(...affine(`${h}.ln_1`), ...dense(`${h}.attn.c_attn`, C, 3 * C, std));
    specs.push(...dense(`${h}.attn.c_proj`, C, C, out), ...affine(`${h}.ln_2`));
    if (mlp === "swiglu") {
      specs.push({ name: `${h}.mlp.gate.weight`, shape: [C, F], std });
      specs.push({ name: `${h}.mlp.up.weight`, shape: [C, F], std });
      specs.push({ name: `${h}.mlp.down.weight`, shape: [F, C], std: out });
    } else {
      specs.push(...dense(`${h}.mlp.c_fc`, C, F, std), ...dense(`${h}.mlp.c_proj`, F, C, out));
    }
  }
  specs.push(...affine("ln_f"));
  if (!config.tied) specs.push({ name: "lm_head.weight", shape: [V, C], std: 0.02 });
  return specs;
}

/** What the forward pass reads besides parameters. */
export interface GptInput {
  /** token ids (B,T) */
  readonly tokens: Tensor;
  /** positions u32 (B,T): exclusive cumulative sum of the mask */
  readonly positions: Tensor;
  /** key mask u32 (B,T), 1 = real token */
  readonly mask: Tensor;
}

/** How one block mixes information between positions; decoding puts a cache here. */
export type Mixer = (layer: number, qkv: Tensor) => Tensor;

function normed(tape: Tape, config: GptConfig, p: Parameters, name: string, x: Tensor): Tensor {
  const weight = parameter(p, `${name}.weight`);
  return config.norm === "layernorm"
    ? layernorm(tape, x, weight, parameter(p, `${name}.bias`), config.normEps)
    : rmsnorm(tape, x, weight, config.normEps);
}

function biasOf(config: GptConfig, p: Parameters, name: string): Tensor | undefined {
  return config.bias ? parameter(p, `${name}.bias`) : undefined;
}

/** The feed-forward part of x, on top of y where it is given. */
function mlp(
  tape: Tape,
  config: GptConfig,
  p: Parameters,
  h: string,
  [x, y]: readonly [Tensor, Tensor | undefined],
): Tensor {
  const weight = (name: string): Tensor => parameter(p, `${h}.mlp.${name}.weight`);
  if (config.mlp === "swiglu") {
    const gate = linear(tape, x, weight("gate"));
    const up = linear(tape, x, weight("up"));
    return linear(tape, swiglu(tape, gate, up), weight("down"), undefined, y);
  }
  const [up, upBias] = [weight("c_fc"), biasOf(config, p, `${h}.mlp.c_fc`)];
  const [down, downBias] = [weight("c_proj"), biasOf(config, p, `${h}.mlp.c_proj`)];
  if (config.mlp === "gelu_tanh") return feedForward(tape, x, { up, upBias, down, downBias }, y);
  return linear(tape, geluErf(tape, linear(tape, x, up, upBias)), down, downBias, y);
}

/** Adds a branch to the residual stream: by its last product, or after dropout, which stands between the two. */
type Join = (stream: Tensor, branch: (onto?: Tensor) => Tensor) => Tensor;

/** How a plan adds its branches, each dropout at a site of its own; site 0 is the embeddings'. */
function joins(tape: Tape, dropout: Dropout | undefined): Join {
  if (dropout === undefined) return (stream, branch) => branch(stream);
  let site = 0;
  return (stream, branch) => dropoutDrawn(tape, branch(), dropout, ++site, stream);
}

/** Blocks and final norm over an embedded sequence (R,C) -> hidden states (R,C). */
export function trunk(
  tape: Tape,
  config: GptConfig,
  p: Parameters,
  embedded: Tensor,
  mix: Mixer,
  dropout?: Dropout,
): Tensor {
  const join = joins(tape, dropout);
  let x = embedded;
  for (let i = 0; i < config.layers; i++) {
    const h = `h.${String(i)}`;
    x = tape.block(h, () => {
      const weight = (name: string): Tensor => parameter(p, `${h}.attn.${name}.weight`);
      const bias = (name: string): Tensor | undefined => biasOf(config, p, `${h}.attn.${name}`);
      const normal = normed(tape, config, p, `${h}.ln_1`, x);
      const qkv = linear(tape, normal, weight("c_attn"), bias("c_attn"));
      const mixed = mix(i, qkv);
      const y = join(x, (onto) => linear(tape, mixed, weight("c_proj"), bias("c_proj"), onto));
      const again = normed(tape, config, p, `${h}.ln_2`, y);
      return join(y, (onto) => mlp(tape, config, p, h, [again, onto]));
    });
  }
  return normed(tape, config, p, "ln_f", x);
}

/** Token (and learned position) embeddings (B*T, C). */
export function embedded(tape: Tape, config: GptConfig, p: Parameters, input: GptInput): Tensor {
  const wpe = config.positions === "learned" ? parameter(p, "wpe.weight") : undefined;
  return embedding(tape, input.tokens, input.positions, parameter(p, "wte.weight"), wpe);
}

/**
 * Hidden states (B*T, C) of a batch of sequences.
 * @param dropout of the embeddings' sum and of both residual branches (GPT-2's), in training plans alone
 * @throws RangeError when the sequences are longer than the position table.
 */
export function gpt(
  tape: Tape,
  config: GptConfig,
  p: Parameters,
  input: GptInput,
  dropout?: Dropout,
): Tensor {
  const [B = 0, T = 0] = input.tokens.shape;
  check(
    config.positions === "rope" || T <= config.context,
    `gpt: ${describe(input.tokens)} is longer than the context of ${String(config.context)} tokens`,
  );
  const mix: Mixer = (_layer, qkv) => attention(tape, qkv, input.mask, B, T, config.heads);
  const all = embedded(tape, config, p, input);
  const x = dropout === undefined ? all : dropoutDrawn(tape, all, dropout, 0);
  return trunk(tape, config, p, x, mix, dropout);
}

/** The matrix (V,C) that logits are hidden states times: the tied word embeddings, or lm_head. */
export function unembedding(config: GptConfig, p: Parameters): Tensor {
  return parameter(p, config.tied ? "wte.weight" : "lm_head.weight");
}

/** Logits (R,V) of hidden states (R,C). */
export function unembed(tape: Tape, config: GptConfig, p: Parameters, hidden: Tensor): Tensor {
  const weight = unembedding(config, p);
  const [R = 0, C = 0] = hidden.shape;
  return matmul(tape, hidden, weight, { M: R, N: config.vocabulary, K: C, TB: true });
}
