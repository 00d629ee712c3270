// One reinforcement run: prepare, play in short stretches, pause, step, go back, and keep it safe.
import { clampParameter, DEFAULTS, PARAMETERS } from "../config.ts";
import type { Knobs, RunConfig } from "../config.ts";
import { METRICS } from "../workers/protocol.ts";
import type { Ranking, SelfChecks } from "../workers/protocol.ts";
import { compact, sentenceOf } from "./format.ts";
import type { PromptText } from "./first-prompt.ts";
import type { Persisted } from "./persisted.svelte.ts";
import type { Frame, Mark } from "./timeline.svelte.ts";
import type { Trainer } from "./trainer.svelte.ts";

export type RunState =
  "idle" | "preparing" | "running" | "pausing" | "paused" | "finished" | "failed";

/** A snapshot is taken about this often, so that a crash loses no more. */
const STRETCH_SECONDS = 10;
const FIRST_STRETCH = 4;
/** The time left is shown after this share of the steps, when it can be told. */
const ETA_AFTER = 0.1;

/** What is stored of a run beside its weights. */
interface RunDetail {
  readonly config: RunConfig;
  readonly step: number;
  readonly flipped: boolean;
  readonly frames: readonly Frame[];
  readonly marks: readonly Mark[];
  readonly rows: readonly (readonly (number | null)[])[];
  readonly checks: SelfChecks | null;
}

export class Run {
  state = $state<RunState>("idle");
  /** iterations done */
  step = $state(0);
  /** iterations wanted */
  total = $state(DEFAULTS.iterations);
  /** this run learned from the rankings turned round */
  flipped = $state(false);
  /** why it stopped, when it failed */
  failure = $state("");
  config = $state.raw<RunConfig>(DEFAULTS);
  id = "";
  #trainer: Trainer;
  #persisted: Persisted;
  #stop = false;
  /** when steps ended, for the time left */
  #clock: readonly { step: number; time: number }[] = [];
  #tuning: ReturnType<typeof setTimeout> | null = null;

  constructor(trainer: Trainer, persisted: Persisted) {
    this.#trainer = trainer;
    this.#persisted = persisted;
    trainer.onEvent((event) => {
      if (event.type === "metrics" && this.busy) this.#advance();
    });
  }

  get busy(): boolean {
    return this.state === "preparing" || this.state === "running" || this.state === "pausing";
  }

  get started(): boolean {
    return this.state !== "idle" && this.state !== "preparing";
  }

  /** Seconds left, or null while that cannot be told. */
  get etaSeconds(): number | null {
    const first = this.#clock[0];
    const last = this.#clock.at(-1);
    if (this.state !== "running" || first === undefined || last === undefined) return null;
    const steps = last.step - first.step;
    if (steps < Math.max(2, this.total * ETA_AFTER)) return null;
    return ((last.time - first.time) / steps / 1000) * (this.total - this.step);
  }

