// The trainer: everything the page asks for, on one engine. Runs in the worker, and in Node for `npm run align`.
import type { Knobs, RunConfig } from "../config.ts";
import type { Engine } from "../plan/engine.ts";
import { Session } from "../rlhf/session/session.ts";
import type { Answered } from "../rlhf/sequences.ts";
import type { TokenRanking } from "../rlhf/session/reward-trainer.ts";
import { parameterCount } from "../model/parameters.ts";
import { buildTokenizer } from "../world/index.ts";
import { RewardStages } from "./reward-stages.ts";
import { Supply } from "./supply.ts";
import { metricsRow, selfChecks } from "./report.ts";
import type {
  EngineNote,
  EngineWish,
  ModelCard,
  Ranking,
  RewardReport,
  Sample,
  SelfChecks,
  TrainerApi,
  TrainerEvent,
} from "./protocol.ts";
import { readCheckpoint, writeWeights } from "./weights.ts";
import type { Checkpoint } from "./weights.ts";
import { readSafetensors, toFloat32 } from "../storage/safetensors.ts";

/** What the trainer needs from where it runs. */
export interface Host {
  /** opens the engine; called once */
  openEngine(wish: EngineWish): Promise<{
    engine: Engine;
    kind: "gpu" | "cpu";
    software: boolean;
    destroy: () => void;
    /** why the GPU is not in use, when nobody chose that */
    note?: EngineNote;
    /** resolves with the cause when the device is lost; absent where it cannot be */
    lost?: Promise<string>;
  }>;
  /** bytes of a shipped file below the page's folder */
  load(file: string): Promise<Uint8Array>;
}

/** Fresh supervised answers that fix the mean and spread of the learned reward. */
const NORMALISERS = 32;
const KEEP_EVERY = 5;

type Named = { readonly id: string; readonly text: string };

export class Trainer implements TrainerApi {
  private readonly host: Host;
  private readonly tokenizer = buildTokenizer();
  private session!: Session;
  private sft!: Checkpoint;
  private emit: (event: TrainerEvent) => void = () => undefined;
  private seed = 1;
  private rewards!: RewardStages;
  private supply!: Supply;
  private pausing = false;
  private checks: SelfChecks | undefined;
  private readonly kept = new Map<number, Record<string, Float32Array>>();
  private destroy: () => void = () => undefined;

  constructor(host: Host) {
    this.host = host;
  }

  async open(
    config: RunConfig,
    onEvent: (event: TrainerEvent) => void,
    wish: EngineWish = "auto",
  ): Promise<ModelCard> {
    this.emit = onEvent;
    this.seed = config.seed;
    this.phase("loading");
    const bytes = await this.host.load("models/sft.safetensors");
    this.sft = readCheckpoint(bytes, "models/sft.safetensors");
    const opened = await this.host.openEngine(wish);
    const { engine, kind, note, software, destroy, lost } = opened;
    void lost?.then((cause) => {
      this.fail(cause);
    });
    this.destroy = destroy;
    const { config: model, command } = this.sft.card;
    const progress = (done: number, total: number): void => {
      this.emit({ type: "progress", phase: "loading", done, total });
    };
    this.session = await Session.create(engine, model, config, this.sft.weights, progress);
    this.supply = new Supply(this.tokenizer, config.seed, this.session.batch.P);
    this.rewards = new RewardStages(this.session, await this.sampleNormalisers());
    this.phase("idle");
    return {
      name: `${String(model.layers)} x ${String(model.width)} GPT`,
      parameters: parameterCount(this.session.models.policy),
      layers: model.layers,
      width: model.width,
      heads: model.heads,
      context: model.context,
      vocabulary: model.vocabulary,
      checkpoint: command,
      adapter: engine.name,
      software,
      engine: kind,
      ...(note === undefined ? {} : { note }),
    };
  }

