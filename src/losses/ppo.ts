// PPO's clipped policy loss (Schulman et al. 2017, eq. 7); the value model has its own in ppo-value.ts.
import { k3 } from "../kernels/kl.ts";
import { checkKnobs, KNOBS } from "../kernels/knobs.ts";
import { meanLoss } from "../kernels/reduce.ts";
import type { Means } from "../kernels/reduce.ts";
import { row } from "../plan/kernel.ts";
import type { Kernel } from "../plan/kernel.ts";
import type { Tape } from "../plan/tape.ts";
import { size } from "../plan/tensor.ts";
import type { Tensor } from "../plan/tensor.ts";
import { sameSize, unused } from "./loss.ts";
import type { Loss } from "./loss.ts";

interface PolicyConsts {
  readonly [name: string]: number | boolean;
  readonly N: number;
  readonly CLIP: number;
  readonly ENTROPY: number;
}

/** Index of each statistic of `ppoPolicyLoss`: masked means, then the count, then maxima over the mask. */
export const POLICY_STATS = {
  /** policyLoss minus the entropy bonus: what is differentiated */
  loss: 0,
  policyLoss: 1,
  entropy: 2,
  /** mean of (lp - lpOld)² / 2 */
  approxKlK2: 3,
  /** mean of ratio - 1 - (lp - lpOld) */
  approxKlK3: 4,
  /** share of tokens whose clipped branch is active */
  clipFraction: 5,
  ratioMean: 6,
  tokens: 7,
  ratioMax: 8,
  /** largest |ratio - 1|: 0 before the first update, or rollout and update disagree */
  ratioError: 9,
} as const;
const POLICY_COLUMNS = 10;
// exp of more overflows f32 soon after; a ratio that far away is lost anyway
const LARGEST = 80;

/** Ratio of one token and its two surrogate losses, unclipped and clipped. */
function surrogate(
  lp: number,
  old: number,
  advantage: number,
  clip: number,
): { diff: number; ratio: number; pg1: number; pg2: number } {
  const diff = Math.min(LARGEST, Math.max(-LARGEST, lp - old));
  const ratio = Math.exp(diff);
  const pg2 = -advantage * Math.min(1 + clip, Math.max(1 - clip, ratio));
  return { diff, ratio, pg1: -advantage * ratio, pg2 };
}

export const ppoPolicyForward: Kernel<
  "lp" | "old" | "advantages" | "mask" | "entropy" | "knobs" | "terms",
  PolicyConsts
