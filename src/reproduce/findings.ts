// What the stages of a run found, by model: answers, comparisons, ratings, automatic scores; absent where nothing ran.
import { winRate, winRateGap } from "../evaluation/preference.ts";
import type { Comparison, WinRate } from "../evaluation/preference.ts";
import { pairAccuracy } from "../evaluation/reward-model.ts";
import type { ScoredRanking } from "../evaluation/reward-model.ts";
import type { Estimate } from "../evaluation/intervals.ts";
import type { RatedAnswer } from "../evaluation/ratings.ts";
import { gptSpecs } from "../model/gpt.ts";
import { layOut, parameterCount } from "../model/parameters.ts";
import type { DataPrompt } from "../world/dataset/index.ts";
import type { Automatic, CustomerAnswers } from "./asking.ts";
import { worldData } from "./data.ts";
import { judgeOf, roundsOf, servedBy } from "./forms.ts";
import type { Form, Kind, Size } from "./forms.ts";
import { compared, rated } from "./judging.ts";
import { configOf } from "./models.ts";
import { names } from "./names.ts";
import type { RewardData } from "./reward.ts";
import type { RunData } from "./reinforce.ts";
import type { Made } from "./runner.ts";
import { joined } from "./rankings.ts";
import type { Ranked, Rankings } from "./rankings.ts";

/** A model by its size and kind; its seeds are pooled. */
export interface Model {
  readonly size: string;
  readonly kind: Kind;
}
export type Customers = keyof CustomerAnswers;
export type Group = "training" | "heldOut";

/** What a stage found, with its seed: results of two models are compared seed against the same seed. */
export type Seeded<T> = T & { readonly seed: number };

/** Reads what was made; everything is undefined that was not. */
export class Findings {
  readonly form: Form;
  readonly seeds: readonly number[];
  readonly made: Made;
  private readonly memory = new Map<string, unknown>();

  constructor(form: Form, seeds: readonly number[], made: Made) {
    this.form = form;
    this.seeds = seeds;
    this.made = made;
  }

  /** The data of a stage, or undefined when it was not run. */
  data(stage: string): unknown {
    if (!this.made.records.has(stage)) return undefined;
    return this.once(stage, (): unknown => this.made.artefact(stage).data);
  }

  size(name: string): Size {
    const found = this.form.sizes.find((one) => one.name === name);
    if (found === undefined) throw new Error(`reproduce: no size ${name}`);
    return found;
  }

  parameters(name: string): number {
    return parameterCount(layOut("counted", gptSpecs(configOf(this.size(name))), false));
  }

  /** Models that were asked, smaller sizes first. */
  models(): Model[] {
    const sizes = [...this.form.sizes].sort((a, b) => a.width - b.width);
    return sizes.flatMap((size) =>
      (["base", ...size.kinds] as const)
        .map((kind) => ({ size: size.name, kind }))
        .filter((one) => this.answers(one).length > 0),
    );
  }

  /** Answers to customers' prompts, by seed. */
  answers({ size, kind }: Model): { readonly seed: number; readonly answers: CustomerAnswers }[] {
    return this.seeds.flatMap((seed) => {
      const answers = this.data(names.customers(size, kind, seed)) as CustomerAnswers | undefined;
      return answers === undefined ? [] : [{ seed, answers }];
    });
  }

  /** Automatic evaluations, by seed. */
  automatic({ size, kind }: Model): Seeded<Automatic>[] {
    return this.bySeed((seed) => names.automatic(size, kind, seed));
  }

  /** The suite of a variation's final policy, by seed. */
  variedSuite(name: string): Seeded<Pick<Automatic, "suite" | "corpusLoss">>[] {
    return this.bySeed((seed) => names.variationSuite(this.form.studied, name, seed));
  }

  private bySeed<T>(nameOf: (seed: number) => string): Seeded<T>[] {
    return this.seeds.flatMap((seed) => {
      const data = this.data(nameOf(seed)) as T | undefined;
      return data === undefined ? [] : [{ ...data, seed }];
    });
  }

  prompts(customers: Customers): readonly DataPrompt[] {
    const data = worldData(this.form);
    return customers === "heldOut" ? data.heldOut : data.training;
  }

  /** All judges' choices between two models, seed against the same seed. */
  comparisons(mine: Model, other: Model, customers: Customers, group: Group): Comparison[] {
    const key = `compare ${mine.size} ${mine.kind} ${other.size} ${other.kind} ${customers} ${group}`;
    return this.once(key, () => {
      const labelers = worldData(this.form).labelers[group];
      const others = new Map(this.answers(other).map((one) => [one.seed, one.answers]));
      return this.answers(mine).flatMap(({ seed, answers }) => {
        const rival = others.get(seed);
        if (rival === undefined) return [];
        const prompts = this.prompts(customers);
        return compared(prompts, answers[customers], rival[customers], labelers, this.form.judges);
      });
    });
  }

