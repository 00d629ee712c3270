// What the reward model learned from the rankings so far, as the page shows it.
import type { RewardReport, Sample } from "../workers/protocol.ts";
import { toRankings } from "./answers.ts";
import type { AnswerSet, Judged } from "./answers.ts";
import { sentenceOf } from "./format.ts";
import type { PromptText } from "./first-prompt.ts";
import type { Trainer } from "./trainer.svelte.ts";

export interface BestOf {
  readonly n: number;
  readonly pairs: readonly { readonly plain: Sample; readonly best: Sample }[];
}

export class Reward {
  report = $state.raw<RewardReport | null>(null);
  /** the rankings of `report`, in its order */
  fitted = $state.raw<readonly Judged[]>([]);
  fitting = $state(false);
  flipped = $state(false);
  /** task left out on purpose, to see what it did */
  without = $state<string | null>(null);
  best = $state.raw<BestOf | null>(null);
  seeking = $state(false);
  failure = $state("");
  /** the trainer's reward model is no longer the one that the run was started with */
  moved = false;
  #trainer: Trainer;
  #wanted = 0;

  constructor(trainer: Trainer) {
    this.#trainer = trainer;
  }

  /** Fits the fast head to these decisions. Only the newest call counts. Never rejects. */
  async fit(judged: readonly Judged[]): Promise<void> {
    const used = judged.filter(({ set }) => set.task !== this.without);
    const rankings = toRankings(used);
    const mine = ++this.#wanted;
    if (!this.#trainer.ready) return;
    if (rankings.length === 0) {
      this.report = null;
      this.fitted = [];
      return;
    }
    this.fitting = true;
    this.moved = true;
    const flip = this.flipped;
    try {
      const report = await this.#trainer.ask((api) =>
        api.fitReward(rankings, { stage: "fast", flip }),
      );
      if (mine !== this.#wanted) return;
      this.report = report;
      this.fitted = used.filter(({ set }) => rankings.some(({ id }) => id === set.task));
      this.failure = "";
      this.best = null;
      performance.mark("reward-reacted");
    } catch (error) {
      if (mine === this.#wanted) this.failure = sentenceOf(error);
    } finally {
      if (mine === this.#wanted) this.fitting = false;
    }
  }

  /** Scores of the answers of a set by the current model, or null when there is none. */
  async scores(set: AnswerSet): Promise<readonly number[] | null> {
    if (this.report === null || !this.#trainer.ready) return null;
    const samples = set.answers.map(({ tokens }) => ({ prompt: set.prompt, tokens }));
    try {
      return await this.#trainer.ask((api) => api.score(samples));
    } catch {
      // A missing guess only leaves a gap in the gauge.
      return null;
    }
  }

  /** Best of n beside the plain answer, for a few prompts. Never rejects. */
  async seekBest(prompts: readonly PromptText[], n: number, seed: number): Promise<void> {
    if (this.seeking) return;
    this.seeking = true;
    try {
      const pairs = await this.#trainer.ask((api) => api.bestOfN(prompts, n, seed));
      this.best = { n, pairs };
      this.failure = "";
    } catch (error) {
      this.failure = sentenceOf(error);
    } finally {
      this.seeking = false;
    }
  }
}
