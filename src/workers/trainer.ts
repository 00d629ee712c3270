// The trainer: everything the page asks for, on one engine. Runs in the worker, and in Node for `npm run align`.
import type { RunConfig, Tunable } from "../config.ts";
import type { Tuning } from "../gpu/tuner.ts";
import type { Engine } from "../plan/engine.ts";
import type { RunOptions } from "../rlhf/method.ts";
import { checkSession } from "../rlhf/session/memory.ts";
import { Session } from "../rlhf/session/session.ts";
import { PTX_LENGTH } from "../rlhf/session/state.ts";
import type { Source } from "../rlhf/session/session.ts";
import type { Answered } from "../rlhf/sequences.ts";
import type { ShownSampling } from "../rlhf/shown-sampling.ts";
import { parameterCount } from "../model/parameters.ts";
import { buildTokenizer } from "../world/index.ts";
import { Encoder } from "./encoder.ts";
import { KernelTools } from "./kernel-tools.ts";
import { Listening } from "./listening.ts";
import { RewardStages } from "./reward-stages.ts";
import { Study } from "./study.ts";
import { RunControl } from "./run-control.ts";
import { Supply } from "./supply.ts";
import type {
  EngineNote,
  EngineWish,
  ModelCard,
  Played,
  Ranking,
  RewardReport,
  Sample,
  StudyReport,
  StudyRequest,
  TrainerApi,
  TrainerEvent,
} from "./protocol.ts";
import { readCheckpoint, writeCheckpoint } from "./weights.ts";
import type { Checkpoint } from "./weights.ts";

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
    /** resolves with what happened when the device is lost or fails, ready for a sentence; absent where it cannot */
    lost?: Promise<string>;
  }>;
  /** bytes of a shipped file below the page's folder */
  load(file: string): Promise<Uint8Array>;
  /** called once the model is open; works in the background, and what it finds is used from then on */
  tune?(engine: Engine, software: boolean): Promise<Tuning | undefined>;
}

/** Fresh supervised answers that fix the mean and spread of the learned reward. */
const NORMALISERS = 64;

type Named = { readonly id: string; readonly text: string };

