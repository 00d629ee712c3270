// A study: a reward model trained on some of a project's rankings and tried on the others, beside the run's own.
import { orderedPairs } from "../rlhf/preference-statistics.ts";
import type { Answered } from "../rlhf/sequences.ts";
import type { Parameters } from "../model/parameters.ts";
import type { FullReward } from "../rlhf/session/full-reward.ts";
import { MOST_ANSWERS, MOST_RANKINGS, scoreOf } from "../rlhf/session/reward-trainer.ts";
import type { HeadFit, TokenRanking } from "../rlhf/session/reward-trainer.ts";
import type { Session, StudyReward } from "../rlhf/session/session.ts";
import { Rng } from "../world/rng.ts";
import type { PairScore, StudyFold, StudyReport, StudyRequest } from "./protocol.ts";

/** Most rankings that one fit of the head holds; the newest are taken. */
export const MOST_STUDIED = 512;

type Progress = (done: number, total: number) => void;
type Encoded = Omit<StudyRequest, "rankings"> & { readonly rankings: readonly TokenRanking[] };

/** What `stop` ends a study with; never shown. */
class Stopped extends Error {}

/** The reward model of a study, as another run can take it over. */
export interface StudiedReward {
  readonly fit: HeadFit;
  /** raw scores of the answers that fix mean and gain */
  readonly normalisers: readonly number[];
  /** what feeds the head; undefined for the frozen supervised model */
  readonly trunk: Parameters | undefined;
}

export class Study {
  private readonly session: Session;
  private normalisers: readonly Answered[];
  private readonly made = new Map<string, Promise<StudyReward>>();
  private readonly fulls = new Map<string, Promise<FullReward>>();
  private score: ((items: readonly Answered[]) => Promise<number[]>) | undefined;
  private kept: StudiedReward | undefined;
  private stopping = false;

  /** @param normalisers answers of the supervised model, whose scores get mean 0 and variance 1 */
  constructor(session: Session, normalisers: readonly Answered[]) {
    this.session = session;
    this.normalisers = normalisers;
  }

  /** Drops the trained reward, because the supervised model has changed. */
  forget(normalisers: readonly Answered[]): void {
    this.normalisers = normalisers;
    this.score = undefined;
    this.kept = undefined;
  }

  stop(): void {
    this.stopping = true;
  }

  /** Trains on each fold and tries what it held out, then trains on all; null when stopped. */
  async run(request: Encoded, onProgress: Progress): Promise<StudyReport | null> {
    this.stopping = false;
    // its trunk is about to be trained again
    this.score = undefined;
    this.kept = undefined;
    const started = performance.now();
    try {
      const report = await this.whole(request, onProgress);
      return { ...report, milliseconds: performance.now() - started };
    } catch (error) {
      if (error instanceof Stopped) return null;
      throw error;
    }
  }

  /** Scores by the last study's model, mean 0 and variance 1 over answers of the supervised model. */
  async scores(items: readonly Answered[]): Promise<number[]> {
    if (this.score === undefined) throw new Error("There is no reward model yet: train one first.");
    return this.score(items);
  }

  /** The last study's model. @throws Error with one sentence when there is none */
  reward(): StudiedReward {
    if (this.kept === undefined) throw new Error("There is no reward model yet: train one first.");
    return this.kept;
  }

