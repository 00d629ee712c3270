// One alignment session on an engine: the models, what samples from them, the reward model and the run.
import type { RunConfig } from "../../config.ts";
import type { GptConfig } from "../../model/gpt.ts";
import { gptSpecs } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import { flatten, layOut, unflatten } from "../../model/parameters.ts";
import type { Engine } from "../../plan/engine.ts";
import type { Row } from "../language-model.ts";
import { rowPositions } from "../language-model.ts";
import { RUN_OPTIONS } from "../method.ts";
import type { RunOptions } from "../method.ts";
import { sequences } from "../sequences.ts";
import { demonstrate } from "./demonstration.ts";
import { FullReward } from "./full-reward.ts";
import { Generator } from "./generator.ts";
import type { Pairs } from "./pairs.ts";
import { Plans } from "./plans.ts";
import type { HeadFit, NormalisedFit } from "./reward-trainer.ts";
import { RewardTrainer } from "./reward-trainer.ts";
import { Run } from "./run.ts";
import type { Sources } from "./run.ts";
import type { Named, Weights } from "./saved-run.ts";
import { checkNamed, readNamed, writeNamed } from "./saved-run.ts";
export type { Weights } from "./saved-run.ts";
import type { RunState } from "./state.ts";
import type { SessionShape } from "./state.ts";
import { LIVE_SHAPE, runState } from "./state.ts";

/** Which trunk feeds the reward head: the frozen reference, or the fine-tuned one of the full stage. */
export type RewardStage = "fast" | "full";
/** Whose answers are sampled: the policy's, its moving average's, or the supervised model's. */
export type Source = "policy" | "average" | "sft";

export interface StudyReward {
  readonly fast: RewardTrainer;
  /** makes the full stage */
  readonly full: () => Promise<FullReward>;
}

export interface SessionOptions {
  readonly shape?: SessionShape;
  /** size and weights of the model that the reward model began from, where it is not the supervised one */
  readonly judge?: { readonly model: GptConfig; readonly weights: Weights };
}

/** Policy, reference, reward and value models on one engine. */
export class Session {
  readonly engine: Engine;
  readonly model: GptConfig;
  readonly reward: RewardTrainer;
  readonly state: RunState;
  /** in force: chosen by judgeBy */
  stage: RewardStage = "fast";
  run!: Run;
  private readonly plans: Plans;
  private readonly generators = new Map<Source, Promise<Generator>>();
  private full: FullReward | undefined;
  /** another session's reward trunk, copied: see judgeByCopy */
  private copy: Parameters | undefined;
  private judgesByCopy = false;
  /** the reference as it was shipped, once demonstrations have changed it */
  private shipped: Float32Array | undefined;
  private pairs: Pairs | undefined;

  private constructor(
    engine: Engine,
    model: GptConfig,
    config: RunConfig,
    { shape = LIVE_SHAPE, judge }: SessionOptions,
  ) {
    this.engine = engine;
    this.model = model;
    const extents = { B: config.batch, P: shape.P, G: shape.G };
    const judged = judge?.model ?? model;
    this.reward = new RewardTrainer(engine, judged, sequences("judged", extents));
    this.state = runState(model, config, this.reward.head, shape, judged);
    this.plans = new Plans(engine, model, this.state, config);
  }

  /** Loads the supervised weights into policy and reference and compiles the plans of the default method. */
  static async create(
    engine: Engine,
    model: GptConfig,
    config: RunConfig,
    sft: Weights,
    onProgress: (done: number, total: number) => void = () => undefined,
    options: SessionOptions = {},
  ): Promise<Session> {
    const { shape = LIVE_SHAPE, judge } = options;
    const session = new Session(engine, model, config, options);
    const { models, knobs, ptx } = session.state;
    const { memory } = engine;
    memory.write(models.reference.values, flatten(models.reference, sft));
    const { reference } = models.judge;
    if (judge !== undefined) memory.write(reference.values, flatten(reference, judge.weights));
    const { ptxRows, ptxLength } = shape;
    memory.write(ptx.input.positions, rowPositions(ptxRows, ptxLength));
    memory.write(ptx.input.mask, new Uint32Array(ptxRows * ptxLength).fill(1));
    onProgress(0, 4);
    const rollout = await session.generator("policy");
    session.run = new Run(engine, session.state, session.plans, { rollout, config });
    onProgress(1, 4);
    await session.generator("sft");
    onProgress(2, 4);
    await session.reward.prepare(models.judge.config, reference, knobs);
    onProgress(3, 4);
    await session.plans.of(RUN_OPTIONS, reference);
    onProgress(4, 4);
    return session;
  }

