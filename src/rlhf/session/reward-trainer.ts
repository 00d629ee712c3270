// Fits the reward head to rankings on frozen features, normalises it, and scores answers.
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import { adamwKnobs } from "../../kernels/adamw.ts";
import { featureCount } from "../../kernels/response-features.ts";
import { REWARD_STATS } from "../../kernels/reward-loss.ts";
import type { GptConfig } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import { layOut, parameter } from "../../model/parameters.ts";
import { persistent, size } from "../../plan/tensor.ts";
import type { Tensor } from "../../plan/tensor.ts";
import type { Optimiser } from "../optimiser.ts";
import { makeOptimiser } from "../optimiser.ts";
import type { RankingTensors } from "../reward-model.ts";
import { featuresTape, headScoresTape, headTape, rankingTensors } from "../reward-model.ts";
import { rewardHeadSpecs } from "../scoring.ts";
import type { Answered, Sequences } from "../sequences.ts";
import { writeAnswers } from "../sequences.ts";

/** A ranking as tokens: ranks[i] belongs to completions[i], 1 = best, equal = tie, null = unranked. */
export interface TokenRanking {
  readonly prompt: ArrayLike<number>;
  readonly completions: readonly (readonly number[])[];
  readonly ranks: readonly (number | null)[];
}

export interface HeadFit {
  readonly loss: number;
  readonly accuracy: number;
  readonly comparisons: number;
  /** raw scores per completion of each ranking */
  readonly scores: number[][];
  readonly weights: Float32Array;
  readonly bias: number;
}

/** A reward head, and how its raw scores become normalised ones. */
export interface NormalisedFit {
  readonly fit: HeadFit;
  readonly gain: number;
  readonly mean: number;
}

/** Rankings that the plans hold at first; more make them grow, twofold each time, up to the second number. */
export const MOST_RANKINGS = 64;
const MOST_GROWN = 1024;
/** Largest number of answers per ranking that the plans hold. */
export const MOST_ANSWERS = 9;
const STEPS = 120;
const LEARNING_RATE = 0.02;
const WEIGHT_DECAY = 0.5;

/** A head of its own beside the run's, on the features of another trainer. */
export interface Beside {
  readonly features: RewardTrainer;
  /** rankings that there is room for at first */
  readonly most: number;
}

/** The fast stage of the reward model. */
export class RewardTrainer {
  readonly head: Parameters;
  private readonly engine: Engine;
  private readonly batch: Sequences;
  private readonly optimiser: Optimiser;
  private readonly config: GptConfig;
  private data: RankingTensors;
  private readonly batchFeatures: Tensor;
  private readonly width: number;
  private readonly beside: Beside | undefined;
  private plans: { step: CompiledPlan; score: CompiledPlan } | undefined;
  private featuresPlan: CompiledPlan | undefined;
  private readonly cache = new Map<string, Float32Array>();

  /** @param most rankings that there is room for at first, unless `beside` says it */
  constructor(
    engine: Engine,
    config: GptConfig,
    batch: Sequences,
    beside?: Beside,
    most = MOST_RANKINGS,
  ) {
    this.engine = engine;
    this.config = config;
    this.batch = batch;
    this.beside = beside;
    const label = beside === undefined ? "reward-head" : "study-head";
    this.head = layOut(label, rewardHeadSpecs(config), true);
    this.optimiser = makeOptimiser(this.head);
    this.data = rankingTensors(config, beside?.most ?? most, MOST_ANSWERS);
    this.width = featureCount(config.width);
    this.batchFeatures = persistent("batch.features", [batch.B, this.width]);
  }

  async prepare(config: GptConfig, reference: Parameters, knobs: Tensor): Promise<void> {
    const { B, G } = this.batch;
    const out = { features: this.batchFeatures, logp: persistent("batch.logp", [B, G]) };
    const features = featuresTape(config, reference, this.batch, out, knobs);
    this.featuresPlan = await this.engine.compile("reward features", features.calls);
    await this.prepareHead();
  }

  /** Compiles what fits and scores; all that a trainer beside another one needs. */
  async prepareHead(): Promise<void> {
    const step = headTape(this.head, this.optimiser, this.data);
    const score = headScoresTape(this.head, this.data);
    this.plans = {
      step: await this.engine.compile("reward head step", step.calls),
      score: await this.engine.compile("reward head scores", score.calls),
    };
  }

  /** Features of answers, computed once per answer and kept. */
  async features(items: readonly Answered[]): Promise<Float32Array[]> {
    if (this.beside !== undefined) return this.beside.features.features(items);
    const keys = items.map(
      (item) => `${Array.from(item.prompt).join(" ")}|${item.tokens.join(" ")}`,
    );
    const missing = [...new Set(keys)].filter((key) => !this.cache.has(key));
    const { B } = this.batch;
    for (let first = 0; first < missing.length; first += B) {
      const part = missing.slice(first, first + B);
      const indices = part.map((key) => keys.indexOf(key));
      const rows = await this.featuresOf(indices.map((i) => items[i] as Answered));
      part.forEach((key, i) => this.cache.set(key, rows[i] as Float32Array));
    }
    return keys.map((key) => this.cache.get(key) as Float32Array);
  }

  /** Drops the kept features: the reference that they were computed with has changed. */
  forget(): void {
    this.cache.clear();
  }

