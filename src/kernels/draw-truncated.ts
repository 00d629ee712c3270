// Draws the next token of answers that people see: draw.ts with temperature, top-k and top-p as live settings.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { DECODE_STATE } from "./decode.ts";
import { drawSizes, uniformAt } from "./draw.ts";
import type { DrawTensors } from "./draw.ts";
import { pick, SAMPLING } from "./sample.ts";

interface DrawTruncatedSizes {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly V: number;
  /** longest response */
  readonly G: number;
  /** columns of the sequences */
  readonly T: number;
  readonly EOS: number;
  readonly PAD: number;
  /** bit i set: token i < 32 has probability 0 */
  readonly BANNED: number;
}

const drawTruncatedKernel: Kernel<keyof DrawTensors | "sampling", DrawTruncatedSizes> = {
  name: "draw_truncated",
  writes: ["response", "logp", "current", "place"],
  grid: ({ B }) => row(Math.ceil(B / 32)),
  reference(buffers, { B, V, G, T, EOS, PAD, BANNED }) {
    const { logits, state, positions, sampling, response, logp, current, place } = buffers;
    const j = state[DECODE_STATE.drawn]!;
    for (let b = 0; b < B; b++) {
      const done = current[b] === EOS || current[b] === PAD;
      const u = uniformAt(state[DECODE_STATE.seed]!, state[DECODE_STATE.stream]!, b, j);
      const picked = done
        ? { token: PAD, logp: 0 }
        : pick({ logits, knobs: sampling }, b, u, { V, BANNED });
      response[b * G + j] = picked.token;
      logp[b * G + j] = picked.logp;
      current[b] = picked.token;
      place[b] = positions[b * T + Math.min(T - 1, state[DECODE_STATE.column]! + 1)]!;
    }
  },
};

/**
 * One token per sequence, from what top-k and top-p keep at the temperature; `sample` says how. Its log-probability is
 * that under the full distribution at the temperature.
 * @param sampling f32 (3), see SAMPLING
 * @throws RangeError when the shapes disagree.
 */
export function drawTruncated(
  tape: Tape,
  tensors: DrawTensors,
  sampling: Tensor,
  special: { EOS: number; PAD: number; BANNED: number },
): void {
  check(
    size(sampling.shape) === SAMPLING.size,
    `drawTruncated: ${describe(sampling)}, expected temperature, top-k and top-p`,
  );
  tape.call(drawTruncatedKernel, { ...tensors, sampling }, { ...drawSizes(tensors), ...special });
}