  /** What samples from one of the models; made when first asked for. */
  generator(source: Source): Promise<Generator> {
    const known = this.generators.get(source);
    if (known !== undefined) return known;
    const { batch, knobs, models, average } = this.state;
    const weights = { policy: models.policy, average, sft: models.reference }[source];
    const rows = source === "policy" ? batch : sequences(`${source}-rollout`, batch);
    const made = Generator.create(this.engine, source, this.model, weights, rows, knobs);
    this.generators.set(source, made);
    return made;
  }

  /** The full stage of the reward model, ready for rankings of K answers; made when first asked for. */
  async fullReward(K: number): Promise<FullReward> {
    const { models, batch } = this.state;
    const { config, reference } = models.judge;
    this.full ??= new FullReward(this.engine, config, reference, this.reward);
    await this.full.prepare(K, batch);
    return this.full;
  }

  /** A reward model beside the run's, for up to `most` rankings of K answers: fitting it changes nothing of the run. */
  async studyReward(most: number, K: number): Promise<StudyReward> {
    const { models, batch } = this.state;
    const { config, reference } = models.judge;
    const fast = new RewardTrainer(this.engine, config, batch, { features: this.reward, most });
    await fast.prepareHead();
    const full = async (): Promise<FullReward> => {
      const one = new FullReward(this.engine, config, reference, fast);
      await one.prepare(K, batch);
      return one;
    };
    return { fast, full };
  }

  /** Chooses the trunk that rewards and the value model come from; the head is the normalised one. */
  async judgeBy(stage: RewardStage): Promise<void> {
    if (stage === "full") await this.fullReward(1);
    this.stage = stage;
    await this.run.learnFrom(this.sources());
  }

  /** Before a run: rewards come from a copy of this trunk, or from the reference when there is none. */
  judgeByCopy(trunk: Parameters | undefined): void {
    this.judgesByCopy = trunk !== undefined;
    if (trunk === undefined) return;
    this.copy ??= layOut("copied-trunk", gptSpecs(this.state.models.judge.config), false);
    this.engine.memory.copy(trunk.values, this.copy.values);
  }

  /** Chooses the pairs that DPO learns from. */
  async prefer(pairs: Pairs | undefined): Promise<void> {
    this.pairs = pairs;
    await this.run.learnFrom(this.sources());
  }

  /** Starts a run from the reference. @throws RangeError for options that no run can have. */
  begin(wanted: Partial<RunOptions>, reward: NormalisedFit): Promise<void> {
    return this.run.begin(wanted, this.sources(), reward);
  }

  private sources(): Sources {
    return { rewardTrunk: this.rewardTrunk(), pairs: this.pairs };
  }

  private rewardTrunk(): Parameters {
    const { reference } = this.state.models.judge;
    if (this.judgesByCopy && this.copy !== undefined) return this.copy;
    return this.stage === "full" && this.full !== undefined ? this.full.trunk : reference;
  }

  /** Weights of a model as named arrays. */
  async weights(
    which: "policy" | "average" | "reward-head" | "sft",
  ): Promise<Record<string, Float32Array>> {
    const { models, average } = this.state;
    const { policy, reference: sft, rewardHead } = models;
    const parameters = { policy, average, sft, "reward-head": rewardHead }[which];
    const [flat] = await this.engine.memory.read([parameters.values]);
    return unflatten(parameters, flat as Float32Array);
  }