> = {
  name: "loss_ppo_policy",
  writes: ["terms"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference({ lp, old, advantages, mask, entropy, knobs, terms }, { N, CLIP, ENTROPY }) {
    terms.fill(0, 0, N * POLICY_COLUMNS);
    for (let i = 0; i < N; i++) {
      if (mask[i] === 0) continue;
      const { diff, ratio, pg1, pg2 } = surrogate(lp[i]!, old[i]!, advantages[i]!, knobs[CLIP]!);
      const loss = Math.max(pg1, pg2);
      const total = loss - knobs[ENTROPY]! * entropy[i]!;
      const means = [total, loss, entropy[i]!, (diff * diff) / 2, k3(-diff), pg2 > pg1 ? 1 : 0];
      terms.set([...means, ratio, 1, ratio, Math.abs(ratio - 1)], i * POLICY_COLUMNS);
    }
  },
};

export const ppoPolicyBackward: Kernel<
  "lp" | "old" | "advantages" | "mask" | "knobs" | "sums" | "dlp" | "dentropy",
  PolicyConsts & { readonly ACCUMULATE_LP: boolean; readonly ACCUMULATE_ENTROPY: boolean }
> = {
  name: "loss_ppo_policy_backward",
  writes: ["dlp", "dentropy"],
  grid: ({ N }) => row(Math.ceil(N / 64)),
  reference(buffers, { N, CLIP, ENTROPY, ACCUMULATE_LP, ACCUMULATE_ENTROPY }) {
    const { lp, old, advantages, mask, knobs, sums, dlp, dentropy } = buffers;
    for (let i = 0; i < N; i++) {
      const share = mask[i] === 0 ? 0 : 1 / Math.max(1, sums[POLICY_STATS.tokens]!);
      const { pg1, pg2 } =
        share === 0 ? { pg1: 0, pg2: 0 } : surrogate(lp[i]!, old[i]!, advantages[i]!, knobs[CLIP]!);
      // the slope of -A·ratio in lp is itself; a clipped ratio has none
      dlp[i] = (ACCUMULATE_LP ? dlp[i]! : 0) + (pg2 > pg1 ? 0 : pg1 * share);
      dentropy[i] = (ACCUMULATE_ENTROPY ? dentropy[i]! : 0) - knobs[ENTROPY]! * share;
    }
  },
};

export interface PolicyInputs {
  /** log-probabilities under the policy being trained; (B,G) like everything else here */
  readonly lp: Tensor;
  /** under the policy that sampled */
  readonly lpOld: Tensor;
  /** used as given; whiten them first */
  readonly advantages: Tensor;
  /** f32, 1 = response token; anything may stand outside the mask in the other inputs */
  readonly mask: Tensor;
  /** entropy of the policy being trained, per token */
  readonly entropy: Tensor;
}

/**
 * What ppoPolicyLoss measures, with no derivative: how far any policy update has moved from where its answers
 * were drawn. Other losses report their ratio, approximate KL and entropy with it.
 * @param stats (10) where the statistics go; see POLICY_STATS
 */
export function ppoPolicyStats(
  tape: Tape,
  { lp, lpOld, advantages, mask, entropy }: PolicyInputs,
  knobs: Tensor,
  stats?: Tensor,
  loss: Tensor = tape.scratch("policy-loss", []),
): Means {
  checkKnobs("ppoPolicyLoss", knobs);
  const N = sameSize("ppoPolicyLoss", [lp, lpOld, advantages, mask, entropy]);
  const terms = tape.scratch("ppo.terms", [N, POLICY_COLUMNS]);
  tape.call(
    ppoPolicyForward,
    { lp, old: lpOld, advantages, mask, entropy, knobs, terms },
    { N, CLIP: KNOBS.clip, ENTROPY: KNOBS.entropyCoefficient },
  );
  return meanLoss(tape, terms, loss, { maxima: 2, stats });
}

/**
 * M(max(-A ratio, -A clip(ratio, 1 ± clip))) - entropyCoefficient · M(entropy), M the mean over the mask and
 * ratio = exp(lp - lpOld). Backward reaches lp and entropy.
 * @param knobs reads KNOBS.clip and KNOBS.entropyCoefficient
 * @param stats (10) where the statistics go; see POLICY_STATS
 * @throws RangeError when sizes differ.
 */
export function ppoPolicyLoss(
  tape: Tape,
  inputs: PolicyInputs,
  knobs: Tensor,
  stats?: Tensor,
): Loss {
  const { lp, lpOld, advantages, mask, entropy } = inputs;
  const loss = tape.result("policy-loss", [], lp, entropy);
  const means = ppoPolicyStats(tape, inputs, knobs, stats, loss);
  const N = size(lp.shape);
  tape.onBackward(loss, () => {
    const dlp = tape.into(lp) ?? unused(tape, N);
    const dentropy = tape.into(entropy) ?? unused(tape, N);
    const { sums } = means;
    tape.call(
      ppoPolicyBackward,
      { lp, old: lpOld, advantages, mask, knobs, sums, dlp: dlp.tensor, dentropy: dentropy.tensor },
      {
        N,
        CLIP: KNOBS.clip,
        ENTROPY: KNOBS.entropyCoefficient,
        ACCUMULATE_LP: dlp.ACCUMULATE,
        ACCUMULATE_ENTROPY: dentropy.ACCUMULATE,
      },
    );
  });
  return { loss, stats: means.stats };
}
