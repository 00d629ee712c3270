// Generalised advantage estimation over masked responses (Schulman et al. 2016, eq. 16).
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { checkKnobs, KNOBS } from "./knobs.ts";

export const gaeForward: Kernel<
  "rewards" | "values" | "mask" | "bootstrap" | "knobs" | "advantages" | "returns",
  {
    readonly B: number;
    readonly G: number;
    readonly GAMMA: number;
    readonly LAMBDA: number;
    readonly BOOTSTRAP: boolean;
  }
> = {
  name: "gae",
  writes: ["advantages", "returns"],
  grid: ({ B }) => row(Math.ceil(B / 64)),
  reference(buffers, { B, G, GAMMA, LAMBDA, BOOTSTRAP }) {
    const { rewards, values, mask, bootstrap, knobs, advantages, returns } = buffers;
    const gamma = knobs[GAMMA]!;
    const decay = gamma * knobs[LAMBDA]!;
    for (let b = 0; b < B; b++) {
      let advantage = 0;
      let nextValue = BOOTSTRAP ? bootstrap[b]! : 0;
      for (let at = (b + 1) * G - 1; at >= b * G; at--) {
        advantages[at] = 0;
        returns[at] = 0;
        if (mask[at] === 0) continue;
        advantage = rewards[at]! + gamma * nextValue - values[at]! + decay * advantage;
        nextValue = values[at]!;
        advantages[at] = advantage;
        returns[at] = advantage + nextValue;
      }
    }
  },
};

/**
 * Advantages and returns (B,G), both 0 outside the mask; the advantages are not whitened, and returns = advantages
 * + values. After the last masked token the value is 0, or the row's `bootstrap` (truncated responses).
 * @param rewards (B,G)
 * @param values (B,G) of the policy's states; anything outside the mask
 * @param mask (B,G) f32, a prefix of ones
 * @param knobs reads KNOBS.gamma and KNOBS.lambda
 * @throws RangeError when shapes disagree.
 */
export function gae(
  tape: Tape,
  { rewards, values, mask }: { rewards: Tensor; values: Tensor; mask: Tensor },
  knobs: Tensor,
  bootstrap?: Tensor,
): { advantages: Tensor; returns: Tensor } {
  checkKnobs("gae", knobs);
  const [B = 1, G = 1] = mask.shape;
  check(
    mask.shape.length === 2 &&
      [rewards, values].every(({ shape }) => size(shape) === B * G) &&
      (bootstrap === undefined || size(bootstrap.shape) === B),
    `gae: the mask must be (B,G) and everything else fit it, got ${describe(mask)}, ${describe(rewards)} and ${describe(values)}`,
  );
  const advantages = tape.scratch("advantages", [B, G]);
  const returns = tape.scratch("returns", [B, G]);
  tape.call(
    gaeForward,
    { rewards, values, mask, bootstrap: bootstrap ?? mask, knobs, advantages, returns },
    {
      B,
      G,
      GAMMA: KNOBS.gamma,
      LAMBDA: KNOBS.lambda,
      BOOTSTRAP: bootstrap !== undefined,
    },
  );
  return { advantages, returns };
}
