// One reinforcement run: prepare, play in short stretches, pause, step, go back, and keep it safe.
import { clampParameter, DEFAULTS, PARAMETERS } from "../config.ts";
import type { Knobs, RunConfig } from "../config.ts";
import type { Played, Ranking } from "../workers/protocol.ts";
import { drawAgain } from "./best-of-n.ts";
import { Eta } from "./eta.ts";
import { compact, sentenceOf } from "./format.ts";
import { freshId } from "./fresh-id.ts";
import type { PromptText } from "./first-prompt.ts";
import { fitting, RECIPE, stepsOf, suited, trainerOptions } from "./methods.ts";
import type { Recipe } from "./methods.ts";
import type { Persisted } from "./persisted.svelte.ts";
import { loadRun, saveRun, showRun } from "./run-archive.ts";
import type { KeptRun } from "./run-archive.ts";
import type { LoadedSnapshot } from "../workers/stored-trainer.ts";
import type { Trainer } from "./trainer.svelte.ts";

export type RunState =
  "idle" | "preparing" | "running" | "pausing" | "paused" | "finished" | "failed";

/** The watched prompts are sampled again about this often … */
const LOOK_SECONDS = 2;
/** … and a snapshot is taken about this often, so that a crash loses no more. */
const KEEP_SECONDS = 10;
const FIRST_STRETCH = 2;