export class Trainer implements TrainerApi {
  readonly kernels = new KernelTools(
    () => this.session.engine,
    () => this.control.busy || this.listening.busy,
  );
  readonly listening = new Listening(() => ({
    session: this.session,
    config: this.config,
    model: this.sft.card.config,
    sft: this.sft.weights,
    study: this.studied,
    encoder: this.encoder,
    tokenizer: this.tokenizer,
  }));
  private readonly host: Host;
  private readonly tokenizer = buildTokenizer();
  private session!: Session;
  private sft!: Checkpoint;
  private emit: (event: TrainerEvent) => void = () => undefined;
  private config!: RunConfig;
  private rewards!: RewardStages;
  private studied!: Study;
  private encoder!: Encoder;
  private supply!: Supply;
  private control!: RunControl;
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
    this.config = config;
    this.phase("loading");
    const bytes = await this.host.load("models/sft.safetensors");
    this.sft = readCheckpoint(bytes, "models/sft.safetensors");
    const opened = await this.host.openEngine(wish);
    const { engine, kind, note, software, destroy, lost } = opened;
    this.destroy = destroy;
    const { config: model, command } = this.sft.card;
    const progress = (done: number, total: number): void => {
      this.emit({ type: "progress", phase: "loading", done, total });
    };
    await checkSession(model, config, this.sft.weights, engine.limits);
    this.session = await Session.create(engine, model, config, this.sft.weights, progress);
    const longest = this.session.state.batch.P;
    this.encoder = new Encoder(this.tokenizer, longest, PTX_LENGTH + 1);
    this.supply = new Supply(this.tokenizer, config.seed, longest, config.ptxDemonstrations);
    const normalisers = await this.sampleNormalisers();
    this.rewards = new RewardStages(this.session, normalisers);
    this.studied = new Study(this.session, normalisers);
    this.control = new RunControl(this.session, this.rewards, this.supply, onEvent);
    void lost?.then((what) => {
      this.fail(what);
    });
    this.phase("idle");
    void this.host.tune?.(engine, software).then((tuning) => {
      if (tuning !== undefined) this.kernels.remember(tuning);
    });
    return {
      name: `${String(model.layers)} x ${String(model.width)} GPT`,
      parameters: parameterCount(this.session.state.models.policy),
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
    from: Source = "policy",
  ): Promise<Sample[][]> {
    if (from === "average") this.needAverage();
    const encoded = prompts.map(({ text }) => this.encoder.prompt(text));
    const wanted = encoded.flatMap((tokens) => Array.from({ length: k }, () => tokens));
    const generator = await this.session.generator(from);
    const answers = await generator.sample(wanted, seed, 0, this.shownSampling());
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
        checkpoint: from === "sft" ? "sft" : `${from}@${String(this.session.run.iteration)}`,
        finished: answer.finished,
      })),
    );
  }

  async demonstrate(
    demonstrations: readonly { prompt: string; response: string }[],
  ): Promise<{ lossBefore: number; lossAfter: number }> {
    const rows = demonstrations.map((one) => this.encoder.demonstration(one));
    await this.reset();
    this.phase("sft");
    try {
      const losses = await this.session.demonstrate(rows);
      await this.referenceChanged();
      return losses;
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
    const known = rankings.map((ranking) => this.encoder.ranking(ranking));
    try {
      const options = { stage, flip, seed: this.config.seed, onProgress };
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
      samples.map(({ prompt, tokens }) => ({ prompt: this.encoder.prompt(prompt), tokens })),
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
    return sets.map(plainAndBest);
  }

  async study(request: StudyRequest): Promise<StudyReport | null> {
    await this.listening.drop();
    this.phase("reward");
    const known = request.rankings.map((ranking) => this.encoder.ranking(ranking));
    const onProgress = (done: number, total: number): void => {
      this.emit({ type: "progress", phase: "reward", done, total });
    };
    try {
      return await this.studied.run({ ...request, rankings: known }, onProgress);
    } finally {
      this.phase("idle");
    }
  }

  stopStudy(): Promise<void> {
    this.studied.stop();
    return Promise.resolve();
  }

  async studyBest(
    prompts: readonly Named[],
    n: number,
    seed: number,
  ): Promise<{ plain: Sample; best: Sample }[]> {
    const sets = await this.sample(prompts, n, seed, "sft");
    const scored: Sample[][] = [];
    for (const set of sets) {
      const items = set.map(({ prompt, tokens }) => ({ prompt: this.encoder.prompt(prompt), tokens })); // prettier-ignore
      const scores = await this.studied.scores(items);
      scored.push(set.map((one, i) => ({ ...one, reward: scores[i] ?? NaN })));
    }
    return scored.map(plainAndBest);
  }

  async influence(
    rankings: readonly Ranking[],
    before: readonly Sample[],
    after: readonly Sample[],
    flip: boolean,
  ): Promise<number[]> {
    const items = (samples: readonly Sample[]): Answered[] =>
      samples.map(({ prompt, tokens }) => ({ prompt: this.encoder.prompt(prompt), tokens }));
    const known = rankings.map((ranking) => this.encoder.ranking(ranking));
    return this.rewards.influence(known, items(before), items(after), flip);
  }

  play(iterations: number, options?: Partial<RunOptions>): Promise<Played> {
    return this.control.play(iterations, options);
  }

  pause(): Promise<void> {
    this.control.pause();
    return Promise.resolve();
  }

  reset(): Promise<void> {
    return this.control.reset();
  }

  rollback(step: number): Promise<void> {
    return this.control.rollback(step);
  }

  /** Floating-point operations of an iteration of the run (0 before one begins); see Run.flops. */
  flops(iteration: number): number {
    return this.session.run.flops(iteration);
  }

  snapshot(): Promise<ArrayBuffer | null> {
    return this.control.snapshot();
  }

  async restore(snapshot: ArrayBuffer): Promise<{ step: number }> {
    const { step, referenceChanged } = await this.control.restore(snapshot);
    if (referenceChanged) {
      await this.referenceChanged();
      await this.rewards.resume();
    }
    return { step };
  }

  tune(knobs: Partial<Tunable>): Promise<void> {
    this.session.run.tune(knobs);
    return Promise.resolve();
  }

  async exportModel(which: "policy" | "average" | "reward" | "sft"): Promise<ArrayBuffer> {
    if (which === "average") this.needAverage();
    const { card } = this.sft;
    if (which === "sft")
      return writeCheckpoint(this.sft.weights, card, { model: "sft", format: "pt" }).buffer;
    const weights =
      which === "reward" ? await this.session.rewardModel() : await this.session.weights(which);
    const { engine, run } = this.session;
    const own = {
      ...{ config: card.config, seed: this.config.seed, adapter: engine.name, curve: [] },
      ...{ steps: run.iteration, command: `Trained in the page from: ${card.command}` },
    };
    const made = { model: which, format: "pt", ...this.madeBy() };
    return writeCheckpoint(weights, own, made).buffer;
  }

  destroyDevice(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  /** How the run in progress made what is exported, for the file's metadata. */
  private madeBy(): Record<string, string> {
    const { config, iteration, options } = this.session.run;
    if (options === undefined) return {};
    const { learningRate, klCoefficient, ptxCoefficient, seed } = config;
    return {
      ...{ method: options.method, options: JSON.stringify(options) },
      ...{ iterations: String(iteration), seed: String(seed) },
      settings: JSON.stringify({ learningRate, klCoefficient, ptxCoefficient }),
    };
  }

  private fail(what: string): void {
    this.control.pause();
    const step = String(this.session.run.iteration);
    const sentence = `${what} at step ${step}; the last saved weights are safe, start the model again to go on from them.`;
    this.emit({ type: "failed", error: { sentence, cause: "device-lost", weightsUsable: true } });
  }

  private needAverage(): void {
    if ((this.session.run.options?.emaDecay ?? 0) > 0) return;
    throw new RangeError(
      "There is no average of the policy: this run keeps none; start one with emaDecay above 0.",
    );
  }

  /** How the answers of `sample` are drawn: nothing that training draws itself reads it. */
  private shownSampling(): ShownSampling {
    const { shownTemperature, shownTopK, shownTopP } = this.session.run.config;
    return { temperature: shownTemperature, topK: shownTopK, topP: shownTopP };
  }

  /** The supervised model is another one: what was computed with the one before it is dropped. */
  private async referenceChanged(): Promise<void> {
    this.sft = { ...this.sft, weights: await this.session.weights("sft") };
    const normalisers = await this.sampleNormalisers();
    this.rewards.forget(normalisers);
    this.studied.forget(normalisers);
  }

  private async sampleNormalisers(): Promise<Answered[]> {
    const prompts = this.supply.prompts(-1, NORMALISERS);
    const reference = await this.session.generator("sft");
    const answers = await reference.sample(prompts, this.config.seed, 77);
    return answers.map(({ tokens }, i) => ({ prompt: prompts[i] as Int32Array, tokens }));
  }

  private phase(phase: "loading" | "idle" | "sft" | "reward" | "ppo"): void {
    const step = phase === "loading" ? 0 : this.session.run.iteration;
    this.emit({ type: "phase", phase, step });
  }
}

/** The first of several samples, and the one with the highest reward. */
function plainAndBest(set: readonly Sample[]): { plain: Sample; best: Sample } {
  const plain = set[0] as Sample;
  const best = set.reduce((a, b) => ((b.reward ?? -Infinity) > (a.reward ?? -Infinity) ? b : a));
  return { plain, best };
}