  private async featuresOf(items: readonly Answered[]): Promise<Float32Array[]> {
    const { memory } = this.engine;
    writeAnswers(memory, this.batch, items);
    if (this.featuresPlan === undefined) throw new Error("reward model: not prepared yet");
    this.engine.run(this.featuresPlan);
    const [values] = await memory.read([this.batchFeatures]);
    return items.map((_, i) =>
      (values as Float32Array).slice(i * this.width, (i + 1) * this.width),
    );
  }

  /** Room for so many rankings; what is larger than MOST_GROWN keeps the newest. */
  private async makeRoom(rankings: number): Promise<void> {
    let { N } = this.data;
    if (rankings <= N || N >= MOST_GROWN) return;
    while (N < Math.min(rankings, MOST_GROWN)) N *= 2;
    this.data = rankingTensors(this.config, Math.min(N, MOST_GROWN), this.data.K);
    await this.prepareHead();
  }

  /**
   * Fits the head from zero to exactly these rankings (all pairs of a prompt as one element, ties dropped), or to the
   * newest MOST_GROWN of them.
   */
  async fit(rankings: readonly TokenRanking[], flip = false): Promise<HeadFit> {
    await this.makeRoom(rankings.length);
    const { N, K } = this.data;
    const kept = rankings.slice(-N);
    const items = kept.flatMap(({ prompt, completions }) =>
      completions.slice(0, K).map((tokens) => ({ prompt, tokens })),
    );
    const features = await this.features(items);
    this.load(kept, features, flip);
    const { memory } = this.engine;
    const zeros = new Float32Array(size(this.head.values.shape));
    for (const tensor of [this.head.values, this.optimiser.m, this.optimiser.v]) {
      memory.write(tensor, zeros);
    }
    for (let step = 1; step <= STEPS; step++) {
      const learningRate = LEARNING_RATE * (1 - (0.9 * step) / STEPS);
      memory.write(
        this.optimiser.knobs,
        adamwKnobs(step, { learningRate, weightDecay: WEIGHT_DECAY, beta2: 0.99 }),
      );
      this.engine.run(this.ready().step);
    }
    return this.result(kept);
  }

  private load(
    rankings: readonly TokenRanking[],
    features: readonly Float32Array[],
    flip: boolean,
  ): void {
    const { N, K } = this.data;
    const rank = new Int32Array(N * K);
    const present = new Float32Array(N * K);
    const matrix = new Float32Array(N * K * this.width);
    let next = 0;
    rankings.forEach(({ completions, ranks }, n) => {
      for (let k = 0; k < Math.min(K, completions.length); k++) {
        matrix.set(features[next++] as Float32Array, (n * K + k) * this.width);
        const position = ranks[k];
        if (position === null || position === undefined) continue;
        present[n * K + k] = 1;
        rank[n * K + k] = flip ? -position : position;
      }
    });
    const { memory } = this.engine;
    memory.write(this.data.rank, rank);
    memory.write(this.data.present, present);
    memory.write(this.data.features, matrix);
  }

  private async result(rankings: readonly TokenRanking[]): Promise<HeadFit> {
    this.engine.run(this.ready().score);
    const { scores, stats, K } = this.data;
    const [s, t, w] = await this.engine.memory.read([scores, stats, this.head.values]);
    const weight = parameter(this.head, "score.weight");
    const bias = parameter(this.head, "score.bias");
    return {
      loss: t?.[REWARD_STATS.loss] ?? NaN,
      accuracy: t?.[REWARD_STATS.accuracy] ?? NaN,
      comparisons: t?.[REWARD_STATS.pairs] ?? 0,
      scores: rankings.map(({ completions }, n) =>
        completions.slice(0, K).map((_, k) => s?.[n * K + k] ?? NaN),
      ),
      weights: (w as Float32Array).slice(weight.offset, weight.offset + this.width),
      bias: w?.[bias.offset] ?? 0,
    };
  }

  /** Shifts and scales the head so that the given scores have mean 0 and variance 1 (InstructGPT C.2, Ziegler et al.). */
  normalise(fit: HeadFit, scores: readonly number[]): { mean: number; gain: number } {
    const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
    const variance =
      scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / Math.max(1, scores.length);
    const gain = variance > 1e-12 ? 1 / Math.sqrt(variance) : 0;
    this.put({ fit, mean, gain });
    return { mean, gain };
  }

  /** Writes the head of a fit so that it scores (raw - mean) · gain. */
  put({ fit, mean, gain }: NormalisedFit): void {
    const flat = new Float32Array(size(this.head.values.shape));
    const weight = parameter(this.head, "score.weight");
    fit.weights.forEach((value, i) => {
      flat[weight.offset + i] = value * gain;
    });
    flat[parameter(this.head, "score.bias").offset] = (fit.bias - mean) * gain;
    this.engine.memory.write(this.head.values, flat);
  }

  private ready(): NonNullable<typeof this.plans> {
    if (this.plans === undefined) throw new Error("reward model: not prepared yet");
    return this.plans;
  }
}

/** Raw score of features under a fit, on the host: the same dot product as the kernel's. */
export function scoreOf(fit: Pick<HeadFit, "weights" | "bias">, features: Float32Array): number {
  let sum = fit.bias;
  for (let i = 0; i < features.length; i++) sum += (features[i] ?? 0) * (fit.weights[i] ?? 0);
  return sum;
}
