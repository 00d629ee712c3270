// The trainer: everything the page asks for, on one engine. Runs in the worker, and in Node for `npm run align`.
import type { Knobs, RunConfig } from "../config.ts";
import { ROLLOUT_STATS } from "../kernels/rollout-metrics.ts";
import type { Engine } from "../plan/engine.ts";
import type { RunOptions } from "../rlhf/method.ts";
import type { IterationReport } from "../rlhf/session/report.ts";
import { Session } from "../rlhf/session/session.ts";
import type { Source } from "../rlhf/session/session.ts";
import { PTX_LENGTH, PTX_ROWS } from "../rlhf/session/state.ts";
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
/** Kept states of a run; older ones are forgotten. */
const MOST_KEPT = 40;

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
  private playing: Promise<number> | undefined;
  private chosen: Partial<RunOptions> = {};
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
    this.supply = new Supply(this.tokenizer, config.seed, this.session.state.batch.P);
    this.rewards = new RewardStages(this.session, await this.sampleNormalisers());
    this.phase("idle");
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
    const encoded = prompts.map(({ text }) => this.encode(text));
    const wanted = encoded.flatMap((tokens) => Array.from({ length: k }, () => tokens));
    const generator = await this.session.generator(from);
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
        checkpoint: from === "sft" ? "sft" : `${from}@${String(this.session.run.iteration)}`,
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

  async play(iterations: number, options?: Partial<RunOptions>): Promise<number> {
    if (this.playing !== undefined)
      throw new Error("Reinforce: a run is going on; pause it first.");
    this.pausing = false;
    const playing = this.iterate(iterations, options);
    this.playing = playing.catch(() => 0);
    try {
      return await playing;
    } finally {
      this.playing = undefined;
      this.phase("idle");
    }
  }

  private async iterate(iterations: number, wanted?: Partial<RunOptions>): Promise<number> {
    await this.ensureRun(wanted);
    const { run } = this.session;
    this.phase("ppo");
    let pending: Promise<boolean> | undefined;
    let done = 0;
    while (done < iterations && !this.stopping()) {
      const prompts = this.supply.prompts(run.iteration, run.promptsPerStep);
      const report = run.step(prompts, (n) => this.supply.rows(n, PTX_ROWS, PTX_LENGTH));
      const handled = report.then((measured) => this.handle(measured));
      // two iterations may be in flight: the device never waits for the host
      if (pending !== undefined && !(await pending)) break;
      pending = handled;
      done++;
      await macrotask();
      await this.keep(run.iteration);
    }
    if (pending !== undefined) await pending;
    return done;
  }

  /** Begins a run, or checks that the one in progress is what is asked for. */
  private async ensureRun(wanted: Partial<RunOptions> | undefined): Promise<void> {
    const reward = this.rewards.current;
    if (reward === undefined) {
      throw new Error("Reinforce: there is no reward model yet; rank some answers first.");
    }
    const { run } = this.session;
    if (run.iteration === 0) {
      this.chosen = wanted ?? this.chosen;
      if (this.chosen.method === "dpo") await this.rewards.needPairs();
      await this.session.begin(this.chosen, reward);
      return;
    }
    for (const [name, value] of Object.entries(wanted ?? {})) {
      const used = run.options?.[name as keyof RunOptions];
      if (used === value) continue;
      throw new RangeError(
        `Reinforce: this run has ${name} ${String(used)}, not ${String(value)}; start over to change it.`,
      );
    }
    if (run.options?.method === "dpo") await this.rewards.needPairs();
  }

  /** Floating-point operations of an iteration of the run (0 before one begins); see Run.flops. */
  flops(iteration: number): number {
    return this.session.run.flops(iteration);
  }

  private stopping(): boolean {
    return this.pausing;
  }

  pause(): Promise<void> {
    this.pausing = true;
    return Promise.resolve();
  }

  /** Resolves when nothing is played any more. */
  private async stop(): Promise<void> {
    this.pausing = true;
    await this.playing;
  }

  async reset(): Promise<void> {
    await this.stop();
    this.session.run.restart();
    this.kept.clear();
    this.chosen = {};
    this.checks = undefined;
  }

  async rollback(step: number): Promise<void> {
    const weights = this.kept.get(step);
    if (step !== 0 && weights === undefined) {
      const steps = [0, ...this.kept.keys()].join(", ");
      throw new RangeError(`Step ${String(step)} was not kept; the kept steps are ${steps}.`);
    }
    await this.stop();
    if (weights === undefined) this.session.run.restart();
    else await this.session.rewind(weights, step);
    for (const later of [...this.kept.keys()].filter((other) => other > step))
      this.kept.delete(later);
  }

  tune(knobs: Partial<Knobs>): Promise<void> {
    this.session.run.tune(knobs);
    return Promise.resolve();
  }

  async exportModel(which: "policy" | "average" | "reward" | "sft"): Promise<ArrayBuffer> {
    if (which === "sft") return writeWeights(this.sft.weights, { model: "sft" }).buffer;
    if (which === "average") this.needAverage();
    const model = which === "reward" ? "reward-head" : which;
    return writeWeights(await this.session.weights(model), { model }).buffer;
  }

  async snapshot(): Promise<ArrayBuffer | null> {
    const { run, stage } = this.session;
    if (run.iteration === 0) return null;
    const metadata = {
      iteration: String(run.iteration),
      options: JSON.stringify(run.options),
      reward: stage,
    };
    return writeWeights(await this.session.save(), metadata).buffer;
  }

  async restore(snapshot: ArrayBuffer): Promise<{ step: number }> {
    const { tensors, metadata } = readSafetensors(new Uint8Array(snapshot), {
      name: "The saved run",
    });
    const weights: Record<string, Float32Array> = {};
    for (const [name, tensor] of tensors) weights[name] = toFloat32(tensor);
    await this.stop();
    const step = Number(metadata["iteration"]);
    const stage = metadata["reward"] === "full" ? "full" : "fast";
    const options = JSON.parse(metadata["options"] ?? "{}") as Partial<RunOptions>;
    await this.session.restore(weights, { iteration: step, stage, options });
    await this.rewards.resume();
    this.chosen = options;
    this.kept.clear();
    return { step };
  }

  destroyDevice(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  private fail(cause: string): void {
    this.pausing = true;
    const step = String(this.session.run.iteration);
    const sentence = `The GPU device was lost (${cause}) at step ${step}; the last saved weights are safe, start the model again to go on from them.`;
    this.emit({ type: "failed", error: { sentence, cause: "device-lost", weightsUsable: true } });
  }

  private handle(report: IterationReport): boolean {
    const row = metricsRow(report);
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
    const { klStop } = this.session.run.config;
    return klStop <= 0 || (report.rollout[ROLLOUT_STATS.kl] ?? 0) <= klStop;
  }

  private async keep(iteration: number): Promise<void> {
    if (iteration % KEEP_EVERY !== 0) return;
    this.kept.set(iteration, await this.session.keep());
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }

  private needAverage(): void {
    if ((this.session.run.options?.emaDecay ?? 0) > 0) return;
    throw new RangeError(
      "There is no average of the policy: this run keeps none; start one with emaDecay above 0.",
    );
  }

  private async sampleNormalisers(): Promise<Answered[]> {
    const prompts = this.supply.prompts(-1, NORMALISERS);
    const reference = await this.session.generator("sft");
    const answers = await reference.sample(prompts, this.seed, 77);
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
    const { P } = this.session.state.batch;
    if (ids.length > P) {
      throw new RangeError(
        `Your prompt has ${String(ids.length)} tokens and this model reads ${String(P)}; make it shorter.`,
      );
    }
    return ids;
  }

  private phase(phase: "loading" | "idle" | "sft" | "reward" | "ppo"): void {
    const step = phase === "loading" ? 0 : this.session.run.iteration;
    this.emit({ type: "phase", phase, step });
  }
}

/** Lets messages in: on the CPU engine nothing else in the loop waits for one, and pause is a message. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