  /** Win rate of a model against another, or undefined where one of them was not asked. */
  winRate(
    mine: Model,
    other: Model,
    customers: Customers = "heldOut",
    group: Group = "training",
  ): WinRate | undefined {
    const list = this.comparisons(mine, other, customers, group);
    return list.length === 0 ? undefined : winRate(list);
  }

  /** How much more often held-out labelers prefer a model to another than training labelers do, on the same prompts. */
  labelerGap(mine: Model, other: Model): Estimate | undefined {
    const [own, others] = (["training", "heldOut"] as const).map((group) =>
      this.comparisons(mine, other, "heldOut", group),
    );
    if (own === undefined || others === undefined) return undefined;
    return own.length === 0 || others.length === 0 ? undefined : winRateGap(others, own);
  }

  ratings(
    model: Model,
    customers: Customers = "heldOut",
    group: Group = "training",
  ): RatedAnswer[] {
    return this.once(`rate ${model.size} ${model.kind} ${customers} ${group}`, () => {
      const labelers = worldData(this.form).labelers[group];
      return this.answers(model).flatMap(({ answers }) =>
        rated(this.prompts(customers), answers[customers], labelers, this.form.judges),
      );
    });
  }

  /** The rankings of a round. */
  rankings(size: string, seed: number, round = 1): Rankings | undefined {
    return this.data(names.rankings(size, seed, round)) as Rankings | undefined;
  }

  /** The rankings of all rounds of which there are any, as the reward model has them. */
  allRankings(size: string, seed: number): Rankings {
    return joined(roundsOf(this.form).flatMap((round) => this.rankings(size, seed, round) ?? []));
  }

  reward(size: string, seed: number): RewardData | undefined {
    return this.data(names.reward(size, seed)) as RewardData | undefined;
  }

  runData(size: string, name: string): RunData[] {
    return this.seeds.flatMap(
      (seed) => (this.data(names.variation(size, name, seed)) as RunData | undefined) ?? [],
    );
  }

  /**
   * Accuracy of the reward model that serves a size on that size's answers to validation prompts, with the ranks
   * of a group; of all rounds' answers, or of one round's.
   */
  rewardAccuracy(size: string, group: Group, round?: number): Estimate | undefined {
    const { form } = this;
    const [answered] = form.sizes.filter(({ name }) => name === size);
    if (answered === undefined) return undefined;
    const judge = judgeOf(form, answered);
    const place = servedBy(form, judge).indexOf(answered);
    const scored = this.seeds.flatMap((seed) => {
      const reward = this.reward(judge.name, seed);
      const scores = judge === answered ? reward?.validation : reward?.served?.[place];
      if (scores === undefined) return [];
      let first = 0;
      return roundsOf(form).flatMap((one) => {
        const validation = scorable(this.rankings(size, seed, one)?.validation ?? []);
        const own = scores.slice(first, (first += validation.length));
        return round === undefined || round === one ? scoredRankings(validation, own, group) : [];
      });
    });
    return scored.length === 0 ? undefined : pairAccuracy(scored);
  }

  /** Accuracy of a reward model on people's rankings that are held out. */
  peopleAccuracy(size: string): Estimate | undefined {
    const heldOut = this.form.people?.heldOut ?? [];
    const scored = this.seeds.flatMap((seed) => {
      const scores = this.reward(size, seed)?.people;
      if (scores === undefined) return [];
      return heldOut.map(({ prompt, labeler, ranks }, i) => {
        return { prompt: prompt.join(" "), labeler, ranks, scores: scores[i] ?? [] };
      });
    });
    return scored.length === 0 ? undefined : pairAccuracy(scored);
  }

  private once<T>(key: string, make: () => T): T {
    if (!this.memory.has(key)) this.memory.set(key, make());
    return this.memory.get(key) as T;
  }
}

/** Rankings of fewer than two answers have no scores. */
const scorable = (rankings: readonly Ranked[]): readonly Ranked[] =>
  rankings.filter(({ answers }) => answers.length >= 2);

/** Scores beside the ranks of a group. */
export function scoredRankings(
  rankings: readonly Ranked[],
  scores: readonly (readonly number[])[],
  group: Group,
): ScoredRanking[] {
  return scorable(rankings).flatMap((one, i): ScoredRanking[] => {
    const by = group === "training" ? one : one.heldOut;
    if (by === undefined) return [];
    return [{ prompt: one.prompt, labeler: by.labeler, ranks: by.ranks, scores: scores[i] ?? [] }];
  });
}
