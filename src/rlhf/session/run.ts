// One run of reinforcement: begins from the reference, steps, is tuned, and can be taken back to an earlier state.
import type { RunConfig } from "../../config.ts";
import { adamwKnobs } from "../../kernels/adamw.ts";
import { emaKnobs } from "../../kernels/ema.ts";
import { KNOBS } from "../../kernels/knobs.ts";
import { linearDecay, ppoLr } from "../../kernels/schedules.ts";
import type { Parameters } from "../../model/parameters.ts";
import { parameter } from "../../model/parameters.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import { declaredFlops } from "../../plan/work.ts";
import { view } from "../../plan/tensor.ts";
import type { Row } from "../language-model.ts";
import { writeRows } from "../language-model.ts";
import type { RunOptions } from "../method.ts";
import { isGrouped, RUN_OPTIONS, runOptions } from "../method.ts";
import { writeAnswers } from "../sequences.ts";
import type { Generator } from "./generator.ts";
import { knobValues } from "./knob-values.ts";
import type { Pairs } from "./pairs.ts";
import type { MethodPlans, Plans } from "./plans.ts";
import type { IterationReport } from "./report.ts";
import { clearSkipped, readReport } from "./report.ts";
import type { NormalisedFit } from "./reward-trainer.ts";
import { clear, runTensors, writeNamed } from "./saved-run.ts";
import type { Named, Weights } from "./saved-run.ts";
import type { RunState } from "./state.ts";

/** Iterations of PPO that train only the value model, before the policy moves. */
const VALUE_WARMUP = 3;
const LR_WARMUP = 5;
/** The policy's learning rate falls over the second half of a run, so that noise settles (docs/LOG.md). */
const LR_DECAY = { share: 0.5, floor: 0.05 };
/** Batches over which the adaptive KL coefficient may change by a factor of about e^0.2. */
const KL_HORIZON = 2;

/** What learns from what: chosen at the start of a run, and again when a saved one comes back. */
export interface Sources {
  /** feeds the reward head */
  readonly rewardTrunk: Parameters;
  /** what DPO learns from; other methods do not read it */
  readonly pairs: Pairs | undefined;
}

interface Live extends MethodPlans {
  readonly average: readonly CompiledPlan[];
  readonly pairs: Pairs | undefined;
}

export class Run {
  iteration = 0;
  /** what was chosen at its start; undefined before */
  options: RunOptions | undefined;
  private readonly engine: Engine;
  private readonly state: RunState;
  private readonly plans: Plans;
  private readonly rollout: Generator;
  private live: Live | undefined;
  config: RunConfig;

  constructor(
    engine: Engine,
    state: RunState,
    plans: Plans,
    { rollout, config }: { rollout: Generator; config: RunConfig },
  ) {
    this.engine = engine;
    this.state = state;
    this.plans = plans;
    this.rollout = rollout;
    this.config = config;
    this.restart();
  }

  /** Policy back to the reference; value model and optimisers from scratch; the next run may choose a method. */
  restart(): void {
    const { models, average, policyOptimiser, valueOptimiser } = this.state;
    const { memory } = this.engine;
    memory.copy(models.reference.values, models.policy.values);
    memory.copy(models.reference.values, average.values);
    const moments = [policyOptimiser, valueOptimiser].flatMap(({ m, v, state }) => [m, v, state]);
    clear(this.engine, [...moments, models.value.values]);
    this.iteration = 0;
    this.options = undefined;
    this.writeKnobs(true);
  }

  /**
   * Starts from the reference: compiles what the method needs and sets the value model up.
   * @throws RangeError for options that no run can have
   */
  async begin(wanted: Partial<RunOptions>, from: Sources, reward: NormalisedFit): Promise<void> {
    const options = runOptions(wanted, this.state.batch.B);
    const live = await this.prepare(options, from);
    this.restart();
    this.start(options, live);
    this.writeKnobs(true);
    this.initialiseValue(reward, from.rewardTrunk);
    await this.engine.idle();
  }

  /**
   * Goes on from saved arrays (see `tensors`).
   * @throws RangeError with one sentence, and with the run as it was, when an array is missing or has another size
   */
  async resume(
    arrays: Weights,
    iteration: number,
    wanted: Partial<RunOptions>,
    from: Sources,
  ): Promise<void> {
    const options = runOptions(wanted, this.state.batch.B);
    const live = await this.prepare(options, from);
    writeNamed(this.engine, runTensors(this.state, options.emaDecay > 0), arrays);
    this.iteration = iteration;
    this.start(options, live);
    this.tune({});
  }

  /** Lets another reward trunk or other pairs take over at the next iteration. */
  async learnFrom(from: Sources): Promise<void> {
    if (this.options !== undefined) this.live = await this.prepare(this.options, from);
  }

  /** What has to be saved for the run to go on exactly. */
  tensors(): Named {
    return runTensors(this.state, (this.options?.emaDecay ?? 0) > 0);
  }

  /** Changes live scalars; they take effect at the next iteration. */
  tune(changes: Partial<RunConfig>): void {
    this.config = { ...this.config, ...changes };
    this.writeKnobs(changes.klCoefficient !== undefined || this.config.klTarget <= 0);
  }

  /** Different prompts that one iteration asks for. */
  get promptsPerStep(): number {
    const { method, answers } = this.options ?? RUN_OPTIONS;
    return isGrouped(method) ? this.state.batch.B / answers : this.state.batch.B;
  }

