// Sampling as plans: the prompt fills the cache and gives the first token, then one plan per further token.
import { advance, decodeAttention, DECODE_STATE, fillCache } from "../kernels/decode.ts";
import { attention } from "../kernels/attention.ts";
import { columns } from "../kernels/columns.ts";
import { draw } from "../kernels/draw.ts";
import { drawTruncated } from "../kernels/draw-truncated.ts";
import { embedding } from "../kernels/embedding.ts";
import { join } from "../kernels/join.ts";
import type { GptConfig } from "../model/gpt.ts";
import { embedded, trunk, unembed } from "../model/gpt.ts";
import type { Parameters } from "../model/parameters.ts";
import { parameter } from "../model/parameters.ts";
import { Tape } from "../plan/tape.ts";
import type { Guard } from "../plan/tape.ts";
import { check, persistent } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { EOS, PAD, UNK } from "../world/tokenizer.ts";
import type { Sequences } from "./sequences.ts";

/** PAD and UNK are never sampled, and no log-probability counts them. */
export const BANNED = (1 << PAD) | (1 << UNK);

export interface Rollout {
  readonly batch: Sequences;
  /** (B,S,2C) per layer */
  readonly caches: readonly Tensor[];
  /** u32 (5), see DECODE_STATE; written before each rollout */
  readonly state: Tensor;
  /** u32 (B) token to feed next, and its position */
  readonly current: Tensor;
  readonly place: Tensor;
  /** (B,G) log-probability of each drawn token */
  readonly logp: Tensor;
}

/** @throws RangeError when prompts and answers together are longer than the position table. */
export function rollout(label: string, config: GptConfig, batch: Sequences): Rollout {
  const { B, T, P, G } = batch;
  check(
    config.positions === "rope" || T <= config.context,
    `rollout: prompts of ${String(P)} and answers of ${String(G)} tokens, expected at most the context of ${String(config.context)} together`,
  );
  return {
    batch,
    caches: Array.from({ length: config.layers }, (_, i) =>
      persistent(`${label}.cache.${String(i)}`, [B, T, 2 * config.width], "f32", "caches"),
    ),
    state: persistent(`${label}.state`, [DECODE_STATE.size], "u32"),
    current: persistent(`${label}.current`, [B], "u32"),
    place: persistent(`${label}.place`, [B], "u32"),
    logp: persistent(`${label}.logp`, [B, G]),
  };
}

/** What the host writes into `state` before a rollout: the newest column is the prompt's last. */
export function decodeStart(P: number, seed: number, stream: number): Uint32Array {
  return Uint32Array.of(P - 1, 0, seed >>> 0, stream >>> 0, 1);
}

/** 0 once every sequence has ended: then all of a decode step is skipped but writing PAD. */
function unfinished({ state }: Rollout): Guard {
  return { tensor: state, index: DECODE_STATE.unfinished };
}

/** What decides how tokens are drawn. */
export type Dice =
  /** from the full distribution at KNOBS.temperature: all that reinforcement learning uses */
  | { readonly knobs: Tensor }
  /** by temperature, top-k and top-p, f32 (3), see SAMPLING: for answers that people see */
  | { readonly sampling: Tensor };

function drawNext(tape: Tape, run: Rollout, logits: Tensor, dice: Dice): void {
  const { batch, state, current, place, logp } = run;
  const { positions, response } = batch;
  const tensors = { logits, state, positions, response, logp, current, place };
  const special = { EOS, PAD, BANNED };
  if ("knobs" in dice) draw(tape, tensors, dice.knobs, special);
  else drawTruncated(tape, tensors, dice.sampling, special);
  advance(tape, current, state, { EOS, PAD });
}

/** Reads the prompts, fills the caches and draws the first token. */
export function prefillTape(config: GptConfig, p: Parameters, run: Rollout, dice: Dice): Tape {
  const tape = new Tape();
  const { B, P, prompt, promptPositions, promptMask } = run.batch;
  const input = { tokens: prompt, positions: promptPositions, mask: promptMask };
  const mix = (layer: number, qkv: Tensor): Tensor => {
    fillCache(tape, qkv, run.caches[layer] as Tensor, P);
    return attention(tape, qkv, promptMask, B, P, config.heads);
  };
  const hidden = trunk(tape, config, p, embedded(tape, config, p, input), mix);
  const last = columns(tape, hidden, { B, T: P, first: P - 1, count: 1 });
  // guarded although always needed: so it is one program with the decode step's
  const logits = tape.guarded(unfinished(run), () => unembed(tape, config, p, last));
  drawNext(tape, run, logits, dice);
  return tape;
}

/** Feeds the newest token and draws the next one. Replayed G - 1 times; see `unfinished`. */
export function decodeTape(config: GptConfig, p: Parameters, run: Rollout, dice: Dice): Tape {
  const tape = new Tape();
  const { mask } = run.batch;
  const mix = (layer: number, qkv: Tensor): Tensor =>
    decodeAttention(tape, qkv, mask, run.state, run.caches[layer] as Tensor, config.heads);
  const wpe = config.positions === "learned" ? parameter(p, "wpe.weight") : undefined;
  const logits = tape.guarded(unfinished(run), () => {
    const x = embedding(tape, run.current, run.place, parameter(p, "wte.weight"), wpe);
    return unembed(tape, config, p, trunk(tape, config, p, x, mix));
  });
  drawNext(tape, run, logits, dice);
  return tape;
}

/** Puts prompts and responses together for the training forward. */
export function joinTape({ batch }: Rollout): Tape {
  const tape = new Tape();
  join(tape, batch.prompt, batch.response, batch.tokens);
  return tape;
}