export class Run {
  state = $state<RunState>("idle");
  /** iterations done */
  step = $state(0);
  /** iterations wanted */
  total = $state(DEFAULTS.iterations);
  /** this run learned from the rankings turned round */
  flipped = $state(false);
  /** rankings that its reward model has learned from; null when that is not known any more */
  learned = $state<number | null>(null);
  /** why it stopped, when it failed */
  failure = $state("");
  /** what went wrong beside the run, which goes on */
  warning = $state("");
  config = $state.raw<RunConfig>(DEFAULTS);
  /** how the next run reinforces */
  wanted = $state.raw<Recipe>(RECIPE);
  /** how the run on screen does; it stays what it was when something else is wanted */
  recipe = $state.raw<Recipe>(RECIPE);
  id = "";
  #trainer: Trainer;
  #persisted: Persisted;
  #stop = false;
  #halted: Played["halted"] = null;
  #watched: readonly PromptText[] = [];
  #eta = new Eta();
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
    return this.state === "running" ? this.#eta.seconds(this.step, this.total) : null;
  }

  /** What the address says, before anything else. */
  open(config: RunConfig, recipe: Recipe): void {
    this.config = config;
    this.wanted = recipe;
    this.recipe = recipe;
    this.total = stepsOf(recipe, config);
  }

  /** The settings that the next run would have. */
  get wantedConfig(): RunConfig {
    return suited(this.config, this.recipe.choice, this.wanted.choice);
  }

  /** Chooses how the next run reinforces. A run on screen stays what it is. */
  choose(recipe: Recipe): void {
    if (this.busy) return;
    const chosen = fitting(recipe, this.config.batch);
    this.wanted = chosen;
    if (!this.started) this.#adopt();
  }

  /** Before a run begins, its recipe is the one that is wanted, and the levers suit it. */
  #adopt(): void {
    this.config = this.wantedConfig;
    this.recipe = this.wanted;
    this.total = stepsOf(this.recipe, this.config);
  }

  /** A run comes back: the levers suit it, and it is wanted again unless something else was asked for. */
  async #readopt(recipe: Recipe): Promise<void> {
    this.config = suited(this.config, this.recipe.choice, recipe.choice);
    if (this.wanted.choice === RECIPE.choice) this.wanted = recipe;
    this.recipe = recipe;
    await this.#tellLevers();
  }

  /**
   * The levers that go with a recipe, and the length of the run, over whose second half the learning rate falls. A run
   * that goes on for as long again begins that schedule again; for another length it has one over all of it.
   */
  async #tellLevers(): Promise<void> {
    const { learningRate, klCoefficient, iterations: steps } = this.config;
    const iterations = this.total % steps === 0 ? steps : this.total;
    const length = this.#draws ? {} : { iterations };
    await this.#trainer.ask((api) => api.tune({ learningRate, klCoefficient, ...length }));
  }

  /** Chooses how many steps the next run takes, or a finished one is trained on for. */
  chooseSteps(steps: number): void {
    const row = PARAMETERS.find(({ name }) => name === "iterations");
    if (this.busy || row === undefined) return;
    this.config = { ...this.config, iterations: Math.round(clampParameter(row, steps)) };
    if (!this.started) this.#adopt();
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
      this.#clear();
      this.#adopt();
      await this.#trainer.ask((api) => api.reset());
      await this.#tellLevers();
      await this.#fit(rankings);
      this.#watched = watch;
      await this.#look("sft");
      await this.#playOn();
    });
  }

  /** Goes on after a pause. With rankings, the reward model is fitted to them first. */
  async resume(watch: readonly PromptText[], refit: readonly Ranking[] | null): Promise<void> {
    if (this.busy || !this.started) return;
    this.#watched = watch;
    const more = this.step >= this.total;
    if (more) this.total = this.step + stepsOf(this.recipe, this.config);
    await this.#guarded(async () => {
      if (more) await this.#tellLevers();
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
      this.#stop = false;
      await this.#playStretch(1);
      this.total = Math.max(this.total, this.step);
      await this.#look("policy");
      await this.#keep();
      this.#tellHalt();
      this.state = this.step >= this.total ? "finished" : "paused";
    });
  }

  /** The trainer has no run any more, so none is shown; what was kept of it stays in storage. */
  drop(): void {
    if (this.busy) return;
    this.#clear();
    this.flipped = false;
    this.id = "";
    this.state = "idle";
    this.#adopt();
  }

  /** Stops at the end of the running iteration. */
  async pause(): Promise<void> {
    if (this.state !== "running") return;
    this.#stop = true;
    this.state = "pausing";
    if (!this.#draws) await this.#trainer.interrupt((api) => api.pause());
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
      const step = this.#draws ? wanted : await this.#keptAtOrBefore(wanted);
      this.#trainer.timeline.keepThrough(step);
      this.#trainer.metrics.keepThrough(step);
      this.step = step;
      this.total = Math.max(step + 1, stepsOf(this.recipe, this.config));
      this.#trainer.timeline.mark(step, "trained again from here");
      await this.#keep();
      this.state = "paused";
    });
  }

  /** Fits the reward model to these rankings, when there are any, without a step. */
  async judgeAgain(rankings: readonly Ranking[] | null): Promise<void> {
    if (rankings !== null && rankings.length > 0 && !this.busy) await this.#fit(rankings);
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

  /**
   * Shows the last run again and gives its weights back to the trainer; without one, nothing was run. A run saved
   * before `since` (milliseconds) was ended by what came then.
   */
  async restore(since = 0): Promise<void> {
    const last = await loadRun(this.#persisted);
    const kept = last !== null && last.t >= since ? last : null;
    const loaded = kept === null ? null : await this.#loaded(kept);
    if (this.busy) return;
    this.#clear();
    this.state = "idle";
    if (kept === null || loaded === null) return;
    const { detail } = kept;
    const { step } = loaded;
    this.warning = loaded.refused ?? "";
    const recipe = detail.recipe ?? RECIPE;
    this.total = Math.max(detail.total ?? stepsOf(recipe, detail.config), step);
    await this.#readopt(recipe);
    showRun(this.#trainer, detail, step);
    this.id = kept.id;
    this.flipped = detail.flipped;
    this.step = step;
    this.state = kept.finished && step === detail.step ? "finished" : "paused";
  }

  /** This run draws and trains nothing. */
  get #draws(): boolean {
    return this.recipe.choice === "best-of-n";
  }

  /** Gives the weights of a kept run back to the trainer, when the run has any; null when it is lost. */
  async #loaded({ id, detail }: KeptRun): Promise<LoadedSnapshot | null> {
    if (detail.recipe?.choice === "best-of-n") return { step: detail.step, refused: null };
    return this.#trainer.ask((api) => api.loadSnapshot(id));
  }

  /** Between a pause and going on, other rankings or their reverse may have been tried out. */
  async #refit(rankings: readonly Ranking[] | null): Promise<void> {
    if (rankings === null || rankings.length === 0) return;
    this.state = "preparing";
    await this.#fit(rankings);
    if (this.#draws) await this.#rescore();
  }

  async #fit(rankings: readonly Ranking[]): Promise<void> {
    const options = { stage: "full", flip: this.flipped } as const;
    await this.#trainer.ask((api) => api.fitReward(rankings, options));
    this.learned = rankings.length;
  }

  /** Rewards of what best-of-n kept, by the reward model that judges from now on. */
  async #rescore(): Promise<void> {
    const { timeline } = this.#trainer;
    const samples = timeline.frames.at(-1)?.samples ?? [];
    const rewards = await this.#trainer.ask((api) => api.score(samples));
    timeline.add(
      timeline.last,
      samples.map((sample, i) => ({ ...sample, reward: rewards[i] ?? Number.NaN })),
    );
  }

  #clear(): void {
    this.step = 0;
    this.learned = null;
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
    this.#eta.start(this.step);
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
    this.#tellHalt();
    this.state = this.step >= this.total ? "finished" : "paused";
  }

  /** Some iterations; false when the trainer ended them early. */
  async #playStretch(wanted: number): Promise<boolean> {
    const before = this.step;
    this.#halted = null;
    if (this.#draws) return this.#drawStretch(wanted);
    const options = trainerOptions(this.recipe) ?? {};
    const { done, halted } = await this.#trainer.ask((api) => api.play(wanted, options));
    this.#halted = halted;
    // Metrics arrive as events; without them the answer is what counts.
    this.step = Math.max(this.step, before + Math.min(done, wanted));
    this.#advance();
    return halted === null && done >= wanted;
  }

  /** Why a run stands still that nobody paused; of a skipped update the trainer has told itself. */
  #tellHalt(): void {
    if (this.#halted !== "distance") return;
    const { klStop } = this.config;
    this.warning = `Paused: the model moved further than ${compact(klStop)} nats from its start, which is where this run stops. Going on makes one step at a time.`;
  }

  async #drawStretch(wanted: number): Promise<boolean> {
    const { seed } = this.config;
    for (let drawn = 0; drawn < wanted; drawn++) {
      if (this.#stopped()) return false;
      await drawAgain(this.#trainer, this.#watched, this.step + 1, seed);
      this.step++;
      this.#eta.add(this.step);
    }
    return true;
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
    this.#eta.add(newest);
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
    const { id, config, recipe, step, total, flipped } = this;
    const facts = { config, recipe, step, total, flipped };
    try {
      if (!this.#draws) await this.#trainer.ask((api) => api.saveSnapshot(id, step));
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