  /**
   * Queues one iteration; the returned promise is its report. Nothing waits inside the iteration.
   * @param prompts promptsPerStep of them
   * @param pretraining rows of pre-training text for policy update number n = 0, 1, …
   */
  step(
    prompts: readonly ArrayLike<number>[],
    pretraining: (n: number) => readonly Row[],
  ): Promise<IterationReport> {
    const { live, options } = this;
    if (live === undefined || options === undefined) throw new Error("step: no run has begun");
    const each = this.state.batch.B / this.promptsPerStep;
    const asked = prompts.flatMap((prompt) => Array.from({ length: each }, () => prompt));
    const iteration = this.iteration;
    const since = iteration - this.warmup();
    if (since === 0) this.tune({});
    clearSkipped(this.engine, this.state);
    this.rollout.queue(asked, this.config.seed, 1000 + iteration);
    this.engine.run(live.experience);
    const learningRate = since < 0 ? 0 : this.updatePolicy(live, options, since, pretraining);
    this.updateValue(live, iteration);
    this.iteration++;
    const place = { iteration, moves: since >= 0, learningRate };
    return readReport(this.engine, this.state, options.method, place);
  }

  /**
   * Floating-point operations of the matrix products and attention of an iteration's plans; 0 before a run begins.
   * @param iteration 0, 1, …: in the first ones of PPO the policy does not move yet
   */
  flops(iteration: number): number {
    const { live } = this;
    if (live === undefined) return 0;
    const of = (plans: readonly CompiledPlan[]): number =>
      plans.reduce((sum, { calls }) => sum + declaredFlops(calls), 0);
    const policy = iteration < this.warmup() ? 0 : of(live.policy);
    const value = this.config.valueEpochs * of(live.value);
    return this.rollout.flops() + of([live.experience]) + policy + value;
  }

  private async prepare(options: RunOptions, { rewardTrunk, pairs }: Sources): Promise<Live> {
    const plans = await this.plans.of(options, rewardTrunk);
    return { ...plans, average: options.emaDecay > 0 ? [await this.plans.average()] : [], pairs };
  }

  private start(options: RunOptions, live: Live): void {
    this.options = options;
    this.live = live;
    this.engine.memory.write(this.state.decay, emaKnobs(options.emaDecay));
  }

  private updatePolicy(
    { policy, average, pairs }: Live,
    { method }: RunOptions,
    since: number,
    pretraining: (n: number) => readonly Row[],
  ): number {
    const { memory } = this.engine;
    const { ptx, policyOptimiser, pairs: rows } = this.state;
    const peak = this.config.learningRate;
    const decay = linearDecay(this.iteration, { total: this.config.iterations, ...LR_DECAY });
    const learningRate = decay * ppoLr(since, { peak, warmup: LR_WARMUP, start: 0.1 });
    policy.forEach((plan, i) => {
      const number = since * policy.length + i;
      writeRows(memory, ptx.input, pretraining(number));
      if (method === "dpo") {
        if (pairs === undefined) throw new Error("DPO: there are no rankings to learn from.");
        writeAnswers(memory, rows, pairs.rows(number, rows.B / 2));
      }
      const settings = { learningRate, beta2: 0.99, maxNorm: 1 };
      memory.write(policyOptimiser.knobs, adamwKnobs(number + 1, settings));
      this.engine.run(plan, ...average);
    });
    return learningRate;
  }

  private updateValue({ value }: Live, iteration: number): void {
    const { valueEpochs, valueLearningRate: learningRate } = this.config;
    const settings = { learningRate, beta2: 0.99, maxNorm: 1 };
    for (let i = 0; i < valueEpochs * value.length; i++) {
      const number = iteration * valueEpochs * value.length + i;
      this.engine.memory.write(this.state.valueOptimiser.knobs, adamwKnobs(number + 1, settings));
      this.engine.run(value[i % value.length] as CompiledPlan);
    }
  }

  /** Starts the value model from the reward model: its trunk, and its head over states (InstructGPT C.4). */
  private initialiseValue({ fit, gain, mean }: NormalisedFit, { values }: Parameters): void {
    const { memory } = this.engine;
    const { value } = this.state.models;
    const weight = parameter(value, "score.weight");
    const [width = 0] = weight.shape;
    // a value model is laid out as its trunk with the head behind it
    memory.copy(values, view(value.values, values.shape));
    memory.write(
      weight,
      Array.from(
        { length: width },
        (_, c) => gain * ((fit.weights[c] ?? 0) + 0.5 * (fit.weights[2 * width + c] ?? 0)),
      ),
    );
    memory.write(parameter(value, "score.bias"), [(fit.bias - mean) * gain]);
  }

  /** Iterations before the policy moves. */
  private warmup(): number {
    return this.options?.method === "ppo" ? VALUE_WARMUP : 0;
  }

  /** @param beta false leaves the KL coefficient as the adaptive controller has it on the device */
  private writeKnobs(beta: boolean): void {
    const { config, options = RUN_OPTIONS } = this;
    const values = knobValues(config, options);
    const { memory } = this.engine;
    const { knobs, kl } = this.state;
    memory.write(knobs, values.subarray(0, beta ? KNOBS.beta + 1 : KNOBS.beta));
    memory.write(knobs, values.subarray(KNOBS.beta + 1), KNOBS.beta + 1);
    // while the policy stands still its KL is 0 and says nothing about the coefficient
    const steps = this.iteration < this.warmup() ? 0 : config.batch;
    memory.write(kl, [
      options.method === "dpo" ? 0 : config.klTarget,
      KL_HORIZON * config.batch,
      steps,
    ]);
  }
}
