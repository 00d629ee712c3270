// The full stage of the reward model: a trunk of its own, fine-tuned with the head on whole rankings.
import { adamwKnobs } from "../../kernels/adamw.ts";
import type { GptConfig } from "../../model/gpt.ts";
import { gptSpecs } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import { layOut, parameter } from "../../model/parameters.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import { size } from "../../plan/tensor.ts";
import { Rng } from "../../world/rng.ts";
import { makeOptimiser } from "../optimiser.ts";
import { orderedPairs } from "../preference-statistics.ts";
import type { RankedBatch } from "../reward-model.ts";
import { fullFeaturesTape, fullTape, rankedBatch } from "../reward-model.ts";
import { rewardHeadSpecs } from "../scoring.ts";
import type { Answered } from "../sequences.ts";
import { writeAnswers } from "../sequences.ts";
import type { HeadFit, RewardTrainer, TokenRanking } from "./reward-trainer.ts";
import { scoreOf } from "./reward-trainer.ts";

/** Rankings per update: all pairs of a prompt are one element of the batch. */
const ELEMENTS = 4;
const EPOCHS = 2;

/** How long and in which portions the full stage learns. */
export interface FullSchedule {
  readonly epochs: number;
  readonly elements: number;
}

const LIVE: FullSchedule = { epochs: EPOCHS, elements: ELEMENTS };
const TRUNK_RATE = 5e-4;
const HEAD_RATE = 2e-3;
const WEIGHT_DECAY = 0.1;

type Progress = (done: number, total: number) => void;

/** Fine-tunes from the reference and a fitted head; compiles its plans when it is first asked. */
export class FullReward {
  readonly trunk: Parameters;
  private readonly engine: Engine;
  private readonly config: GptConfig;
  private readonly reference: Parameters;
  private readonly fast: RewardTrainer;
  private readonly head: Parameters;
  private readonly optimisers;
  private readonly schedule: FullSchedule;
  private plans: { data: RankedBatch; step: CompiledPlan; features: CompiledPlan } | undefined;

  /** @param fast the first stage, which knows the fluency of answers under the reference */
  constructor(
    engine: Engine,
    config: GptConfig,
    reference: Parameters,
    fast: RewardTrainer,
    schedule: FullSchedule = LIVE,
  ) {
    this.schedule = schedule;
    this.engine = engine;
    this.config = config;
    this.reference = reference;
    this.fast = fast;
    this.trunk = layOut("reward-trunk", gptSpecs(config), true);
    this.head = layOut("full-head", rewardHeadSpecs(config), true);
    this.optimisers = { trunk: makeOptimiser(this.trunk), head: makeOptimiser(this.head) };
  }

  /** Updates that a fit to `rankings` rankings takes. */
  static steps(rankings: number, { epochs, elements }: FullSchedule = LIVE): number {
    return epochs * Math.ceil(rankings / elements);
  }

  /** Compiles the plans for rankings of up to K answers of the given extents, unless larger ones exist. */
  async prepare(K: number, extents: { readonly P: number; readonly G: number }): Promise<void> {
    if (this.plans !== undefined && this.plans.data.K >= K) return;
    const { engine, config, reference, trunk, head, optimisers } = this;
    const data = rankedBatch(config, this.schedule.elements, K, extents);
    const models = { reference, trunk, head };
    const step = fullTape(config, models, optimisers, data);
    const features = fullFeaturesTape(config, models, data);
    this.plans = {
      data,
      step: await engine.compile("reward model step", step.calls),
      features: await engine.compile("reward model features", features.calls),
    };
  }

  /** Trains from the reference trunk and the head of `start` on exactly these rankings (ties dropped). */
  async fit(
    rankings: readonly TokenRanking[],
    start: HeadFit,
    { flip, seed, onProgress }: { flip: boolean; seed: number; onProgress?: Progress },
  ): Promise<HeadFit> {
    this.begin(start);
    const rng = new Rng(seed);
    const { epochs, elements } = this.schedule;
    const total = FullReward.steps(rankings.length, this.schedule);
    for (let step = 1, epoch = 0; epoch < epochs; epoch++) {
      const order = rng.shuffle(rankings);
      for (let first = 0; first < order.length; first += elements, step++) {
        const part = order.slice(first, first + elements);
        this.load(part, await this.fluency(this.rows(part)), flip);
        const left = 1 - (0.9 * step) / total;
        const shared = { weightDecay: WEIGHT_DECAY, beta2: 0.99, maxNorm: 1 };
        const rates = { trunk: TRUNK_RATE * left, head: HEAD_RATE * left };
        for (const part of ["trunk", "head"] as const) {
          const settings = { ...shared, learningRate: rates[part] };
          this.engine.memory.write(this.optimisers[part].knobs, adamwKnobs(step, settings));
        }
        this.engine.run(this.ready().step);
        onProgress?.(step, total);
        // a message from the page may come in between
        await this.engine.idle();
      }
    }
    return this.result(rankings, flip);
  }