  async sample(
    prompts: readonly Named[],
    k: number,
    seed: number,
    from: "policy" | "sft" = "policy",
  ): Promise<Sample[][]> {
    const encoded = prompts.map(({ text }) => this.encode(text));
    const wanted = encoded.flatMap((tokens) => Array.from({ length: k }, () => tokens));
    const { policyGenerator, referenceGenerator } = this.session;
    const generator = from === "sft" ? referenceGenerator : policyGenerator;
    const answers = await generator.sample(wanted, seed);
    const rewards = await this.rewards.scores(
      answers.map(({ tokens }, i) => ({ prompt: wanted[i] as Int32Array, tokens })),
    );
    return prompts.map((prompt, p) =>
      answers.slice(p * k, (p + 1) * k).map((answer, i) => ({
        promptId: prompt.id,
        prompt: prompt.text,
        text: this.tokenizer.renderIds(answer.tokens),
        tokens: answer.tokens,
        logprobs: answer.logprobs,
        ...(rewards === undefined ? {} : { reward: rewards[p * k + i] ?? NaN }),
        seed,
        checkpoint: from === "sft" ? "sft" : `ppo@${String(this.session.iteration)}`,
        finished: answer.finished,
      })),
    );
  }

  async demonstrate(
    demonstrations: readonly { prompt: string; response: string }[],
  ): Promise<{ lossBefore: number; lossAfter: number }> {
    this.phase("sft");
    const rows = demonstrations.map(({ prompt, response }) => {
      const head = this.encode(prompt);
      const { ids, unknown } = this.tokenizer.parse(response);
      const word = unknown[0];
      if (word !== undefined) {
        throw new RangeError(
          `Your answer: the model does not know "${word.word}"; use another word.`,
        );
      }
      return { tokens: [...head, ...ids, 1], countFrom: head.length };
    });
    try {
      return await this.session.demonstrate(rows);
    } finally {
      this.phase("idle");
    }
  }

  async fitReward(
    rankings: readonly Ranking[],
    { stage, flip = false }: { stage: "fast" | "full"; flip?: boolean },
  ): Promise<RewardReport> {
    this.phase("reward");
    const started = performance.now();
    const onProgress = (done: number, total: number): void => {
      this.emit({ type: "progress", phase: "reward", done, total });
    };
    const known = rankings.map((ranking) => this.tokens(ranking));
    try {
      const options = { stage, flip, seed: this.seed, onProgress };
      const report = await this.rewards.fit(known, options);
      return { ...report, milliseconds: performance.now() - started };
    } finally {
      this.phase("idle");
    }
  }

  async score(
    samples: readonly { prompt: string; tokens: readonly number[] }[],
  ): Promise<number[]> {
    const scores = await this.rewards.scores(
      samples.map(({ prompt, tokens }) => ({ prompt: this.encode(prompt), tokens })),
    );
    if (scores === undefined)
      throw new Error("There is no reward model yet: rank some answers first.");
    return scores;
  }

  async bestOfN(
    prompts: readonly Named[],
    n: number,
    seed: number,
  ): Promise<{ plain: Sample; best: Sample }[]> {
    const sets = await this.sample(prompts, n, seed, "sft");
    return sets.map((set) => {
      const plain = set[0] as Sample;
      const best = set.reduce((a, b) =>
        (b.reward ?? -Infinity) > (a.reward ?? -Infinity) ? b : a,
      );
      return { plain, best };
    });
  }

  async influence(
    rankings: readonly Ranking[],
    before: readonly Sample[],
    after: readonly Sample[],
  ): Promise<number[]> {
    const items = (samples: readonly Sample[]): Answered[] =>
      samples.map(({ prompt, tokens }) => ({ prompt: this.encode(prompt), tokens }));
    const known = rankings.map((ranking) => this.tokens(ranking));
    return this.rewards.influence(known, items(before), items(after));
  }

  async play(iterations: number): Promise<number> {
    const reward = this.rewards.current;
    if (reward === undefined) {
      throw new Error("Reinforce: there is no reward model yet; rank some answers first.");
    }
    this.pausing = false;
    this.phase("ppo");
    if (this.session.iteration === 0)
      await this.session.initialiseValue(reward.fit, reward.gain, reward.mean);
    let pending: Promise<boolean> | undefined;
    let done = 0;
    while (done < iterations && !this.stopping()) {
      const step = this.session.iteration;
      const report = this.session.step(this.supply.prompts(step, this.session.batch.B), () =>
        this.supply.rows(Session.ptxRows, Session.ptxLength),
      );
      const handled = report.then((measured) => this.handle(measured));
      // two iterations may be in flight: the device never waits for the host
      if (pending !== undefined && !(await pending)) break;
      pending = handled;
      done++;
      await macrotask();
      await this.keep(this.session.iteration);
    }
    if (pending !== undefined) await pending;
    this.phase("idle");
    return done;
  }

  private stopping(): boolean {
    return this.pausing;
  }

  pause(): Promise<void> {
    this.pausing = true;
    return Promise.resolve();
  }

