// The Play page as a whole: what is loaded, which station is open, and what follows from a ranking.
import type { Knobs } from "../config.ts";
import { fromRow, toJudgement, toRankings } from "./answers.ts";
import type { Guess, Judged } from "./answers.ts";
import type { Sample } from "../workers/protocol.ts";
import { Announcer } from "./announcer.svelte.ts";
import { Arena } from "./arena.svelte.ts";
import { exportModel, exportPairs, exportRankings } from "./exports.ts";
import { loadFirstPrompt } from "./first-prompt.ts";
import type { FirstPrompt } from "./first-prompt.ts";
import { count, sentenceOf } from "./format.ts";
import { Persisted } from "./persisted.svelte.ts";
import { loadRecordedRun, recordedEvents } from "./recorded-run.ts";
import type { RecordedRun } from "./recorded-run.ts";
import { Reward } from "./reward.svelte.ts";
import { Run } from "./run.svelte.ts";
import { Settings, recall, remember } from "./settings.svelte.ts";
import { Supply } from "./supply.ts";
import { Taste } from "./taste.svelte.ts";
import { Trainer } from "./trainer.svelte.ts";
import { decodeConfig, encodeConfig } from "./url-codec.ts";

export type Station = "show" | "rank" | "reinforce" | "taste";
export const STATIONS: readonly Station[] = ["show", "rank", "reinforce", "taste"];

/** Rankings after which a run has something to learn from; fewer are allowed. */
export const SUGGESTED_RANKINGS = 4;
const BEST_OF = 16;

export class Play {
  readonly settings = new Settings();
  readonly announcer = new Announcer();
  readonly trainer: Trainer;
  readonly persisted = new Persisted();
  readonly arena = new Arena();
  readonly reward: Reward;
  readonly run: Run;
  readonly taste: Taste;
  station = $state<Station>("rank");
  shipped = $state.raw<FirstPrompt | null>(null);
  /** sentences that should be read once and can be put away */
  notices = $state.raw<readonly string[]>([]);
  /** nothing is left to rank and nothing can be sampled */
  exhausted = $state(false);
  /** the recorded run on screen, if it is one */
  recording = $state.raw<RecordedRun | null>(null);
  readonly #supply: Supply;

  constructor(trainer = new Trainer()) {
    this.trainer = trainer;
    this.reward = new Reward(trainer);
    this.run = new Run(trainer, this.persisted);
    this.taste = new Taste(trainer);
    this.#supply = new Supply(trainer, this.arena);
  }

  /** Loads everything, what a person needs first, first. Never rejects. */
  async start(): Promise<void> {
    const { config, notices } = decodeConfig(location.hash);
    this.run.config = config;
    this.run.total = config.iterations;
    this.#supply.seed = config.seed;
    this.notices = notices;
    const stored = this.#openStorage();
    await this.#loadShipped();
    await stored;
    await this.openTrainer();
  }

  /** Opens the trainer, or opens it again after a failure. */
  async openTrainer(): Promise<void> {
    await this.trainer.open(this.run.config);
    if (!this.trainer.ready) return this.#fill();
    await this.#quietly(() => this.run.restore());
    await this.reward.fit(this.arena.judged);
    await this.#guess();
    await this.#fill();
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
    if (this.locked(station) === null) this.station = station;
  }

  /** Saves the decision on screen; the next set comes only when it is on disk. */
  async submit(cannotTell = false): Promise<void> {
    const { arena } = this;
    const { set } = arena;
    if (set === null || arena.saving === "saving") return;
    if (!cannotTell && !arena.complete) {
      const open = arena.slots.filter((slot) => slot === null).length;
      const what = open === 1 ? "answer has" : "answers have";
      return this.announcer.say(`${open} ${what} no place yet. If you can't tell, press X.`);
    }
    const guess = cannotTell ? null : arena.scoredGuess();
    const note = arena.whim.trim();
    const judged: Judged = { set, slots: arena.slots, cannotTell, note, guess };
    arena.saving = "saving";
    try {
      await this.persisted.judge(set.task, toJudgement(judged, arena.times()));
    } catch (error) {
      arena.saving = "failed";
      arena.failure = sentenceOf(error);
      return this.announcer.alert(arena.failure);
    }
    arena.saving = "idle";
    const known = arena.judged.find((other) => other.set.task === set.task);
    this.#keep(known === undefined ? judged : { ...judged, guess: known.guess });
    this.announcer.say(cannotTell ? "Saved as can't tell." : "Saved.");
    this.#advance();
    await this.#learn();
  }

