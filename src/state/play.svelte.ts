// The Play page as a whole: what is loaded, which station is open, and what follows from a ranking.
import type { Knobs } from "../config.ts";
import { toRankings } from "./answers.ts";
import type { EngineWish, Ranking, Sample } from "../workers/protocol.ts";
import { Announcer } from "./announcer.svelte.ts";
import type { Arena } from "./arena.svelte.ts";
import { Desk, SUGGESTED_RANKINGS } from "./desk.svelte.ts";
import { Files } from "./files.ts";
import { freshId } from "./fresh-id.ts";
import { loadFirstPrompt } from "./first-prompt.ts";
import type { FirstPrompt, PromptText } from "./first-prompt.ts";
import { count, sentenceOf, signed } from "./format.ts";
import { Kernels } from "./kernels.svelte.ts";
import { likedName } from "./levers.ts";
import type { Recipe } from "./methods.ts";
import { Persisted } from "./persisted.svelte.ts";
import { loadRecordedRun, recordedEvents } from "./recorded-run.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { Reward } from "./reward.svelte.ts";
import { Route } from "./route.svelte.ts";
import type { Station } from "./route.svelte.ts";
import { Run } from "./run.svelte.ts";
import { Settings } from "./settings.svelte.ts";
import { Stations } from "./stations.svelte.ts";
import { Taste } from "./taste.svelte.ts";
import { Trainer } from "./trainer.svelte.ts";
import { decodeConfig, encodeConfig } from "./url-codec.ts";

const BEST_OF = 16;

