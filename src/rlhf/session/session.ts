// One alignment session on an engine: weights, plans and the straight line from rankings to an aligned policy.
import type { RunConfig } from "../../config.ts";
import { adamwKnobs } from "../../kernels/adamw.ts";
import { KNOBS, KNOB_COUNT } from "../../kernels/knobs.ts";
import { ppoLr } from "../../kernels/schedules.ts";
import type { GptConfig } from "../../model/gpt.ts";
import { gptSpecs } from "../../model/gpt.ts";
import { flatten, layOut, parameter, unflatten } from "../../model/parameters.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import { persistent, size, view } from "../../plan/tensor.ts";
import type { Tensor } from "../../plan/tensor.ts";
import type { Row } from "../language-model.ts";
import { lmInput, lmStep, packRows, rowPositions } from "../language-model.ts";
import type { LmInput } from "../language-model.ts";
import { makeOptimiser } from "../optimiser.ts";
import type { Optimiser } from "../optimiser.ts";
import type { Experience, PpoModels } from "../ppo.ts";
import { experience, experienceTape, policyTape, valueTape } from "../ppo.ts";
import { valueSpecs } from "../scoring.ts";
import { sequences } from "../sequences.ts";
import type { Sequences } from "../sequences.ts";
import { FullReward } from "./full-reward.ts";
import { Generator } from "./generator.ts";
import type { HeadFit } from "./reward-trainer.ts";
import { RewardTrainer } from "./reward-trainer.ts";

/** Columns of prompts and answers in the live loop. */
export const PROMPT_COLUMNS = 24;
export const ANSWER_COLUMNS = 24;
/** Token positions of pre-training text in one policy minibatch. */
const PTX_ROWS = 8;
const PTX_LENGTH = 48;
/** Iterations that train only the value model, before the policy moves. */
export const VALUE_WARMUP = 3;
const LR_WARMUP = 5;
/** Updates on a person's own demonstration: enough to echo it, few enough to keep the rest. */
const DEMONSTRATION_STEPS = 12;
/** Subtracted from the normalised reward of an answer that does not end. */
const MISSING_EOS = 1;

/** Which trunk feeds the reward head: the frozen reference, or the fine-tuned one of the full stage. */
export type RewardStage = "fast" | "full";

/** Named weights, as in a checkpoint. */
export type Weights = Readonly<Record<string, Float32Array>>;

/** What one iteration measured, read back once after it. */
export interface IterationReport {
  readonly iteration: number;
  /** ROLLOUT_STATS */
  readonly rollout: Float32Array;
  /** POLICY_STATS of the first and of the last policy minibatch; absent while only the value model trains */
  readonly firstPolicy: Float32Array | undefined;
  readonly policy: Float32Array | undefined;
  /** VALUE_STATS of the last minibatch */
  readonly value: Float32Array;
  readonly ptxLoss: number | undefined;
  readonly gradNorm: number;
  readonly finite: boolean;
  readonly learningRate: number;
}

interface Plans {
  readonly experience: Map<RewardStage, CompiledPlan>;
  readonly policy: readonly CompiledPlan[];
  readonly value: readonly CompiledPlan[];
  readonly demonstrate: CompiledPlan;
}

/** Policy, reference, reward and value models on one engine. */
export class Session {
  readonly engine: Engine;
  readonly model: GptConfig;
  readonly batch: Sequences;
  readonly models: PpoModels;
  readonly reward: RewardTrainer;
  readonly knobs: Tensor;
  policyGenerator!: Generator;
  referenceGenerator!: Generator;
  private config: RunConfig;
  private full: FullReward | undefined;
  private judge: RewardStage = "fast";
  private readonly data: Experience;
  private readonly policyOptimiser: Optimiser;
  private readonly valueOptimiser: Optimiser;
  private readonly ptx: { readonly input: LmInput; readonly stats: Tensor };
  private readonly policyStats: readonly Tensor[];
  private readonly valueStats: Tensor;
  private plans!: Plans;
  private policySteps = 0;
  private valueSteps = 0;
  iteration = 0;

