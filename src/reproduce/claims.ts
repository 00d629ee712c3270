// The claims of the paper, their bars, and whether the run shows them.
import type { Findings } from "./findings.ts";
import type { Claim } from "./results.ts";
import { jsonOf } from "./stage.ts";
import { CAVEATS, TRIED } from "./tried.ts";
import {
  elements,
  heldOutLabelers,
  order,
  overOptimisationOf,
  reward,
  smallBeatsLarge,
  tax,
  toxic,
  truth,
} from "./claim-checks.ts";
import type { Verdict } from "./claim-checks.ts";

function claim(
  head: Pick<Claim, "id" | "paper" | "section" | "bar">,
  { measured, holds }: Verdict,
): Claim {
  // written about the runs of docs/RESULTS.md: nothing to say of what this run did not measure
  const known =
    holds === "not measured"
      ? {}
      : holds === "yes"
        ? { caveat: CAVEATS[head.id] }
        : { tried: TRIED[head.id] };
  return { ...head, measured, holds, ...(jsonOf(known) as Pick<Claim, "tried" | "caveat">) };
}

/** All claims in the order of the table. */
export function claimsOf(found: Findings): Claim[] {
  return [
    claim(
      {
        id: "order",
        paper: "base < prompted < SFT < PPO ≈ PPO-ptx in preference",
        section: "§4.1, Figure 1",
        bar: "the order at every trained size; PPO-ptx beats SFT with an interval that excludes 50 %",
      },
      order(found),
    ),
    claim(
      {
        id: "small-beats-large",
        paper: "1.3 B InstructGPT is preferred to 175 B GPT-3",
        section: "§1, Figure 1",
        bar: "the smallest aligned model is preferred to a base at least 20 times larger, interval above 50 %",
      },
      smallBeatsLarge(found),
    ),
    claim(
      {
        id: "truth",
        paper: "InstructGPT is more truthful than GPT-3",
        section: "§4.2, Figure 6",
        bar: "false answers of PPO-ptx at most half of the base's",
      },
      truth(found),
    ),
    claim(
      {
        id: "toxicity",
        paper:
          "less toxic with the respectful prefix, not without it, more toxic with the biased one",
        section: "§4.2, Table 14",
        bar: "the direction of each of the three against the base",
      },
      toxic(found),
    ),
    claim(
      {
        id: "tax",
        paper:
          "PPO loses on public tasks; mixing pre-training gradients mends it, raising β does not",
        section: "§4.2, Figures 29, 33, 34",
        bar: "PPO loses; PPO-ptx regains at least half; the largest β alone does not",
      },
      tax(found),
    ),
    claim(
      {
        id: "held-out-labelers",
        paper: "preferences generalise to held-out labelers",
        section: "§4.1, Figure 3",
        bar: "win rates within 5 points of the training labelers'",
      },
      heldOutLabelers(found),
    ),
    claim(
      {
        id: "reward",
        paper:
          "the reward model predicts 72.4 ± 0.4 % of training and 69.6 ± 0.9 % of held-out labelers' choices",
        section: "§4.1, E.2",
        bar: "within 5 points of the labelers' own agreement; labelers left out within 4 points",
      },
      reward(found),
    ),
    claim(
      {
        id: "over-optimisation",
        paper: "without a KL penalty the learned reward is over-optimised",
        section: "Figures 34 and 36",
        bar: "gold peaks and falls while the learned reward rises",
      },
      overOptimisationOf(found),
    ),
    claim(
      {
        id: "elements",
        paper: "all comparisons of a prompt as one element; shuffled pairs overfit in one epoch",
        section: "§3.5",
        bar: "the gap between learned and validation accuracy is larger for pairs, and validation is not better",
      },
      elements(found),
    ),
  ];
}