  reset(): Promise<void> {
    this.session.restart();
    this.kept.clear();
    this.checks = undefined;
    return Promise.resolve();
  }

  rollback(step: number): Promise<void> {
    const weights = this.kept.get(step);
    if (step !== 0 && weights === undefined) {
      const steps = [0, ...this.kept.keys()].join(", ");
      throw new RangeError(`Step ${String(step)} was not kept; the kept steps are ${steps}.`);
    }
    this.session.restore(weights, step);
    for (const later of [...this.kept.keys()].filter((other) => other > step))
      this.kept.delete(later);
    return Promise.resolve();
  }

  tune(knobs: Partial<Knobs>): Promise<void> {
    this.session.tune(knobs);
    return Promise.resolve();
  }

  async exportModel(which: "policy" | "reward" | "sft"): Promise<ArrayBuffer> {
    if (which === "sft") return writeWeights(this.sft.weights, { model: "sft" }).buffer;
    if (which === "policy")
      return writeWeights(await this.session.weights("policy"), { model: "policy" }).buffer;
    return writeWeights(await this.session.rewardWeights(), { model: "reward-head" }).buffer;
  }

  async snapshot(): Promise<ArrayBuffer | null> {
    if (this.session.iteration === 0) return null;
    const weights = await this.session.everything();
    return writeWeights(weights, { iteration: String(this.session.iteration) }).buffer;
  }

  async restore(snapshot: ArrayBuffer): Promise<{ step: number }> {
    const { tensors, metadata } = readSafetensors(new Uint8Array(snapshot), {
      name: "The saved run",
    });
    const weights: Record<string, Float32Array> = {};
    for (const [name, tensor] of tensors) weights[name] = toFloat32(tensor);
    const step = Number(metadata["iteration"]);
    await this.session.restoreEverything(weights, step);
    await this.rewards.resume("fast");
    return { step };
  }

  destroyDevice(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  private fail(cause: string): void {
    this.pausing = true;
    const step = String(this.session.iteration);
    const sentence = `The GPU device was lost (${cause}) at step ${step}; the last saved weights are safe, start the model again to go on from them.`;
    this.emit({ type: "failed", error: { sentence, cause: "device-lost", weightsUsable: true } });
  }

  private async handle(report: Awaited<ReturnType<Session["step"]>>): Promise<boolean> {
    const row = metricsRow(report, this.session.knobValues());
    this.emit({ type: "metrics", first: report.iteration, rows: row });
    this.checks = selfChecks(report, this.checks);
    this.emit({ type: "checks", checks: this.checks });
    if (!report.finite) {
      this.emit({
        type: "failed",
        error: {
          sentence: `Step ${String(report.iteration + 1)}: a gradient is not finite; the update was skipped and the run is paused with the weights from before it.`,
          cause: "non-finite",
          weightsUsable: true,
        },
      });
      return false;
    }
    const { klStop } = this.session.settings();
    return await Promise.resolve(klStop <= 0 || (report.rollout[0] ?? 0) <= klStop);
  }

  private async keep(iteration: number): Promise<void> {
    if (iteration % KEEP_EVERY !== 0) return;
    this.kept.set(iteration, await this.session.everything());
  }

  private async sampleNormalisers(): Promise<Answered[]> {
    const prompts = this.supply.prompts(-1, NORMALISERS);
    const answers = await this.session.referenceGenerator.sample(prompts, this.seed, 77);
    return answers.map(({ tokens }, i) => ({ prompt: prompts[i] as Int32Array, tokens }));
  }

  private tokens(ranking: Ranking): TokenRanking {
    return {
      prompt: this.encode(ranking.prompt),
      completions: ranking.completions,
      ranks: ranking.ranks,
    };
  }

  private encode(prompt: string): Int32Array {
    const ids = this.tokenizer.encodePrompt(this.tokenizer.parse(prompt).text);
    const { P } = this.session.batch;
    if (ids.length > P) {
      throw new RangeError(
        `Your prompt has ${String(ids.length)} tokens and this model reads ${String(P)}; make it shorter.`,
      );
    }
    return ids;
  }

  private phase(phase: "loading" | "idle" | "sft" | "reward" | "ppo"): void {
    const step = phase === "loading" ? 0 : this.session.iteration;
    this.emit({ type: "phase", phase, step });
  }
}

/** Lets messages in: on the CPU engine nothing else in the loop waits for one, and pause is a message. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
