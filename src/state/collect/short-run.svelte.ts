// A short PPO run towards a project's reward model: begin, play in stretches, pause, cancel, and what changed.
import type { Sample, SelfChecks, TrainerEvent } from "../../workers/protocol.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { Eta } from "../eta.ts";
import { count, sentenceOf } from "../format.ts";
import { Metrics } from "../metrics.svelte.ts";
import type { Trainer } from "../trainer.svelte.ts";

export type ShortRunState =
  "idle" | "preparing" | "running" | "pausing" | "paused" | "finished" | "failed";

/** One prompt with the answers of the same dice before the run and now. */
export interface Line {
  readonly before: Sample;
  readonly now: Sample;
}

interface Prompt {
  readonly id: string;
  readonly text: string;
}

/** The prompts on screen are answered again about this often. */
const LOOK_SECONDS = 5;
const FIRST_STRETCH = 2;
const SEED = 1;

export class ShortRun {
  state = $state<ShortRunState>("idle");
  /** iterations done, and wanted */
  step = $state(0);
  total = $state(0);
  checks = $state.raw<SelfChecks | null>(null);
  lines = $state.raw<readonly Line[]>([]);
  failure = $state("");
  readonly metrics = new Metrics();
  readonly #trainer: Trainer;
  readonly #announcer: Announcer;
  readonly #eta = new Eta();
  #asked: readonly Prompt[] = [];
  #stop = false;
  /** what comes after a cancel, from what was cancelled, counts no more */
  #turn = 0;

  constructor(trainer: Trainer, announcer: Announcer) {
    this.#trainer = trainer;
    this.#announcer = announcer;
  }

  get busy(): boolean {
    return this.state === "preparing" || this.state === "running" || this.state === "pausing";
  }

  /** Seconds left, or null while that cannot be told. */
  get etaSeconds(): number | null {
    return this.state === "running" ? this.#eta.seconds(this.step, this.total) : null;
  }

  /**
   * Trains from the supervised model. Never rejects: see `failure`.
   * @param practised prompts of the project that the model practises on
   * @param asked those that are answered on screen
   */
  async start(
    practised: readonly string[],
    asked: readonly Prompt[],
    steps: number,
  ): Promise<void> {
    if (this.busy) return;
    const turn = ++this.#turn;
    this.#clear();
    this.state = "preparing";
    this.total = steps;
    this.#asked = asked;
    await this.#guarded(turn, async () => {
      const receive = (event: TrainerEvent): void => {
        if (turn === this.#turn) this.#receive(event);
      };
      await this.#trainer.ask((api) => api.listening.begin(practised, receive));
      const before = await this.#answers("sft");
      if (turn !== this.#turn) return;
      this.lines = before.map((one) => ({ before: one, now: one }));
      await this.#playOn(turn);
    });
  }

  /** Goes on after a pause. Never rejects. */
  async resume(): Promise<void> {
    if (this.state !== "paused") return;
    const turn = this.#turn;
    await this.#guarded(turn, () => this.#playOn(turn));
  }

  /** Stops at the end of the running iteration. */
  async pause(): Promise<void> {
    if (this.state !== "running") return;
    this.#stop = true;
    this.state = "pausing";
    await this.#interrupt();
  }

  /** Ends the run and forgets what it did. Never rejects. */
  async cancel(): Promise<void> {
    if (this.state === "idle") return;
    this.#turn++;
    this.#stop = true;
    this.#clear();
    await this.#interrupt();
    await this.#trainer.ask((api) => api.listening.drop()).catch(() => undefined);
  }

  #interrupt(): Promise<void> {
    return this.#trainer.interrupt((api) => api.listening.pause()).catch(() => undefined);
  }

  #clear(): void {
    this.state = "idle";
    this.step = 0;
    this.checks = null;
    this.lines = [];
    this.failure = "";
    this.metrics.clear();
  }

  #receive(event: TrainerEvent): void {
    if (event.type === "checks") this.checks = event.checks;
    else if (event.type === "failed") this.failure = event.error.sentence;
    else if (event.type === "metrics") {
      this.metrics.append(event.first, event.rows);
      this.step = this.metrics.at("step", this.metrics.count - 1);
      this.#eta.add(this.step);
    }
  }

  async #playOn(turn: number): Promise<void> {
    this.state = "running";
    this.#stop = false;
    this.#eta.start(this.step);
    let stretch = FIRST_STRETCH;
    let far = false;
    while (this.step < this.total && !this.#stopped()) {
      const started = performance.now();
      const before = this.step;
      const wanted = Math.min(stretch, this.total - before);
      const played = await this.#trainer.ask((api) => api.listening.play(wanted));
      if (turn !== this.#turn) return;
      this.step = Math.max(this.step, before + played.done);
      const seconds = (performance.now() - started) / 1000;
      stretch = Math.max(1, Math.round((LOOK_SECONDS * (this.step - before)) / seconds));
      await this.#look(turn);
      if (turn !== this.#turn) return;
      // it ended early; of a skipped update it has told
      far = played.halted === "distance";
      if ((played.halted !== null || played.done < wanted) && !this.#stopped()) break;
    }
    this.state = this.step >= this.total ? "finished" : this.failure === "" ? "paused" : "failed";
    const steps = count(this.step, "step");
    const why = far ? ", because it moved as far as the address lets it" : "";
    this.#announcer.say(this.state === "finished" ? `Trained for ${steps}.` : `Stopped after ${steps}${why}.`); // prettier-ignore
  }

  /** The prompts on screen with the same dice. */
  async #look(turn: number): Promise<void> {
    const now = await this.#answers("policy");
    if (turn !== this.#turn) return;
    this.lines = this.lines.map((line, i) => ({ ...line, now: now[i] ?? line.now }));
  }

  #answers(from: "policy" | "sft"): Promise<Sample[]> {
    return this.#trainer.ask((api) => api.listening.sample(this.#asked, SEED, from));
  }

  #stopped(): boolean {
    return this.#stop;
  }

  async #guarded(turn: number, work: () => Promise<void>): Promise<void> {
    try {
      this.failure = "";
      await work();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.failure = sentenceOf(error);
      this.state = "failed";
      this.#announcer.alert(this.failure);
    }
  }
}
