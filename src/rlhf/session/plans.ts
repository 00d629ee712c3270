// The compiled plans of a session, each made when it is first needed.
import type { RunConfig } from "../../config.ts";
import { ema } from "../../kernels/ema.ts";
import type { GptConfig } from "../../model/gpt.ts";
import type { Parameters } from "../../model/parameters.ts";
import type { CompiledPlan, Engine } from "../../plan/engine.ts";
import { Tape } from "../../plan/tape.ts";
import { experienceTape } from "../experience.ts";
import { lmStep } from "../language-model.ts";
import type { RunOptions } from "../method.ts";
import { isGrouped } from "../method.ts";
import { dpoTape, policyTape, valueTape } from "../updates.ts";
import type { RunState } from "./state.ts";

/** What one iteration of a method runs after its rollout. */
export interface MethodPlans {
  readonly experience: CompiledPlan;
  /** one per minibatch */
  readonly policy: readonly CompiledPlan[];
  /** one per minibatch; none in methods without a value model */
  readonly value: readonly CompiledPlan[];
}

export class Plans {
  private readonly engine: Engine;
  private readonly model: GptConfig;
  private readonly state: RunState;
  private readonly minibatches: number;
  private readonly rewardLimit: number;
  private readonly made = new Map<string, Promise<CompiledPlan>>();

  constructor(engine: Engine, model: GptConfig, state: RunState, config: RunConfig) {
    this.engine = engine;
    this.model = model;
    this.state = state;
    this.minibatches = config.minibatches;
    this.rewardLimit = config.rewardLimit;
  }

  /** The plans of a run; `rewardTrunk` feeds the reward head. */
  async of(options: RunOptions, rewardTrunk: Parameters): Promise<MethodPlans> {
    const { method } = options;
    const numbers = Array.from({ length: this.minibatches }, (_, i) => i);
    const policy: CompiledPlan[] = [];
    const value: CompiledPlan[] = [];
    for (const i of numbers) policy.push(await this.policy(options, i));
    if (method === "ppo") for (const i of numbers) value.push(await this.value(i));
    return { experience: await this.experience(options, rewardTrunk), policy, value };
  }

  /** One supervised step of the policy on the ptx rows. */
  demonstration(): Promise<CompiledPlan> {
    const { models, policyOptimiser, ptx } = this.state;
    return this.once("demonstration", () =>
      lmStep(this.model, models.policy, policyOptimiser, ptx.input, ptx.stats),
    );
  }

  /** Moves the average towards the policy. */
  average(): Promise<CompiledPlan> {
    return this.once("average", () => {
      const tape = new Tape();
      const { average, models, decay } = this.state;
      ema(tape, average.values, models.policy.values, decay);
      return tape;
    });
  }

  private experience(options: RunOptions, rewardTrunk: Parameters): Promise<CompiledPlan> {
    const { models, batch, data, knobs, kl } = this.state;
    const { method, answers } = options;
    const size = isGrouped(method) ? ` of ${String(answers)}` : "";
    const label = `${method} experience${size}, ${rewardTrunk.label}`;
    const judging = { method, answers, rewardLimit: this.rewardLimit };
    return this.once(label, () =>
      experienceTape(this.model, { ...models, rewardTrunk }, batch, data, { knobs, kl }, judging),
    );
  }

  private policy({ method, dpoKind }: RunOptions, i: number): Promise<CompiledPlan> {
    const { state } = this;
    const { pairs, models, policyOptimiser: optimiser, knobs, ptx, own } = state;
    const stats = i === 0 ? state.firstPolicy : state.lastPolicy;
    const to = { config: this.model, models, optimiser, knobs, ptx, own, stats };
    if (method === "dpo") {
      return this.once(`dpo ${dpoKind} update ${String(i)}`, () => dpoTape(dpoKind, pairs, to));
    }
    return this.once(`${method} policy update ${String(i)}`, () =>
      policyTape(method, this.minibatch(i), to),
    );
  }

  private value(i: number): Promise<CompiledPlan> {
    const { models, valueOptimiser: optimiser, knobs, valueStats: stats } = this.state;
    const to = { models, optimiser, knobs, stats };
    return this.once(`value update ${String(i)}`, () => valueTape(this.minibatch(i), to));
  }

  private minibatch(i: number) {
    const { batch, data } = this.state;
    const count = batch.B / this.minibatches;
    return { batch, data, first: i * count, count };
  }

  private once(label: string, record: () => Tape): Promise<CompiledPlan> {
    const known = this.made.get(label);
    if (known !== undefined) return known;
    const plan = this.engine.compile(label, record().calls);
    this.made.set(label, plan);
    return plan;
  }
}
