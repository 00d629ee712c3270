// Oracle specs of the reward model's losses and of reward normalisation.
import { centeredPair } from "../kernels/centered-pair.ts";
import { REWARD_STATS, rewardLoss } from "../kernels/reward-loss.ts";
import { rewardMoments, rewardNormalise } from "../kernels/reward-normalise.ts";
import { gradient } from "./bench.ts";
import type { Spec } from "./bench.ts";
import { knobs } from "./knobs.ts";

export const reward: Readonly<Record<string, Spec>> = {
  pairwise_reward: async (bench) => {
    const r = bench.parameter("r");
    const ties = bench.text("ties") === "half" ? "half" : "drop";
    const norm = bench.text("norm") === "all_pairs" ? "all_pairs" : "valid_pairs";
    const options = { ties, norm } as const;
    const present = bench.input("present", "f32");
    const result = rewardLoss(bench.tape, r, bench.input("rank"), present, options);
    const { loss, perPrompt: per_prompt, stats } = result;
    const read = await bench.finish({ loss, per_prompt, stats, "grad/r": gradient(r) });
    const stat = (index: number): number[] => [read["stats"]?.[index] ?? NaN];
    return {
      ...read,
      accuracy: stat(REWARD_STATS.accuracy),
      margin: stat(REWARD_STATS.margin),
      n_pairs: stat(REWARD_STATS.pairs),
    };
  },
  centered_pair: (bench) => {
    const [rc, rr] = [bench.parameter("rc"), bench.parameter("rr")];
    const loss = centeredPair(
      bench.tape,
      rc,
      rr,
      knobs(bench, { centering: bench.number("coef") }),
    );
    return bench.finish({ loss, "grad/rc": gradient(rc), "grad/rr": gradient(rr) });
  },
  reward_normalise: async (bench) => {
    const moments = rewardMoments(bench.tape, bench.input("demo_scores"));
    const scores = bench.input("scores");
    const read = await bench.finish({
      moments,
      out_bias: rewardNormalise(bench.tape, scores, moments),
      out_unit: rewardNormalise(bench.tape, scores, moments, { unit: true }),
    });
    const [bias = NaN, gain = NaN] = read["moments"] ?? [];
    return { ...read, bias: [bias], gain: [gain] };
  },
};
