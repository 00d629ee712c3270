// Best-of-n from the PPO initial model by the learned reward: gold and learned value at every n.
import { bestOfN, bestOfNKl } from "../evaluation/over-optimisation.ts";
import { promptTokens, worldData } from "./data.ts";
import type { Form, Size } from "./forms.ts";
import { goldUtility } from "./judging.ts";
import { configOf, openSampler } from "./models.ts";
import { openJudge } from "./reward.ts";
import { jsonOf } from "./stage.ts";
import type { Artefact, Work } from "./stage.ts";

/** The expected best of n by the learned reward: its KL bound, and both rewards. */
export interface BestPoint {
  readonly n: number;
  readonly kl: number;
  readonly learned: number;
  readonly gold: number;
}

/** Samples many answers to each prompt, scores them, and takes the expected best of 1, 2, 4, … */
export async function bestOfMany(
  work: Work,
  { form, size, seed }: { readonly form: Form; readonly size: Size; readonly seed: number },
  init: Float32Array,
  reward: Artefact,
): Promise<Artefact> {
  const prompts = worldData(form).reinforced.slice(-form.bestPrompts);
  const config = configOf(size);
  const sampler = await openSampler(work.engine, config, init, form.columns);
  const judge = await openJudge(work.engine, config, init, reward);
  const sets: { learned: number; gold: number }[][] = [];
  for (const [i, prompt] of prompts.entries()) {
    const asked = Array.from({ length: form.bestSamples }, () => promptTokens(prompt));
    const answers = await sampler.sample(asked, seed + 60, 100 * i);
    const items = answers.map(({ tokens }) => ({ prompt: promptTokens(prompt), tokens }));
    const scores = await judge(items);
    const gold = (n: number): number => goldUtility(prompt, answers[n]?.tokens ?? [], "training");
    sets.push(scores.map((learned, n) => ({ learned, gold: gold(n) })));
    await work.progress((i + 1) / prompts.length);
  }
  const points: BestPoint[] = [];
  for (let n = 1; n <= form.bestSamples; n *= 2) {
    const mean = (of: "learned" | "gold"): number =>
      sets.reduce((sum, set) => {
        return (
          sum +
          bestOfN(
            set.map((one) => ({ by: one.learned, value: one[of] })),
            n,
          )
        );
      }, 0) / sets.length;
    points.push({ n, kl: bestOfNKl(n), learned: mean("learned"), gold: mean("gold") });
  }
  return { data: jsonOf({ points }), tensors: {} };
}