  /** Features of answers under the trunk as it is now. */
  async features(items: readonly Answered[]): Promise<Float32Array[]> {
    const { data, features } = this.ready();
    const { B } = data.batch;
    const result: Float32Array[] = [];
    for (let first = 0; first < items.length; first += B) {
      const part = items.slice(first, first + B);
      const fluency = await this.fluency(part);
      // nothing may come between these, so nothing is awaited
      this.write(part, fluency);
      this.engine.run(features);
      const [values] = await this.engine.memory.read([data.features]);
      const width = size(data.features.shape) / B;
      part.forEach((_, i) => {
        result.push((values as Float32Array).slice(i * width, (i + 1) * width));
      });
    }
    return result;
  }

  private begin({ weights, bias }: HeadFit): void {
    const { memory } = this.engine;
    memory.copy(this.reference.values, this.trunk.values);
    const head = new Float32Array(size(this.head.values.shape));
    head.set(weights, parameter(this.head, "score.weight").offset);
    head[parameter(this.head, "score.bias").offset] = bias;
    memory.write(this.head.values, head);
    for (const { m, v, state } of Object.values(this.optimisers)) {
      for (const tensor of [m, v, state])
        memory.write(tensor, new Float32Array(size(tensor.shape)));
    }
  }

  private load(rankings: readonly TokenRanking[], fluency: Float32Array, flip: boolean): void {
    const { E, K, rank, present } = this.ready().data;
    const ranks = new Int32Array(E * K);
    const shown = new Float32Array(E * K);
    rankings.forEach((ranking, n) => {
      ranking.ranks.slice(0, K).forEach((position, k) => {
        if (position === null) return;
        shown[n * K + k] = 1;
        ranks[n * K + k] = flip ? -position : position;
      });
    });
    this.write(this.rows(rankings), fluency);
    this.engine.memory.write(rank, ranks);
    this.engine.memory.write(present, shown);
  }

  /** One row for every place of every ranking; places without an answer repeat the first. */
  private rows(rankings: readonly TokenRanking[]): Answered[] {
    return rankings.flatMap(({ prompt, completions }) =>
      Array.from({ length: this.ready().data.K }, (_, k) => ({
        prompt,
        tokens: completions[k] ?? completions[0] ?? [],
      })),
    );
  }

  /** Mean log-probability of each answer under the reference, at all of its columns. */
  private async fluency(items: readonly Answered[]): Promise<Float32Array> {
    const { batch, logp } = this.ready().data;
    const known = await this.fast.features(items);
    const rows = new Float32Array(size(logp.shape));
    known.forEach((features, b) => {
      rows.fill(features[3 * this.config.width] ?? 0, b * batch.G, (b + 1) * batch.G);
    });
    return rows;
  }

  private write(items: readonly Answered[], fluency: Float32Array): void {
    const { batch, logp } = this.ready().data;
    writeAnswers(this.engine.memory, batch, items);
    this.engine.memory.write(logp, fluency);
  }

  private async result(rankings: readonly TokenRanking[], flip: boolean): Promise<HeadFit> {
    const [flat] = await this.engine.memory.read([this.head.values]);
    const weight = parameter(this.head, "score.weight");
    const at = weight.offset;
    const fit = {
      weights: (flat as Float32Array).slice(at, at + size(weight.shape)),
      bias: flat?.[parameter(this.head, "score.bias").offset] ?? 0,
    };
    const scores = await this.scores(rankings, fit);
    const counted = rankings.map(({ ranks }, n) => orderedPairs(ranks, scores[n] ?? [], flip));
    const usable = counted.filter(({ pairs }) => pairs > 0);
    const sum = (of: (one: (typeof counted)[number]) => number): number =>
      usable.reduce((total, one) => total + of(one), 0);
    const comparisons = sum(({ pairs }) => pairs);
    return {
      ...fit,
      loss: sum(({ loss }) => loss) / Math.max(1, usable.length),
      accuracy: sum(({ right }) => right) / Math.max(1, comparisons),
      comparisons,
      scores,
    };
  }

  /** Raw scores of the answers of rankings under the trunk as it is now and a fit of the head. */
  async scores(
    rankings: readonly TokenRanking[],
    fit: Pick<HeadFit, "weights" | "bias">,
  ): Promise<number[][]> {
    const items = rankings.flatMap(({ prompt, completions }) =>
      completions.map((tokens) => ({ prompt, tokens })),
    );
    const features = await this.features(items);
    let next = 0;
    return rankings.map(({ completions }) =>
      completions.map(() => scoreOf(fit, features[next++] as Float32Array)),
    );
  }

  private ready(): NonNullable<typeof this.plans> {
    if (this.plans === undefined) throw new Error("reward model: the full stage is not prepared");
    return this.plans;
  }
}
