// The learned reward of a trainer: the fast head, the full fine-tune behind it, and which of the two is in force.
import { orderedPairs } from "../rlhf/preference-statistics.ts";
import type { Answered } from "../rlhf/sequences.ts";
import { FullReward } from "../rlhf/session/full-reward.ts";
import { Pairs } from "../rlhf/session/pairs.ts";
import { scoreOf } from "../rlhf/session/reward-trainer.ts";
import type { HeadFit, TokenRanking } from "../rlhf/session/reward-trainer.ts";
import type { RewardStage, Session } from "../rlhf/session/session.ts";
import type { RewardReport } from "./protocol.ts";

const MOST_FOLDS = 5;

/** A fitted reward: scores are (raw - mean) · gain. */
export interface Reward {
  readonly stage: RewardStage;
  readonly fit: HeadFit;
  readonly mean: number;
  readonly gain: number;
}

export interface FitOptions {
  readonly stage: RewardStage;
  readonly flip: boolean;
  readonly seed: number;
  readonly onProgress: (done: number, total: number) => void;
}

interface FullOutcome {
  readonly fit: HeadFit;
  readonly report: NonNullable<RewardReport["full"]>;
}

export class RewardStages {
  current: Reward | undefined;
  private judged: { rankings: readonly TokenRanking[]; flip: boolean; seed: number } | undefined;
  private readonly session: Session;
  private normalisers: readonly Answered[];

  /** @param normalisers fresh answers of the supervised model: their scores get mean 0 and variance 1 */
  constructor(session: Session, normalisers: readonly Answered[]) {
    this.session = session;
    this.normalisers = normalisers;
  }

  /** Drops the reward in force, because the supervised model has changed; the next fit is normalised on `normalisers`. */
  forget(normalisers: readonly Answered[]): void {
    this.normalisers = normalisers;
    this.current = undefined;
  }

  /** Fits to exactly these rankings and puts the result in force; the full stage only if it holds out as well. */
  async fit(
    rankings: readonly TokenRanking[],
    options: FitOptions,
  ): Promise<Omit<RewardReport, "milliseconds">> {
    const { flip } = options;
    const heldOut = await this.crossValidate("fast", rankings, flip, (some) =>
      this.session.reward.fit(some, flip),
    );
    const fast = await this.session.reward.fit(rankings, flip);
    const full =
      options.stage === "full" ? await this.full(rankings, fast, heldOut, options) : undefined;
    const stage = full?.report.adopted === true ? "full" : "fast";
    const fit = full !== undefined && stage === "full" ? full.fit : fast;
    const { mean, gain } = await this.adopt(stage, fit);
    this.judged = { rankings, flip, seed: options.seed };
    const accuracy = stage === "full" ? full?.report.heldOutAccuracy : heldOut;
    return {
      stage,
      rankings: Math.min(rankings.length, fit.scores.length),
      comparisons: fit.comparisons,
      loss: fit.loss,
      accuracy: fit.accuracy,
      ...(accuracy === undefined ? {} : { heldOutAccuracy: accuracy }),
      ...(full === undefined ? {} : { full: full.report }),
      // the oldest that were left out of a fit have none
      scores: rankings.map((_, i) => {
        const row = fit.scores[i - rankings.length + fit.scores.length] ?? [];
        return row.map((score) => (score - mean) * gain);
      }),
    };
  }

  /** Normalised scores of answers; undefined before the first fit. */
  async scores(items: readonly Answered[]): Promise<number[] | undefined> {
    if (this.current === undefined) return undefined;
    const { fit, mean, gain, stage } = this.current;
    return (await this.features(stage, items)).map((row) => (scoreOf(fit, row) - mean) * gain);
  }