  /** One step back: in the places on screen, or to the ranking saved last. */
  undo(): void {
    const { arena } = this;
    if (arena.canUndo) {
      arena.undo();
      return this.announcer.say("Undone.");
    }
    const last = arena.revising ? undefined : arena.judged.at(-1);
    if (last === undefined) return this.announcer.say("Nothing to undo.");
    this.edit(last.set.task);
    this.announcer.say("Back to the ranking before. Change it and press Enter.");
  }

  redo(): void {
    if (!this.arena.canRedo) return this.announcer.say("Nothing to redo.");
    this.arena.redo();
    this.announcer.say("Redone.");
  }

  /** Puts a saved ranking on screen to be changed; the set there waits. */
  edit(task: string): void {
    const judged = this.arena.judged.find(({ set }) => set.task === task);
    if (judged === undefined) return;
    this.#putBack();
    this.arena.revise(judged);
    this.station = "rank";
  }

  /** Leaves a saved ranking as it was. */
  cancelEdit(): void {
    this.arena.whim = "";
    this.#advance();
  }

  async remove(task: string): Promise<void> {
    try {
      await this.persisted.retract(task);
    } catch (error) {
      return this.announcer.alert(sentenceOf(error));
    }
    this.arena.judged = this.arena.judged.filter(({ set }) => set.task !== task);
    if (this.arena.set?.task === task) this.#advance();
    this.announcer.say("Ranking taken back. Its history stays.");
    await this.#learn();
  }

  /** Samples answers to a prompt of the person's own and puts them on screen. */
  async ask(text: string): Promise<void> {
    const set = await this.#supply.answers({ id: `own-${crypto.randomUUID()}`, text });
    if (set === null) return;
    this.#putBack();
    this.arena.open(set);
    this.announcer.say(`${set.answers.length} answers to your prompt.`);
    await this.#guess();
  }

  async bestOf(): Promise<void> {
    const prompts = (this.shipped?.watch ?? []).slice(0, 3);
    await this.reward.seekBest(prompts, BEST_OF, this.run.config.seed);
  }

  /** Starts a run from the rankings, straight or turned round. */
  async reinforce(flip = false): Promise<void> {
    this.station = "reinforce";
    this.taste.clear();
    const watch = this.shipped?.watch ?? [];
    await this.run.start(toRankings(this.arena.judged), watch, flip);
    const { run } = this;
    if (run.state === "failed") this.announcer.alert(run.failure);
    else if (run.state === "finished") {
      this.announcer.alert(`Finished after ${count(run.step, "step")}. The taste test is open.`);
    }
  }

  async tasteTest(): Promise<void> {
    this.station = "taste";
    await this.taste.start(this.shipped?.blind ?? [], this.run.config.seed);
  }

  /** Changes a lever, and the address with it. */
  tune(name: keyof Knobs, value: number): void {
    this.run.tune(name, value);
    history.replaceState(null, "", encodeConfig(this.run.config) || location.pathname);
  }

  /** Teaches the model one example and lets it answer again. @throws Error with one sentence */
  async demonstrate(
    prompt: string,
    response: string,
  ): Promise<{ lossBefore: number; lossAfter: number; samples: readonly Sample[] }> {
    const id = `own-${crypto.randomUUID()}`;
    await this.persisted.demonstrate(id, prompt, response);
    const loss = await this.trainer.ask((api) => api.demonstrate([{ prompt, response }]));
    const ask = { id, text: prompt };
    const sets = await this.trainer.ask((api) =>
      api.sample([ask], 3, this.run.config.seed, "sft"),
    );
    return { ...loss, samples: sets[0] ?? [] };
  }