export class Play {
  readonly settings = new Settings();
  readonly announcer = new Announcer();
  readonly trainer: Trainer;
  readonly persisted = new Persisted();
  readonly desk: Desk;
  readonly reward: Reward;
  readonly run: Run;
  readonly taste: Taste;
  readonly files: Files;
  readonly kernels: Kernels;
  readonly route = new Route(() =>
    encodeConfig(this.run.wantedConfig, this.#addressed, this.run.wanted),
  );
  readonly #stations = new Stations(this.route, {
    locked: (station) => this.locked(station),
    leave: (from, to) => this.#leave(from, to),
  });
  shipped = $state.raw<FirstPrompt | null>(null);
  /** sentences that should be read once and can be put away */
  notices = $state.raw<readonly string[]>([]);
  /** the recorded run on screen, if it is one */
  recording = $state.raw<RecordedRun | null>(null);
  /** examples that a person wrote here and that the model on screen has not copied, as a reload starts without them */
  forgotten = $state.raw<readonly { prompt: string; response: string }[]>([]);
  #addressed = $state<EngineWish | null>(null);

  constructor(trainer = new Trainer()) {
    this.trainer = trainer;
    this.reward = new Reward(trainer);
    this.run = new Run(trainer, this.persisted);
    this.taste = new Taste(trainer);
    this.files = new Files(trainer, this.persisted, this.announcer);
    const { persisted, reward, announcer } = this;
    const busy = (): boolean => this.run.busy;
    this.kernels = new Kernels(trainer, announcer, busy);
    const tell = (sentence: string): void => this.#tell(sentence);
    trainer.onEvent((event) => {
      if (event.type === "metrics" && this.run.busy) this.#report();
    });
    this.desk = new Desk({ trainer, persisted, reward, announcer, busy, tell });
  }

  /** The ranking on screen and those before it. */
  get arena(): Arena {
    return this.desk.arena;
  }

  /** Loads everything at once; ranking waits for nothing but its own file. Never rejects. */
  async start(): Promise<void> {
    this.#stations.follow();
    const { config, recipe, engine, notices } = decodeConfig(location.hash);
    this.#addressed = engine;
    this.run.open(config, recipe);
    this.notices = notices;
    const shipped = this.#quietly(async () => {
      this.shipped = await loadFirstPrompt();
      this.desk.layOut(this.shipped, config.seed);
    });
    const opened = this.trainer.open(config, this.wish);
    await shipped;
    await this.#openStorage();
    await opened;
    await this.#resume();
    this.#stations.settle(!this.arena.untouched);
  }

  get station(): Station {
    return this.#stations.now;
  }

  /** Opens the trainer again after a failure. */
  async openTrainer(): Promise<void> {
    await this.trainer.open(this.run.config, this.wish);
    await this.#resume();
  }

  /** The engine asked for: by the address, or else by this browser's setting. */
  get wish(): EngineWish {
    return this.#addressed ?? this.settings.engine;
  }

  /** Changes the engine for now and for later visits; the run goes on from what was kept of it. */
  async chooseEngine(engine: EngineWish): Promise<void> {
    if (this.run.busy || engine === this.wish) return;
    this.#addressed = null;
    this.settings.chooseEngine(engine);
    this.route.rewrite();
    await this.openTrainer();
  }

  /** Destroys the graphics device on purpose, to see that nothing is lost by it. */
  async loseDevice(): Promise<void> {
    await this.#quietly(() => this.trainer.interrupt((api) => api.destroyDevice()));
  }

  /** Whether a station can be entered, and why not. */
  locked(station: Station): string | null {
    if (station === "show" || station === "rank") return null;
    if (!this.trainer.ready && station === "reinforce") return null;
    if (station === "reinforce") {
      return toRankings(this.arena.judged).length === 0 ? "Rank at least one prompt first." : null;
    }
    return this.run.started && this.run.step > 0 ? null : "Reinforce first.";
  }

  done(station: Station): boolean {
    if (station === "show") return true;
    if (station === "rank") return this.arena.judged.length >= SUGGESTED_RANKINGS;
    if (station === "reinforce") return this.run.state === "finished";
    return this.taste.state === "done";
  }

  go(station: Station): void {
    const why = this.locked(station);
    if (why === null) this.#stations.enter(station);
    else this.announcer.say(why);
  }

  /** Opens a saved ranking to be changed. */
  edit(task: string): void {
    this.#stations.enter("rank");
    this.desk.edit(task);
  }

  async bestOf(): Promise<void> {
    const prompts = (this.shipped?.watch ?? []).slice(0, 3);
    await this.reward.seekBest(prompts, BEST_OF, this.run.config.seed);
  }

  /** Starts a run from the rankings, straight or turned round. */
  async reinforce(flip = false): Promise<void> {
    this.#stations.enter("reinforce");
    this.announcer.clear();
    this.recording = null;
    this.taste.clear();
    this.reward.moved = false;
    await this.run.start(toRankings(this.arena.judged), this.#watch, flip);
    this.#ended();
    const { run } = this;
    if (run.state === "failed") this.announcer.alert(run.failure);
    else if (run.state === "finished") {
      this.announcer.alert(`Finished after ${count(run.step, "step")}. The taste test is open.`);
    }
  }

  /** Goes on with a paused run, or adds as many steps to a finished one. */
  async resume(): Promise<void> {
    this.announcer.clear();
    await this.run.resume(this.#watch, this.#refit());
    this.#ended();
  }

  /** Rankings that the run on screen has not learned from. */
  get unlearned(): number {
    const { started, busy, learned } = this.run;
    if (!started || busy || learned === null) return 0;
    return Math.max(0, toRankings(this.arena.judged).length - learned);
  }

  /** Goes on with the run, towards what the newer rankings say too. */
  async reinforceOn(): Promise<void> {
    this.#stations.enter("reinforce");
    this.taste.clear();
    await this.resume();
  }

  /** One iteration of a paused or finished run. */
  async stepOnce(): Promise<void> {
    this.announcer.clear();
    await this.run.stepOnce(this.#watch, this.#refit());
    this.#ended();
  }

  async tasteTest(): Promise<void> {
    this.#stations.enter("taste");
    const { run } = this;
    const { choice, draws } = run.recipe;
    const drawn = choice === "best-of-n" ? draws : null;
    if (drawn !== null) await this.#quietly(() => run.judgeAgain(this.#refit()));
    const tested = { run: run.id, step: run.step, drawn };
    await this.taste.start(this.shipped?.blind ?? [], run.config.seed, tested);
  }

  /** Chooses how the next run reinforces, and the address with it. */
  choose(recipe: Recipe): void {
    this.run.choose(recipe);
    this.route.rewrite();
  }

  /** Chooses how many steps a run takes, and the address with it. */
  chooseSteps(steps: number): void {
    this.run.chooseSteps(steps);
    this.route.rewrite();
  }

  /** Changes a lever, and the address with it. */
  tune(name: keyof Knobs, value: number): void {
    this.run.tune(name, value);
    this.route.rewrite();
  }

  /** Teaches the model one example and lets it answer again. @throws Error with one sentence */
  async demonstrate(
    prompt: string,
    response: string,
  ): Promise<{ lossBefore: number; lossAfter: number; samples: readonly Sample[] }> {
    const id = `own-${freshId()}`;
    const loss = await this.#copy(prompt, response);
    await this.persisted.demonstrate(id, prompt, response);
    // the reward model reads the model that has just learned
    await this.reward.fit(this.arena.judged);
    const ask = { id, text: prompt };
    const sets = await this.trainer.ask((api) => api.sample([ask], 3, this.run.config.seed, "sft"));
    return { ...loss, samples: sets[0] ?? [] };
  }

  /** Lets the model copy the examples of earlier visits, one after the other. @throws Error with one sentence */
  async copyAgain(): Promise<void> {
    while (this.forgotten[0] !== undefined) {
      const [example, ...rest] = this.forgotten;
      await this.#copy(example.prompt, example.response);
      this.forgotten = rest;
    }
    await this.reward.fit(this.arena.judged);
  }

  /** The run that there was learned from the model before the example, and the trainer drops it. */
  async #copy(
    prompt: string,
    response: string,
  ): Promise<{ lossBefore: number; lossAfter: number }> {
    const loss = await this.trainer.ask((api) => api.demonstrate([{ prompt, response }]));
    this.run.drop();
    this.recording = null;
    this.taste.clear();
    return loss;
  }

  /** Which rankings moved the answers of the taste test. */
  explain(): Promise<void> {
    return this.taste.explain(toRankings(this.arena.judged), this.run.flipped);
  }

  /** Turns the rankings round, or back, and lets the reward model react. */
  async flip(): Promise<void> {
    this.reward.flipped = !this.reward.flipped;
    this.reward.without = null;
    await this.reward.fit(this.arena.judged);
    await this.bestOf();
  }

  /** Leaves one ranking out of the reward model, or (null) none. */
  async leaveOut(task: string | null): Promise<void> {
    this.reward.without = task;
    this.reward.flipped = false;
    await this.reward.fit(this.arena.judged);
    await this.bestOf();
  }

  dismiss(notice: string): void {
    this.notices = this.notices.filter((other) => other !== notice);
  }

  /** Shows the run that was recorded elsewhere, marked as such. */
  async watchRecording(): Promise<void> {
    await this.#quietly(async () => {
      const recording = await loadRecordedRun();
      this.trainer.timeline.clear();
      this.trainer.metrics.clear();
      for (const event of recordedEvents(recording)) this.trainer.receive(event);
      this.trainer.timeline.playhead = 0;
      this.recording = recording;
      this.#stations.enter("reinforce");
    });
  }

  async #openStorage(): Promise<void> {
    const read = (): Promise<void> => this.#quietly(() => this.desk.read());
    await this.persisted.open(() => void read());
    await read();
    if (this.persisted.notice !== "") this.#tell(this.persisted.notice);
  }

  /** Brings back what was there: the last run, what the rankings taught, sets to rank. */
  async #resume(): Promise<void> {
    if (this.trainer.ready) {
      await this.#quietly(() => this.#restore());
      await this.desk.learn();
    }
    await this.desk.fill();
  }

  /** The last run with the model that it began from, unless an example ended it: that model is not kept. */
  async #restore(): Promise<void> {
    const examples = await this.persisted.demonstrations();
    await this.run.restore(examples.at(-1)?.t);
    if (this.run.started) this.taste.restore(this.run.id);
    this.forgotten = this.run.started ? [] : examples;
  }

  get #watch(): readonly PromptText[] {
    return this.shipped?.watch ?? [];
  }

  /** The rankings, when the trainer's reward model has to be fitted to them again before a run goes on. */
  #refit(): readonly Ranking[] | null {
    if (!this.reward.moved) return null;
    this.reward.moved = false;
    return toRankings(this.arena.judged);
  }

  /** What had to wait for the end of a run: learning from new rankings, and writing answers. */
  #ended(): void {
    void this.desk.catchUp();
  }

  /** What was said at a station is over at the next. */
  #leave(from: Station, to: Station): void {
    if (from !== to) this.announcer.clear();
    if (to !== "taste") this.#unflip();
  }

  /** What was tried beside the taste test ends there: elsewhere the rankings count as they were given. */
  #unflip(): void {
    const { reward } = this;
    if (!reward.flipped && reward.without === null) return;
    reward.flipped = false;
    reward.without = null;
    if (!this.run.busy) void this.desk.learn();
  }

  /** The run in one sentence, at most every five seconds. */
  #report(): void {
    const { metrics } = this.trainer;
    const liked = signed(metrics.at("objective/scores", metrics.count - 1));
    const { step, total, flipped } = this.run;
    this.announcer.sayTraining(`Step ${step} of ${total}. ${likedName(flipped)}: ${liked}.`);
  }

  #tell(notice: string): void {
    if (!this.notices.includes(notice)) this.notices = [...this.notices, notice];
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#tell(sentenceOf(error));
    }
  }
}
