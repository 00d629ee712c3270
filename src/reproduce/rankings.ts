// Rankings as a stage: K samples of the PPO initial model to each prompt, ranked by simulated labelers.
import type { GptConfig } from "../model/gpt.ts";
import type { TokenRanking } from "../rlhf/session/reward-trainer.ts";
import type { DataPrompt, Labeler } from "../world/dataset/index.ts";
import { Rng } from "../world/index.ts";
import { hashText } from "../world/rng.ts";
import { promptTokens, worldData } from "./data.ts";
import type { Form } from "./forms.ts";
import { rankedBy } from "./judging.ts";
import type { Tokens } from "./judging.ts";
import { openSampler } from "./models.ts";
import type { Artefact, Json, Work } from "./stage.ts";

/** K answers to a prompt with the ranks that labelers gave. */
export interface Ranked {
  readonly prompt: string;
  readonly answers: readonly Tokens[];
  readonly labeler: string;
  readonly ranks: readonly number[];
  /** a second training labeler and a held-out one, on validation prompts alone */
  readonly second?: readonly number[];
  readonly heldOut?: { readonly labeler: string; readonly ranks: readonly number[] };
}

/** What the stage of rankings leaves. */
export interface Rankings {
  readonly training: readonly Ranked[];
  readonly validation: readonly Ranked[];
}

/** The rankings of several rounds as one list of each kind. */
export const joined = (rounds: readonly Rankings[]): Rankings => ({
  training: rounds.flatMap(({ training }) => training),
  validation: rounds.flatMap(({ validation }) => validation),
});

/** Samples K different answers to each prompt and has them ranked. */
export async function makeRankings(
  work: Work,
  form: Form,
  config: GptConfig,
  model: Float32Array,
  seed: number,
): Promise<Artefact> {
  const { ranked, rankedValidation, labelers } = worldData(form);
  const prompts = [...ranked, ...rankedValidation];
  const [, most] = form.answers;
  const sampler = await openSampler(work.engine, config, model, form.columns);
  const asked = prompts.flatMap((one) => Array.from({ length: most }, () => promptTokens(one)));
  const portion = 32 * most;
  const answers: Tokens[] = [];
  for (let first = 0; first < asked.length; first += portion) {
    const part = await sampler.sample(asked.slice(first, first + portion), seed + 31, first);
    answers.push(...part.map(({ tokens }) => tokens));
    await work.progress(answers.length / asked.length);
  }
  const all = prompts.map((prompt, i): Ranked => {
    const shown = different(answers.slice(i * most, (i + 1) * most), drawnK(form, prompt, seed));
    const own = rankedBy(labelers.training, prompt, shown, `rank ${seed}`);
    const base = { prompt: prompt.id, answers: shown, ...own };
    return i < ranked.length ? base : { ...base, ...others(labelers, prompt, shown) };
  });
  const data: Rankings = {
    training: all.slice(0, ranked.length),
    validation: all.slice(ranked.length),
  };
  return { data: data as unknown as Json, tensors: {} };
}

function others(
  { training, heldOut }: { training: readonly Labeler[]; heldOut: readonly Labeler[] },
  prompt: DataPrompt,
  shown: readonly Tokens[],
): Pick<Ranked, "second" | "heldOut"> {
  const second = rankedBy(training, prompt, shown, "second");
  return { second: second.ranks, heldOut: rankedBy(heldOut, prompt, shown, "held-out") };
}

const drawnK = ({ answers: [least, most] }: Form, { id }: DataPrompt, seed: number): number =>
  least + new Rng(hashText(`K ${seed} ${id}`)).int(most - least + 1);

function different(answers: readonly Tokens[], k: number): Tokens[] {
  return [...new Map(answers.map((tokens) => [tokens.join(" "), tokens])).values()].slice(0, k);
}

/** Rankings as the trainer wants them; `keep` chooses among them. */
export function tokenRankings(form: Form, rankings: readonly Ranked[]): TokenRanking[] {
  const byId = new Map(worldData(form).dataset.prompts.map((one) => [one.id, one]));
  return rankings.flatMap(({ prompt, answers, ranks }) => {
    const found = byId.get(prompt);
    if (found === undefined || answers.length < 2) return [];
    return [{ prompt: promptTokens(found), completions: answers, ranks }];
  });
}
