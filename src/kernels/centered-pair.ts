// The loss of one preference pair that also pulls the two rewards towards mean zero (reward centring).
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { check, describe, size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { checkKnobs, KNOBS } from "./knobs.ts";
import { sigmoid, softplus } from "./logistic.ts";
import { meanLoss } from "./reduce.ts";

interface Consts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly CENTERING: number;
}

export const centeredPairForward: Kernel<"rc" | "rr" | "knobs" | "terms", Consts> = {
  name: "centered_pair",
  writes: ["terms"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ rc, rr, knobs, terms }, { N, CENTERING }) {
    for (let i = 0; i < N; i++) {
      terms[2 * i] = softplus(rr[i]! - rc[i]!) + knobs[CENTERING]! * (rc[i]! + rr[i]!) ** 2;
      terms[2 * i + 1] = 1;
    }
  },
};

export const centeredPairBackward: Kernel<
  "rc" | "rr" | "knobs" | "drc" | "drr",
  Consts & { readonly ACCUMULATE_C: boolean; readonly ACCUMULATE_R: boolean }
> = {
  name: "centered_pair_backward",
  writes: ["drc", "drr"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ rc, rr, knobs, drc, drr }, { N, CENTERING, ACCUMULATE_C, ACCUMULATE_R }) {
    for (let i = 0; i < N; i++) {
      const slope = sigmoid(rr[i]! - rc[i]!);
      const pull = 2 * knobs[CENTERING]! * (rc[i]! + rr[i]!);
      drc[i] = (ACCUMULATE_C ? drc[i]! : 0) + (pull - slope) / N;
      drr[i] = (ACCUMULATE_R ? drr[i]! : 0) + (pull + slope) / N;
    }
  },
};

/**
 * loss [] = mean(-log sigmoid(rc - rr)) + centering · mean((rc + rr)²), the weight being KNOBS.centering.
 * @param rc (N) rewards of the preferred responses
 * @param rr (N) rewards of the others
 * @throws RangeError when the two differ in size.
 */
export function centeredPair(tape: Tape, rc: Tensor, rr: Tensor, knobs: Tensor): Tensor {
  const N = size(rc.shape);
  checkKnobs("centeredPair", knobs);
  check(
    size(rr.shape) === N,
    `centeredPair: needs as many rewards on both sides, got ${describe(rc)} and ${describe(rr)}`,
  );
  const consts = { N, CENTERING: KNOBS.centering };
  const terms = tape.scratch("centered-pair.terms", [N, 2]);
  tape.call(centeredPairForward, { rc, rr, knobs, terms }, consts);
  const loss = tape.result("centered-pair", [], rc, rr);
  meanLoss(tape, terms, loss);
  tape.onBackward(loss, () => {
    const unused = (): { tensor: Tensor; ACCUMULATE: boolean } => ({
      tensor: tape.scratch("unused", [N]),
      ACCUMULATE: false,
    });
    const drc = tape.into(rc) ?? unused();
    const drr = tape.into(rr) ?? unused();
    tape.call(
      centeredPairBackward,
      { rc, rr, knobs, drc: drc.tensor, drr: drr.tensor },
      { ...consts, ACCUMULATE_C: drc.ACCUMULATE, ACCUMULATE_R: drr.ACCUMULATE },
    );
  });
  return loss;
}
