// One reinforcement run: prepare, play in short stretches, pause, step, go back, and keep it safe.
import { clampParameter, DEFAULTS, PARAMETERS } from "../config.ts";
import type { Knobs, RunConfig } from "../config.ts";
import type { Ranking } from "../workers/protocol.ts";
import { compact, sentenceOf } from "./format.ts";
import { freshId } from "./fresh-id.ts";
import type { PromptText } from "./first-prompt.ts";
import type { Persisted } from "./persisted.svelte.ts";
import { loadRun, saveRun, showRun } from "./run-archive.ts";
import type { Trainer } from "./trainer.svelte.ts";

export type RunState =
  "idle" | "preparing" | "running" | "pausing" | "paused" | "finished" | "failed";

/** The watched prompts are sampled again about this often … */
const LOOK_SECONDS = 2;
/** … and a snapshot is taken about this often, so that a crash loses no more. */
const KEEP_SECONDS = 10;
const FIRST_STRETCH = 2;
/** The time left is shown after this share of the steps, when it can be told. */
const ETA_AFTER = 0.1;

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
  /** what went wrong beside the run, which goes on */
  warning = $state("");
  config = $state.raw<RunConfig>(DEFAULTS);
  id = "";
  #trainer: Trainer;
  #persisted: Persisted;
  #stop = false;
  #watched: readonly PromptText[] = [];
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
      this.id = freshId();
      this.total = this.config.iterations;
      this.#clear();
      await this.#trainer.ask((api) => api.reset());
      await this.#trainer.ask((api) => api.fitReward(rankings, { stage: "full", flip }));
      this.#watched = watch;
      await this.#look("sft");
      await this.#playOn();
    });
  }

  /** Goes on after a pause. With rankings, the reward model is fitted to them first. */
  async resume(watch: readonly PromptText[], refit: readonly Ranking[] | null): Promise<void> {
    if (this.busy || !this.started) return;
    this.#watched = watch;
    if (this.step >= this.total) this.total = this.step + this.config.iterations;
    await this.#guarded(async () => {
      await this.#refit(refit);
      await this.#playOn();
    });
  }

  /** One iteration. With rankings, the reward model is fitted to them first. */
  async stepOnce(watch: readonly PromptText[], refit: readonly Ranking[] | null): Promise<void> {
    if (this.busy || !this.started) return;
    this.#watched = watch;
    await this.#guarded(async () => {
      await this.#refit(refit);
      this.state = "running";
      await this.#trainer.ask((api) => api.play(1));
      this.#advance();
      this.total = Math.max(this.total, this.step);
      await this.#look("policy");
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

  /** Back to the newest kept weights at or before `wanted`; everything later is forgotten. */
  async rollback(wanted: number): Promise<void> {
    if (this.busy) return;
    await this.#guarded(async () => {
      const step = await this.#keptAtOrBefore(wanted);
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

  /** Shows the last run again and gives its weights back to the trainer; without one, nothing was run. */
  async restore(): Promise<void> {
    const kept = await loadRun(this.#persisted);
    const loaded =
      kept === null ? null : await this.#trainer.ask((api) => api.loadSnapshot(kept.id));
    if (this.busy) return;
    this.#clear();
    this.state = "idle";
    if (kept === null || loaded === null) return;
    const { detail } = kept;
    const { step } = loaded;
    this.warning = loaded.refused ?? "";
    showRun(this.#trainer, detail, step);
    this.id = kept.id;
    this.flipped = detail.flipped;
    this.total = Math.max(detail.config.iterations, step);
    this.step = step;
    this.state = kept.finished && step === detail.step ? "finished" : "paused";
  }

  /** Between a pause and going on, other rankings or their reverse may have been tried out. */
  async #refit(rankings: readonly Ranking[] | null): Promise<void> {
    if (rankings === null || rankings.length === 0) return;
    this.state = "preparing";
    const options = { stage: "full", flip: this.flipped } as const;
    await this.#trainer.ask((api) => api.fitReward(rankings, options));
  }

  #clear(): void {
    this.step = 0;
    this.failure = "";
    this.warning = "";
    this.#trainer.timeline.clear();
    this.#trainer.metrics.clear();
    this.#trainer.checks = null;
    this.#trainer.error = null;
  }

  /** Plays to the end or to a pause, in stretches that end with a look at the watched prompts. */
  async #playOn(): Promise<void> {
    this.state = "running";
    this.#stop = false;
    this.#clock = [{ step: this.step, time: performance.now() }];
    let stretch = FIRST_STRETCH;
    // The first stretch is kept at once, so that there is something to go back to.
    let kept = Number.NEGATIVE_INFINITY;
    let whole = true;
    while (whole && this.step < this.total && !this.#stopped()) {
      const started = performance.now();
      const before = this.step;
      whole = await this.#playStretch(Math.min(stretch, this.total - before));
      const seconds = (performance.now() - started) / 1000;
      stretch = Math.max(1, Math.round((LOOK_SECONDS * (this.step - before)) / seconds));
      await this.#look("policy");
      if (performance.now() - kept < KEEP_SECONDS * 1000) continue;
      await this.#keep();
      kept = performance.now();
    }
    await this.#keep();
    this.state = this.step >= this.total ? "finished" : "paused";
  }

  /** Some iterations; false when the trainer ended them early, for a reason it has sent. */
  async #playStretch(wanted: number): Promise<boolean> {
    const before = this.step;
    const done = await this.#trainer.ask((api) => api.play(wanted));
    // Metrics arrive as events; without them the answer is what counts.
    this.step = Math.max(this.step, before + Math.min(done, wanted));
    return done >= wanted;
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

  /** Samples the watched prompts with the same dice, unless the trainer sent this step itself. */
  async #look(from: "sft" | "policy"): Promise<void> {
    const { timeline } = this.#trainer;
    const { step } = this;
    const prompts = this.#watched;
    if (prompts.length === 0 || timeline.frames.some((frame) => frame.step === step)) return;
    const sets = await this.#trainer.ask((api) => api.sample(prompts, 1, this.config.seed, from));
    timeline.add(step, sets.flat());
  }

  /** Rolls back to the newest step that the trainer kept; it rejects the others at once. */
  async #keptAtOrBefore(wanted: number): Promise<number> {
    for (let step = wanted; step > 0; step--) {
      const kept = await this.#trainer
        .ask((api) => api.rollback(step))
        .then(
          () => true,
          () => false,
        );
      if (kept) return step;
    }
    await this.#trainer.ask((api) => api.rollback(0));
    return 0;
  }

  /** Weights first, so that what is shown after a reload can be gone on with. A full disk does not end the run. */
  async #keep(): Promise<void> {
    if (this.#persisted.state !== "open") return;
    const { id, config, step, flipped } = this;
    const facts = { config, step, flipped };
    try {
      await this.#trainer.ask((api) => api.saveSnapshot(id, step));
      await saveRun(this.#persisted, this.#trainer, id, facts, step >= this.total);
      this.warning = "";
    } catch (error) {
      if (!this.#trainer.ready) throw error;
      this.warning = sentenceOf(error);
    }
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