  /**
   * For each ranking: how much of the score gap between two sets of answers it accounts for, in the fast fit.
   * @param flip turned round, as the run that made the later answers learned from them
   */
  async influence(
    rankings: readonly TokenRanking[],
    before: readonly Answered[],
    after: readonly Answered[],
    flip: boolean,
  ): Promise<number[]> {
    const { reward } = this.session;
    const [start, end] = [await reward.features(before), await reward.features(after)];
    const mean = (fit: HeadFit, rows: readonly Float32Array[]): number =>
      rows.reduce((sum, row) => sum + scoreOf(fit, row), 0) / Math.max(1, rows.length);
    const gap = (fit: HeadFit): number => mean(fit, end) - mean(fit, start);
    const all = gap(await reward.fit(rankings, flip));
    const changes: number[] = [];
    for (let i = 0; i < rankings.length; i++) {
      const without = rankings.filter((_, other) => other !== i);
      changes.push(all - gap(await reward.fit(without, flip)));
    }
    if (this.current !== undefined) reward.put(this.current);
    return changes;
  }

  /** Takes over the head that is on the device already, as a saved run left it. */
  async resume(): Promise<void> {
    const { stage } = this.session;
    this.current = { stage, ...(await this.session.currentReward()) };
  }

  /** Gives DPO the pairs of the rankings last fitted. @throws RangeError or Error when there are none */
  async needPairs(): Promise<void> {
    if (this.judged === undefined) {
      throw new Error("DPO learns from your rankings: fit the reward model to them first.");
    }
    const { rankings, flip, seed } = this.judged;
    await this.session.prefer(new Pairs(rankings, flip, seed));
  }

  private async adopt(stage: RewardStage, fit: HeadFit): Promise<Reward> {
    await this.session.judgeBy(stage);
    const normalisers = (await this.features(stage, this.normalisers)).map((row) =>
      scoreOf(fit, row),
    );
    const { mean, gain } = this.session.reward.normalise(fit, normalisers);
    this.current = { stage, fit, mean, gain };
    await this.session.engine.idle();
    return this.current;
  }

  private async features(stage: RewardStage, items: readonly Answered[]): Promise<Float32Array[]> {
    if (stage === "fast") return this.session.reward.features(items);
    return (await this.session.fullReward(1)).features(items);
  }

  private async full(
    rankings: readonly TokenRanking[],
    fast: HeadFit,
    fastHeldOut: number | undefined,
    { flip, seed, onProgress }: FitOptions,
  ): Promise<FullOutcome> {
    const started = performance.now();
    const K = Math.max(...rankings.map(({ completions }) => completions.length));
    const stage = await this.session.fullReward(K);
    const folds = Math.min(MOST_FOLDS, rankings.length);
    const total = FullReward.steps(rankings.length) * (folds + 1);
    let done = 0;
    const settings = { flip, seed, onProgress: () => onProgress(++done, total) };
    const heldOut = await this.crossValidate("full", rankings, flip, async (some) =>
      stage.fit(some, await this.session.reward.fit(some, flip), settings),
    );
    const fit = await stage.fit(rankings, fast, settings);
    onProgress(total, total);
    const adopted = heldOut !== undefined && heldOut >= (fastHeldOut ?? Infinity);
    const report = {
      adopted,
      ...(heldOut === undefined ? {} : { heldOutAccuracy: heldOut }),
      ...(fastHeldOut === undefined ? {} : { fastHeldOutAccuracy: fastHeldOut }),
      milliseconds: performance.now() - started,
    };
    return { fit, report };
  }

  /** Share of held-out pairs in the right order, over folds of whole rankings. */
  private async crossValidate(
    stage: RewardStage,
    rankings: readonly TokenRanking[],
    flip: boolean,
    fit: (some: readonly TokenRanking[]) => Promise<HeadFit>,
  ): Promise<number | undefined> {
    if (rankings.length < 2) return undefined;
    const folds = Math.min(MOST_FOLDS, rankings.length);
    let right = 0;
    let pairs = 0;
    for (let fold = 0; fold < folds; fold++) {
      const fitted = await fit(rankings.filter((_, i) => i % folds !== fold));
      for (const { prompt, completions, ranks } of rankings.filter((_, i) => i % folds === fold)) {
        const items = completions.map((tokens) => ({ prompt, tokens }));
        const features = await this.features(stage, items);
        const counted = orderedPairs(
          ranks,
          features.map((row) => scoreOf(fitted, row)),
          flip,
        );
        right += counted.right;
        pairs += counted.pairs;
      }
    }
    return pairs === 0 ? undefined : right / pairs;
  }
}