  /** Which rankings moved the answers of the taste test. */
  explain(): Promise<void> {
    return this.taste.explain(toRankings(this.arena.judged));
  }

  /** The address that gives the same run on the same adapter. */
  shareLink(): string {
    const base = location.href.split("#")[0] ?? "";
    return `${base}${encodeConfig(this.run.config)}`;
  }

  /** Turns the rankings round, or back, and lets the reward model react. */
  async flip(): Promise<void> {
    this.reward.flipped = !this.reward.flipped;
    await this.reward.fit(this.arena.judged);
    await this.bestOf();
  }

  /** Leaves one ranking out of the reward model, or (null) none. */
  async leaveOut(task: string | null): Promise<void> {
    this.reward.without = task;
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
      this.station = "reinforce";
    });
  }

  exportRankings(): Promise<void> {
    return this.#quietly(async () => {
      this.announcer.say(exportRankings(await this.persisted.rankings()));
    });
  }

  exportPairs(): Promise<void> {
    return this.#quietly(async () => {
      this.announcer.say(exportPairs(await this.persisted.rankings()));
    });
  }

  exportModel(): Promise<void> {
    return this.#quietly(async () => this.announcer.say(await exportModel(this.trainer)));
  }

  async #openStorage(): Promise<void> {
    await this.persisted.open(() => void this.#quietly(() => this.#readRankings()));
    await this.#quietly(() => this.#readRankings());
    if (this.persisted.notice !== "") this.#tell(this.persisted.notice);
  }

  async #readRankings(): Promise<void> {
    const guesses = JSON.parse(recall("guesses") ?? "{}") as Record<string, Guess>;
    const rows = await this.persisted.rankings();
    this.arena.judged = rows.map((row) => fromRow(row, guesses[row.task] ?? null));
    const current = this.arena.set;
    if (current === null || this.arena.revising || !this.arena.untouched) return;
    if (rows.some((row) => row.task === current.task)) this.#advance();
  }

  async #loadShipped(): Promise<void> {
    try {
      this.shipped = await loadFirstPrompt();
      this.#supply.shipped = this.shipped;
    } catch (error) {
      return this.#tell(sentenceOf(error));
    }
    const first = this.#supply.nextShipped();
    if (first === null) return;
    this.arena.open(first);
    performance.mark("rankable");
  }

  #keep(judged: Judged): void {
    const { arena } = this;
    const at = arena.judged.findIndex(({ set }) => set.task === judged.set.task);
    arena.judged = at < 0 ? [...arena.judged, judged] : arena.judged.with(at, judged);
    const guesses = arena.judged.flatMap(({ set, guess }) => (guess ? [[set.task, guess]] : []));
    remember("guesses", JSON.stringify(Object.fromEntries(guesses)));
  }

  #advance(): void {
    this.exhausted = !this.arena.next();
    void this.#fill();
  }

  /** The set on screen waits in front of the others, unless it is a saved one. */
  #putBack(): void {
    const { arena } = this;
    if (arena.set === null || arena.revising) return;
    arena.ahead = [arena.set, ...arena.ahead];
  }

  async #learn(): Promise<void> {
    await this.reward.fit(this.arena.judged);
    await this.#guess();
  }

  /** The reward model guesses the set on screen, as long as the person decided nothing. */
  async #guess(): Promise<void> {
    const { set, untouched } = this.arena;
    if (set === null || !untouched || this.arena.guess !== null) return;
    const scores = await this.reward.scores(set);
    if (this.arena.set === set && this.arena.untouched) this.arena.guess = scores;
  }

  /** Keeps sets waiting, and puts one on screen when nothing is there. */
  #fill(): Promise<void> {
    const filled = async (): Promise<void> => {
      if (this.arena.set === null) this.exhausted = !this.arena.next();
      await this.#guess();
    };
    return this.#quietly(() => this.#supply.fill(() => this.run.busy, filled));
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