  private async whole(
    request: Encoded,
    onProgress: Progress,
  ): Promise<Omit<StudyReport, "milliseconds">> {
    const { rankings, folds, stage, shares, seed } = request;
    const K = Math.max(2, ...rankings.map(({ completions }) => completions.length));
    const models = await this.models(rankings.length, Math.min(K, MOST_ANSWERS), stage);
    const total = folds.length * (shares.length + 1) + 1;
    let done = 0;
    const step = async (): Promise<void> => {
      onProgress(++done, total);
      // messages of the page come in between
      await new Promise((resolve) => setTimeout(resolve));
      if (this.stopping) throw new Stopped();
    };
    const pick = (at: readonly number[]) => at.flatMap((i) => rankings[i] ?? []);
    const curve = shares.map(() => ({ rankings: 0, right: 0, pairs: 0 }));
    const heldOut: StudyReport["heldOut"][number][] = [];
    for (const fold of folds) {
      const order = new Rng(seed).shuffle(fold.train);
      for (const [i, share] of shares.entries()) {
        const part = order.slice(0, Math.max(1, Math.round(share * order.length)));
        const model = await models.fast(pick(part));
        const { right, pairs } = sum(await this.tried(rankings, fold, model));
        const point = curve[i] ?? { rankings: 0, right: 0, pairs: 0 };
        curve[i] = {
          rankings: point.rankings + part.length / folds.length,
          right: point.right + right,
          pairs: point.pairs + pairs,
        };
        await step();
      }
      heldOut.push(...(await this.tried(rankings, fold, await models.asked(pick(fold.train)))));
      await step();
    }
    const last = await models.asked([...rankings]);
    const everything = { train: [], test: rankings.map((_, i) => i) };
    const training = sum(await this.tried(rankings, everything, last));
    await this.keep(last);
    await step();
    return { stage, heldOut, training, curve };
  }

  private async models(count: number, K: number, stage: "fast" | "full") {
    const most = count <= MOST_RANKINGS ? MOST_RANKINGS : MOST_STUDIED;
    const key = `${most} ${K}`;
    const known = this.made.get(key) ?? this.session.studyReward(most, K);
    this.made.set(key, known);
    const reward = await known;
    const fast = async (some: readonly TokenRanking[]): Promise<Model> => {
      const fit = await reward.fast.fit(some);
      return { fit, features: (items) => reward.fast.features(items), trunk: undefined };
    };
    if (stage === "fast") return { fast, asked: fast };
    const making = this.fulls.get(key) ?? reward.full();
    this.fulls.set(key, making);
    const full = await making;
    const asked = async (some: readonly TokenRanking[]): Promise<Model> => {
      const start = await reward.fast.fit(some);
      const onProgress = (): void => {
        if (this.stopping) throw new Stopped();
      };
      const fit = await full.fit(some, start, { flip: false, seed: 1, onProgress });
      return { fit, features: (items) => full.features(items), trunk: full.trunk };
    };
    return { fast, asked };
  }

  private async tried(
    rankings: readonly TokenRanking[],
    { test }: StudyFold,
    { fit, features }: Model,
  ): Promise<(PairScore & { ranking: number })[]> {
    const found: (PairScore & { ranking: number })[] = [];
    for (const ranking of test) {
      const one = rankings[ranking];
      if (one === undefined) continue;
      const rows = await features(
        one.completions.map((tokens) => ({ prompt: one.prompt, tokens })),
      );
      const scores = rows.map((row) => scoreOf(fit, row));
      const { right, pairs } = orderedPairs(one.ranks, scores);
      found.push({ ranking, right, pairs });
    }
    return found;
  }

  private async keep({ fit, features, trunk }: Model): Promise<void> {
    const raw = async (items: readonly Answered[]): Promise<number[]> =>
      (await features(items)).map((row) => scoreOf(fit, row));
    const known = await raw(this.normalisers);
    this.kept = { fit, normalisers: known, trunk };
    const mean = known.reduce((total, x) => total + x, 0) / Math.max(1, known.length);
    const variance = known.reduce((total, x) => total + (x - mean) ** 2, 0) / Math.max(1, known.length); // prettier-ignore
    const gain = variance > 1e-12 ? 1 / Math.sqrt(variance) : 0;
    this.score = async (items) => (await raw(items)).map((x) => (x - mean) * gain);
  }
}

/** A fitted reward and the features that it reads. */
interface Model {
  readonly fit: HeadFit;
  readonly features: (items: readonly Answered[]) => Promise<Float32Array[]>;
  readonly trunk: Parameters | undefined;
}

function sum(scores: readonly PairScore[]): PairScore {
  return scores.reduce<PairScore>(
    (all, { right, pairs }) => ({ right: all.right + right, pairs: all.pairs + pairs }),
    { right: 0, pairs: 0 },
  );
}