  private constructor(engine: Engine, model: GptConfig, config: RunConfig) {
    this.engine = engine;
    this.model = model;
    this.config = config;
    const extents = { B: config.batch, P: PROMPT_COLUMNS, G: ANSWER_COLUMNS };
    this.batch = sequences("rollout", extents);
    const specs = gptSpecs(model);
    this.reward = new RewardTrainer(engine, model, sequences("judged", extents));
    const reference = layOut("reference", specs, false);
    this.models = {
      policy: layOut("policy", specs, true),
      reference,
      rewardTrunk: reference,
      rewardHead: this.reward.head,
      value: layOut("value", valueSpecs(model), true),
    };
    this.knobs = persistent("knobs", [KNOB_COUNT]);
    this.data = experience(this.batch);
    this.policyOptimiser = makeOptimiser(this.models.policy);
    this.valueOptimiser = makeOptimiser(this.models.value);
    this.ptx = {
      input: lmInput("ptx", PTX_ROWS, PTX_LENGTH),
      stats: persistent("ptx.stats", [2]),
    };
    this.policyStats = [persistent("policy.first", [10]), persistent("policy.stats", [10])];
    this.valueStats = persistent("value.stats", [9]);
  }

  /** Loads the supervised weights into policy and reference and compiles every plan. */
  static async create(
    engine: Engine,
    model: GptConfig,
    config: RunConfig,
    sft: Weights,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<Session> {
    const session = new Session(engine, model, config);
    session.load(sft);
    const { batch, knobs, models } = session;
    onProgress(0, 4);
    session.policyGenerator = await Generator.create(
      engine,
      "policy",
      model,
      models.policy,
      batch,
      knobs,
    );
    onProgress(1, 4);
    session.referenceGenerator = await Generator.create(
      engine,
      "sft",
      model,
      models.reference,
      sequences("sft-rollout", batch),
      knobs,
    );
    onProgress(2, 4);
    await session.reward.prepare(model, models.reference, knobs);
    onProgress(3, 4);
    session.plans = await session.compile();
    onProgress(4, 4);
    return session;
  }

  private async compile(): Promise<Plans> {
    const { engine, model, models, batch, data, knobs, ptx } = this;
    const { minibatches } = this.config;
    const count = batch.B / minibatches;
    const compile = (label: string, tape: { readonly calls: CompiledPlan["calls"] }) =>
      engine.compile(label, tape.calls);
    const policy: CompiledPlan[] = [];
    const value: CompiledPlan[] = [];
    for (let i = 0; i < minibatches; i++) {
      const part = { batch, data, first: i * count, count };
      const stats = (i === 0 ? this.policyStats[0] : this.policyStats[1]) as Tensor;
      const policyPart = policyTape(model, models, this.policyOptimiser, part, {
        knobs,
        stats,
        ptx,
      });
      policy.push(await compile(`policy update ${String(i)}`, policyPart));
      const valuePart = valueTape(model, models, this.valueOptimiser, part, {
        knobs,
        stats: this.valueStats,
      });
      value.push(await compile(`value update ${String(i)}`, valuePart));
    }
    const shown = lmStep(model, models.policy, this.policyOptimiser, ptx.input, ptx.stats);
    return {
      experience: new Map([["fast", await this.experiencePlan(models)]]),
      policy,
      value,
      demonstrate: await compile("demonstration", shown),
    };
  }

  private experiencePlan(models: PpoModels): Promise<CompiledPlan> {
    const tape = experienceTape(this.model, models, this.batch, this.data, this.knobs);
    return this.engine.compile("experience", tape.calls);
  }

  /** The full stage of the reward model, ready for rankings of K answers; made when first asked for. */
  async fullReward(K: number): Promise<FullReward> {
    const { engine, model, models, reward, batch } = this;
    this.full ??= new FullReward(engine, model, models.reference, reward);
    await this.full.prepare(K, batch);
    return this.full;
  }

  /** Chooses the trunk that rewards and the value model come from; the head is the normalised one. */
  async judgeBy(stage: RewardStage): Promise<void> {
    if (stage === "full" && !this.plans.experience.has("full")) {
      const rewardTrunk = (await this.fullReward(1)).trunk;
      this.plans.experience.set("full", await this.experiencePlan({ ...this.models, rewardTrunk }));
    }
    this.judge = stage;
  }

  /** Puts supervised weights everywhere and forgets the run. */
  load(sft: Weights): void {
    const { memory } = this.engine;
    const { policy, reference } = this.models;
    memory.write(policy.values, flatten(policy, sft));
    memory.write(reference.values, flatten(reference, sft));
    this.tune({});
    this.restart();
    memory.write(this.ptx.input.positions, rowPositions(PTX_ROWS, PTX_LENGTH));
    memory.write(this.ptx.input.mask, new Uint32Array(PTX_ROWS * PTX_LENGTH).fill(1));
  }

  /** Policy back to the reference; value model and optimisers from scratch. */
  restart(): void {
    const { memory } = this.engine;
    const { policy, reference, value } = this.models;
    memory.copy(reference.values, policy.values);
    for (const { m, v, state } of [this.policyOptimiser, this.valueOptimiser]) {
      for (const tensor of [m, v, state])
        memory.write(tensor, new Float32Array(size(tensor.shape)));
    }
    memory.write(value.values, new Float32Array(size(value.values.shape)));
    this.policySteps = 0;
    this.valueSteps = 0;
    this.iteration = 0;
  }

  /** Changes live scalars; they take effect at the next iteration. */
  tune(changes: Partial<RunConfig>): void {
    this.config = { ...this.config, ...changes };
    const knobs = new Float32Array(KNOB_COUNT);
    knobs[KNOBS.temperature] = 1;
    knobs[KNOBS.beta] = this.config.klCoefficient;
    knobs[KNOBS.missingEos] = MISSING_EOS;
    knobs[KNOBS.gamma] = 1;
    knobs[KNOBS.lambda] = 0.95;
    knobs[KNOBS.clip] = this.config.clip;
    knobs[KNOBS.valueClip] = 0.2;
    knobs[KNOBS.valueCoefficient] = 1;
    knobs[KNOBS.ptxCoefficient] = this.config.ptxCoefficient;
    this.engine.memory.write(this.knobs, knobs);
  }

  /** Starts the value model from the reward model: its trunk, and its head over states (InstructGPT C.4). */
  async initialiseValue(fit: HeadFit, gain: number, mean: number): Promise<void> {
    const { width } = this.model;
    const { memory } = this.engine;
    const { value, reference } = this.models;
    const weight = new Float32Array(width);
    for (let c = 0; c < width; c++) {
      weight[c] = gain * ((fit.weights[c] ?? 0) + 0.5 * (fit.weights[2 * width + c] ?? 0));
    }
    // a value model is laid out as its trunk with the head behind it
    const trunk = this.judge === "full" && this.full !== undefined ? this.full.trunk : reference;
    memory.copy(trunk.values, view(value.values, trunk.values.shape));
    memory.write(parameter(value, "score.weight"), weight);
    memory.write(parameter(value, "score.bias"), [(fit.bias - mean) * gain]);
    await this.engine.idle();
  }

  /** Queues one PPO iteration; the returned promise is its report. Nothing waits inside the iteration. */
  step(
    prompts: readonly ArrayLike<number>[],
    pretraining: () => readonly Row[],
  ): Promise<IterationReport> {
    const iteration = this.iteration++;
    this.policyGenerator.queue(prompts, this.config.seed, 1000 + iteration);
    this.engine.run(this.plans.experience.get(this.judge) as CompiledPlan);
    const moves = iteration >= VALUE_WARMUP;
    const rate = moves ? this.updatePolicy(iteration - VALUE_WARMUP, pretraining) : 0;
    for (let epoch = 0; epoch < this.config.valueEpochs; epoch++) {
      for (const plan of this.plans.value) {
        const settings = { learningRate: this.config.valueLearningRate, beta2: 0.99, maxNorm: 1 };
        this.engine.memory.write(
          this.valueOptimiser.knobs,
          adamwKnobs(++this.valueSteps, settings),
        );
        this.engine.run(plan);
      }
    }
    return this.report(iteration, moves, rate);
  }

  private updatePolicy(iteration: number, pretraining: () => readonly Row[]): number {
    const { memory } = this.engine;
    const peak = this.config.learningRate;
    const learningRate = ppoLr(iteration, { peak, warmup: LR_WARMUP, start: 0.1 });
    for (const plan of this.plans.policy) {
      const { input } = this.ptx;
      const arrays = packRows(pretraining(), input.B, input.T);
      memory.write(input.tokens, arrays.tokens);
      memory.write(input.targets, arrays.targets);
      memory.write(input.weights, arrays.weights);
      const settings = { learningRate, beta2: 0.99, maxNorm: 1 };
      memory.write(this.policyOptimiser.knobs, adamwKnobs(++this.policySteps, settings));
      this.engine.run(plan);
    }
    return learningRate;
  }

  private async report(iteration: number, moves: boolean, rate: number): Promise<IterationReport> {
    const [first, last] = this.policyStats as [Tensor, Tensor];
    const wanted = [
      this.data.stats,
      first,
      last,
      this.valueStats,
      this.ptx.stats,
      this.policyOptimiser.state,
      this.valueOptimiser.state,
    ];
    const read = (await this.engine.memory.read(wanted)) as Float32Array[];
    const [rollout, firstPolicy, policy, value, ptx, norm, valueNorm] = read as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    return {
      iteration,
      rollout,
      firstPolicy: moves ? firstPolicy : undefined,
      policy: moves ? (this.plans.policy.length > 1 ? policy : firstPolicy) : undefined,
      value,
      ptxLoss: moves ? ptx[0] : undefined,
      gradNorm: moves ? (norm[0] ?? NaN) : (valueNorm[0] ?? NaN),
      finite: (!moves || norm[2] === 1) && valueNorm[2] === 1,
      learningRate: rate,
    };
  }

  /** Weights of a model as named arrays. */
  async weights(which: "policy" | "value"): Promise<Record<string, Float32Array>> {
    const parameters = this.models[which];
    const [flat] = await this.engine.memory.read([parameters.values]);
    return unflatten(parameters, flat as Float32Array);
  }

  /** The live settings in force. */
  settings(): RunConfig {
    return this.config;
  }

  knobValues(): { beta: number } {
    return { beta: this.config.klCoefficient };
  }

  /** Policy, value model, optimisers and reward head: all that a run needs to go on. */
  async everything(): Promise<Record<string, Float32Array>> {
    const tensors = this.runTensors();
    const arrays = await this.engine.memory.read(tensors.map(([, tensor]) => tensor));
    return Object.fromEntries(
      tensors.map(([name], i) => [name, Float32Array.from(arrays[i] ?? [])]),
    );
  }

  /** Puts a saved run back. @throws RangeError when an array is missing or has another size. */
  restoreEverything(arrays: Weights, iteration: number): Promise<void> {
    const tensors = this.runTensors();
    for (const [name, tensor] of tensors) {
      const found = arrays[name];
      if (found?.length !== size(tensor.shape)) {
        throw new RangeError(
          `The saved run: ${name} has ${String(found?.length ?? 0)} numbers, expected ${String(size(tensor.shape))}; the run was not loaded.`,
        );
      }
    }
    for (const [name, tensor] of tensors) {
      this.engine.memory.write(tensor, arrays[name] as Float32Array);
    }
    this.iteration = iteration;
    this.policySteps = Math.max(0, iteration - VALUE_WARMUP) * this.config.minibatches;
    this.valueSteps = iteration * this.config.minibatches * this.config.valueEpochs;
    return Promise.resolve();
  }

  /** Back to a kept state, or to the start of the run. */
  restore(arrays: Weights | undefined, iteration: number): void {
    if (arrays === undefined) this.restart();
    else void this.restoreEverything(arrays, iteration);
  }

  private runTensors(): [string, Tensor][] {
    const { policy, value, rewardHead } = this.models;
    const of = (name: string, { m, v }: Optimiser): [string, Tensor][] => [
      [`${name}.m`, m],
      [`${name}.v`, v],
    ];
    return [
      ["policy.values", policy.values],
      ["value.values", value.values],
      ["reward-head.values", rewardHead.values],
      ...of("policy", this.policyOptimiser),
      ...of("value", this.valueOptimiser),
    ];
  }

  /** Named weights of the normalised reward head. */
  async rewardWeights(): Promise<Record<string, Float32Array>> {
    const { head } = this.reward;
    const [flat] = await this.engine.memory.read([head.values]);
    return unflatten(head, flat as Float32Array);
  }

  /** The reward head on the device as a fit that is normalised already. */
  async currentReward(): Promise<{ fit: HeadFit; mean: number; gain: number }> {
    const weights = await this.rewardWeights();
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

  /** A few supervised steps on a person's demonstrations; policy and reference both learn them. */
  async demonstrate(rows: readonly Row[]): Promise<{ lossBefore: number; lossAfter: number }> {
    const { input, stats } = this.ptx;
    const { memory } = this.engine;
    const arrays = packRows(rows.slice(0, input.B), input.B, input.T);
    memory.write(input.tokens, arrays.tokens);
    memory.write(input.targets, arrays.targets);
    memory.write(input.weights, arrays.weights);
    this.restart();
    const losses: number[] = [];
    for (let step = 1; step <= DEMONSTRATION_STEPS; step++) {
      const settings = { learningRate: 5e-4, beta2: 0.99, maxNorm: 1 };
      memory.write(this.policyOptimiser.knobs, adamwKnobs(step, settings));
      this.engine.run(this.plans.demonstrate);
      const [measured] = await memory.read([stats]);
      losses.push(measured?.[0] ?? NaN);
    }
    memory.copy(this.models.policy.values, this.models.reference.values);
    this.restart();
    return { lossBefore: losses[0] ?? NaN, lossAfter: losses.at(-1) ?? NaN };
  }

  /** Rows of pre-training text that fit the ptx minibatch. */
  static readonly ptxRows = PTX_ROWS;
  static readonly ptxLength = PTX_LENGTH;
}
