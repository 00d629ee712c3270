// Which tokens belong to a response: everything up to and including the first EOS, or before its padding.
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly B: number;
  readonly G: number;
  readonly EOS: number;
  readonly PAD: number;
}

export const responseMaskForward: Kernel<
  "response" | "mask" | "length" | "ended" | "last",
  Consts
> = {
  name: "response_mask",
  writes: ["mask", "length", "ended", "last"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference({ response, mask, length, ended, last }, { B, G, EOS, PAD }) {
    for (let b = 0; b < B; b++) {
      const tokens = response.subarray(b * G, (b + 1) * G);
      const padding = tokens.indexOf(PAD);
      const room = padding < 0 ? G : padding;
      const first = tokens.subarray(0, room).indexOf(EOS);
      const count = first < 0 ? room : first + 1;
      for (let j = 0; j < G; j++) mask[b * G + j] = j < count ? 1 : 0;
      length[b] = count;
      ended[b] = first < 0 ? 0 : 1;
      last[b] = Math.max(1, count) - 1;
    }
  },
};

export interface ResponseMask {
  /** (B,G) 1 up to and including the first EOS, or before the padding; 0 after that */
  readonly mask: Tensor;
  /** (B) u32 tokens in the mask */
  readonly length: Tensor;
  /** (B) f32, 1 if the response contains EOS */
  readonly hasEos: Tensor;
  /** (B) u32, length - 1; 0 for a response of padding alone */
  readonly lastIndex: Tensor;
}

/**
 * Masks of responses (B,G) of token ids. Only the response is searched for EOS, never the prompt, and PAD must be
 * another id, or no response would ever be seen to end.
 * @param PAD what fills up a response that was cut before it ended; without it such a response has all G columns
 * @throws RangeError when the response is not (B,G).
 */
export function responseMask(tape: Tape, response: Tensor, EOS: number, PAD = -1): ResponseMask {
  check(
    response.shape.length === 2,
    `responseMask: the response must be (B,G), got ${describe(response)}`,
  );
  const [B = 1, G = 1] = response.shape;
  const mask = tape.scratch("mask", [B, G]);
  const length = tape.scratch("length", [B], "u32");
  const hasEos = tape.scratch("has-eos", [B]);
  const lastIndex = tape.scratch("last-index", [B], "u32");
  const bindings = { response, mask, length, ended: hasEos, last: lastIndex };
  tape.call(responseMaskForward, bindings, { B, G, EOS, PAD });
  return { mask, length, hasEos, lastIndex };
}