  /** Fits the reward model to the rankings and trains towards it. Never rejects: see `failure`. */
  async start(
    rankings: readonly Ranking[],
    watch: readonly PromptText[],
    flip = false,
  ): Promise<void> {
    if (this.busy) return;
    await this.#guarded(async () => {
      this.state = "preparing";
      this.flipped = flip;
      this.id = crypto.randomUUID();
      this.total = this.config.iterations;
      this.#clear();
      await this.#trainer.ask((api) => api.reset());
      await this.#trainer.ask((api) => api.fitReward(rankings, { stage: "full", flip }));
      await this.#watchNow(watch, 0, "sft");
      await this.#playOn();
      await this.#watchNow(watch, this.step, "policy");
    });
  }

  /** Goes on after a pause. */
  async resume(): Promise<void> {
    if (this.busy || !this.started) return;
    if (this.step >= this.total) this.total = this.step + this.config.iterations;
    await this.#guarded(() => this.#playOn());
  }

  /** One iteration. */
  async stepOnce(): Promise<void> {
    if (this.busy || !this.started) return;
    await this.#guarded(async () => {
      this.state = "running";
      await this.#trainer.ask((api) => api.play(1));
      this.#advance();
      this.total = Math.max(this.total, this.step);
      await this.#keep();
      this.state = this.step >= this.total ? "finished" : "paused";
    });
  }

  /** Stops at the end of the running iteration. */
  async pause(): Promise<void> {
    if (this.state !== "running") return;
    this.#stop = true;
    this.state = "pausing";
    await this.#trainer.interrupt((api) => api.pause());
  }

  /** Ends the run where it is. */
  async finish(): Promise<void> {
    await this.pause();
    this.total = Math.max(1, this.step);
    if (this.state === "paused") this.state = "finished";
  }

  /** Back to the weights after `step`; everything later is forgotten. */
  async rollback(step: number): Promise<void> {
    if (this.busy) return;
    await this.#guarded(async () => {
      await this.#trainer.ask((api) => api.rollback(step));
      this.#trainer.timeline.keepThrough(step);
      this.#trainer.metrics.keepThrough(step);
      this.step = step;
      this.total = Math.max(step + 1, this.config.iterations);
      this.#trainer.timeline.mark(step, "trained again from here");
      await this.#keep();
      this.state = "paused";
    });
  }

  /** Changes a live setting; it takes effect at the next iteration and leaves a mark. */
  tune(name: keyof Knobs, value: number): void {
    const row = PARAMETERS.find((parameter) => parameter.name === name);
    if (row === undefined) return;
    const clamped = clampParameter(row, value);
    this.config = { ...this.config, [name]: clamped };
    if (this.#tuning !== null) clearTimeout(this.#tuning);
    this.#tuning = setTimeout(() => {
      if (this.started) {
        this.#trainer.timeline.mark(this.step, `${row.label} ${compact(clamped)}`);
      }
      this.#trainer
        .interrupt((api) => api.tune({ [name]: clamped }))
        .catch((error: unknown) => (this.failure = sentenceOf(error)));
    }, 120);
  }

  /** Shows the last run again and gives its weights back to the trainer. */
  async restore(): Promise<void> {
    const row = await this.#persisted.lastRun();
    if (row === null) return;
    const detail = row.detail as RunDetail;
    const kept = await this.#persisted.snapshot(row.id);
    if (kept === null) return;
    await this.#trainer.ask((api) => api.restore(kept.bytes));
    this.id = row.id;
    this.flipped = detail.flipped;
    this.total = Math.max(detail.config.iterations, kept.step);
    this.#show(detail);
    this.#trainer.timeline.keepThrough(kept.step);
    this.#trainer.metrics.keepThrough(kept.step);
    this.step = kept.step;
    this.state = row.state === "finished" ? "finished" : "paused";
  }

  #show(detail: RunDetail): void {
    const { timeline, metrics } = this.#trainer;
    timeline.frames = detail.frames;
    timeline.marks = detail.marks;
    const rows = new Float32Array(detail.rows.length * METRICS.length);
    for (const [r, row] of detail.rows.entries()) {
      rows.set(row.map((value) => value ?? Number.NaN), r * METRICS.length); // prettier-ignore
    }
    metrics.clear();
    metrics.append(0, rows);
    this.#trainer.checks = detail.checks;
  }

  #clear(): void {
    this.step = 0;
    this.failure = "";
    this.#trainer.timeline.clear();
    this.#trainer.metrics.clear();
    this.#trainer.checks = null;
  }

  /** Plays to the end or to a pause, saving a snapshot after each stretch. */
  async #playOn(): Promise<void> {
    this.state = "running";
    this.#stop = false;
    this.#clock = [{ step: this.step, time: performance.now() }];
    let stretch = FIRST_STRETCH;
    while (this.step < this.total && !this.#stopped()) {
      const started = performance.now();
      const wanted = Math.min(stretch, this.total - this.step);
      const before = this.step;
      const done = await this.#trainer.ask((api) => api.play(wanted));
      // Metrics arrive as events; without them the answer is what counts.
      this.step = Math.max(this.step, before + Math.min(done, wanted));
      if (this.step === before) break;
      const seconds = (performance.now() - started) / 1000;
      stretch = Math.max(1, Math.round((STRETCH_SECONDS * (this.step - before)) / seconds));
      await this.#keep();
    }
    this.state = this.step >= this.total ? "finished" : "paused";
    if (this.state === "finished") await this.#save("finished");
  }

  #stopped(): boolean {
    return this.#stop;
  }

  /** Reads the newest step from the metrics. */
  #advance(): void {
    const { metrics } = this.#trainer;
    const newest = metrics.at("step", metrics.count - 1);
    if (!Number.isFinite(newest) || newest <= this.step) return;
    this.step = newest;
    this.#clock = [...this.#clock.slice(-11), { step: newest, time: performance.now() }];
  }

  /** Samples the watched prompts unless the trainer sent them itself. */
  async #watchNow(
    prompts: readonly PromptText[],
    step: number,
    from: "sft" | "policy",
  ): Promise<void> {
    const { timeline } = this.#trainer;
    if (prompts.length === 0 || timeline.frames.some((frame) => frame.step === step)) return;
    const seed = this.config.seed;
    const sets = await this.#trainer.ask((api) => api.sample(prompts, 1, seed, from));
    timeline.add(step, sets.flat());
  }

  async #keep(): Promise<void> {
    const bytes = await this.#trainer.ask((api) => api.snapshot());
    if (bytes !== null) await this.#persisted.saveSnapshot(this.id, this.step, bytes);
    await this.#save("running");
  }

  async #save(state: "running" | "finished"): Promise<void> {
    const { timeline, metrics, checks } = this.#trainer;
    const rows = metrics
      .rows()
      .map((row) => row.map((value) => (Number.isFinite(value) ? value : null)));
    const { config, step, flipped } = this;
    const { frames, marks } = timeline;
    const detail: RunDetail = { config, step, flipped, frames, marks, rows, checks };
    await this.#persisted.saveRun({ id: this.id, t: Date.now(), state, detail });
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      this.failure = "";
      await work();
    } catch (error) {
      this.failure = sentenceOf(error);
      this.state = "failed";
    }
  }
}