  /** The reward model in force: its trunk, and the normalised head that reads it. */
  async rewardModel(): Promise<Record<string, Float32Array>> {
    const trunk = this.rewardTrunk();
    const [flat] = await this.engine.memory.read([trunk.values]);
    return { ...unflatten(trunk, flat as Float32Array), ...(await this.weights("reward-head")) };
  }

  /** The reward head on the device as a fit that is normalised already. */
  async currentReward(): Promise<NormalisedFit> {
    const weights = await this.weights("reward-head");
    const fit: HeadFit = {
      loss: NaN,
      accuracy: NaN,
      comparisons: 0,
      scores: [],
      weights: weights["score.weight"] as Float32Array,
      bias: weights["score.bias"]?.[0] ?? 0,
    };
    return { fit, mean: 0, gain: 1 };
  }

  /** The run with its reward model, and the reference where it is not the shipped one: all that is needed to go on elsewhere. */
  save(): Promise<Record<string, Float32Array>> {
    const taught = this.shipped === undefined ? [] : [this.referenceTensor()];
    return readNamed(this.engine, [...this.run.tensors(), ...this.rewardTensors(), ...taught]);
  }

  private referenceTensor(): Named[number] {
    return ["reference.values", this.state.models.reference.values];
  }

  /**
   * Puts a saved run back, with the reference that it had.
   * @returns whether that is another one than before, so that what was computed with it is out of date
   * @throws RangeError with one sentence, and with the run and its reward as they were, when an array is missing or
   * has another size
   */
  async restore(
    arrays: Weights,
    {
      iteration,
      stage,
      options,
    }: { iteration: number; stage: RewardStage; options: Partial<RunOptions> },
  ): Promise<boolean> {
    const before = this.stage;
    const taught = arrays["reference.values"];
    await this.judgeBy(stage);
    try {
      checkNamed(this.rewardTensors(), arrays);
      if (taught !== undefined) checkNamed([this.referenceTensor()], arrays);
      await this.run.resume(arrays, iteration, options, this.sources());
    } catch (error) {
      await this.judgeBy(before);
      throw error;
    }
    writeNamed(this.engine, this.rewardTensors(), arrays);
    return this.refer(taught);
  }

  /** Puts a reference in force, the shipped one by default. */
  private async refer(taught: Float32Array | undefined): Promise<boolean> {
    const { values } = this.state.models.reference;
    const next = taught ?? this.shipped;
    if (next === undefined) return false;
    if (taught === undefined) this.shipped = undefined;
    else await this.keepShipped();
    this.engine.memory.write(values, next);
    this.reward.forget();
    return true;
  }

  private async keepShipped(): Promise<void> {
    if (this.shipped !== undefined) return;
    const [values] = await this.engine.memory.read([this.state.models.reference.values]);
    this.shipped = Float32Array.from(values as Float32Array);
  }

  /** The run alone, for going back to this moment while its reward model stays. */
  keep(): Promise<Record<string, Float32Array>> {
    return readNamed(this.engine, this.run.tensors());
  }

  /** Back to a kept moment of the run in progress. */
  rewind(arrays: Weights, iteration: number): Promise<void> {
    return this.run.resume(arrays, iteration, this.run.options ?? {}, this.sources());
  }

  private rewardTensors(): Named {
    const head = ["reward-head.values", this.state.models.rewardHead.values] as const;
    return this.stage === "full"
      ? [head, ["reward-trunk.values", this.rewardTrunk().values]]
      : [head];
  }

  /**
   * A few supervised steps on a person's demonstrations; policy and reference both learn them. The reward model read
   * the reference that was, so it has to be fitted again.
   */
  async demonstrate(rows: readonly Row[]): Promise<{ lossBefore: number; lossAfter: number }> {
    const plan = await this.plans.demonstration();
    await this.keepShipped();
    this.run.restart();
    const losses = await demonstrate(this.engine, plan, this.state, rows);
    const { policy, reference } = this.state.models;
    this.engine.memory.copy(policy.values, reference.values);
    this.run.restart();
    this.reward.forget();
    await this.judgeBy("fast");
    return losses;
  }
}
