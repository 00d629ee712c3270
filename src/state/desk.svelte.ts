// The desk where rankings are made: saves each one, learns from it, and lays out the next set.
import { MAX_COMPLETIONS, MIN_COMPLETIONS } from "../storage/judgement.ts";
import { fromRow, toJudgement } from "./answers.ts";
import type { Guess, Judged } from "./answers.ts";
import type { Announcer } from "./announcer.svelte.ts";
import { Arena } from "./arena.svelte.ts";
import { keepDraft, recallDraft } from "./draft.ts";
import type { FirstPrompt } from "./first-prompt.ts";
import { freshId } from "./fresh-id.ts";
import { count, sentenceOf } from "./format.ts";
import type { Persisted, Ranked } from "./persisted.svelte.ts";
import type { Reward } from "./reward.svelte.ts";
import { recall, remember } from "./settings.svelte.ts";
import { Supply } from "./supply.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** Rankings after which a run has something to learn from; fewer are allowed. */
export const SUGGESTED_RANKINGS = 4;

interface Parts {
  readonly trainer: Trainer;
  readonly persisted: Persisted;
  readonly reward: Reward;
  readonly announcer: Announcer;
  /** the model has other work, so nothing is sampled */
  readonly busy: () => boolean;
  /** something failed that the person should read */
  readonly tell: (sentence: string) => void;
}

/** By task, as they are kept. */
function guessesOf(judged: readonly Judged[]): Record<string, Guess> {
  const found = judged.flatMap(({ set, guess }) => (guess ? [[set.task, guess] as const] : []));
  return Object.fromEntries(found);
}

export class Desk {
  readonly arena = new Arena(keepDraft);
  /** answers per set sampled live (InstructGPT: 4 to 9) */
  k = $state(4);
  /** nothing waits to be ranked */
  exhausted = $state(false);
  /** rankings that were taken back on this visit, the newest at the end: undo puts them back */
  takenBack = $state.raw<readonly Ranked[]>([]);
  /** the newest thing to undo is a ranking that was taken back, and not one that was saved since */
  #lastTookBack = false;
  readonly #parts: Parts;
  readonly #supply: Supply;
  /** rankings were saved that the reward model has not seen */
  #behind = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#supply = new Supply(parts.trainer, this.arena);
  }

  /** Lays out what was begun in this tab, or the first shipped set; the page can be used from then on. */
  layOut(shipped: FirstPrompt, seed: number): void {
    this.#supply.shipped = shipped;
    this.#supply.seed = seed;
    const draft = recallDraft();
    const first = this.#supply.nextShipped();
    if (draft !== null) this.arena.takeUp(draft);
    else if (first !== null) this.arena.show(first);
    else return;
    performance.mark("rankable");
  }

  /** Reads the saved rankings, at the start and when another tab changed them. */
  async read(): Promise<void> {
    const rows = await this.#parts.persisted.rankings();
    // after the wait, in which a ranking may have been saved with its guess
    const guesses = {
      ...(JSON.parse(recall("guesses") ?? "{}") as Record<string, Guess>),
      ...guessesOf(this.arena.judged),
    };
    this.arena.judged = rows.map((row) => fromRow(row, guesses[row.task] ?? null));
    const current = this.arena.set;
    if (current === null || this.arena.revising || !this.arena.untouched) return;
    if (rows.some((row) => row.task === current.task)) this.#advance();
  }

  /** Saves the decision on screen; the next set comes only when it is on disk. */
  async submit(cannotTell = false): Promise<void> {
    const { arena } = this;
    const judged = this.#decision(cannotTell);
    if (judged === null || arena.saving === "saving") return;
    const { task } = judged.set;
    // before it is saved: from then on it may be read back as if it had been there, without its guess
    const known = arena.judged.find(({ set }) => set.task === task);
    arena.saving = "saving";
    try {
      await this.#parts.persisted.judge(task, toJudgement(judged, arena.times()));
    } catch (error) {
      arena.saving = "failed";
      arena.failure = sentenceOf(error);
      this.#parts.announcer.alert(arena.failure);
      return;
    }
    arena.saving = "idle";
    this.#lastTookBack = false;
    this.#keep(known === undefined ? judged : { ...judged, guess: known.guess });
    this.#advance();
    this.#parts.announcer.say(this.#news(judged, known !== undefined));
    await this.learn();
  }

  /** What saving brought, for whoever hears it or sees no more than the deck: the guess, and what comes next. */
  #news({ cannotTell, guess }: Judged, changed: boolean): string {
    const { set, judged } = this.arena;
    const saved = cannotTell ? "Saved as can't tell." : "Saved.";
    const guessed = guess === null || changed ? "" : ` It had guessed ${guess.right} of ${count(guess.pairs, "pair")} as you ranked.`; // prettier-ignore
    const enough = judged.length === SUGGESTED_RANKINGS && !changed ? " That is enough to reinforce." : ""; // prettier-ignore
    const next = set === null ? "" : ` Next: ${set.prompt}`;
    return `${saved}${guessed}${enough}${next}`;
  }

  /** The decision on screen, or null (and why, aloud) when there is none yet. */
  #decision(cannotTell: boolean): Judged | null {
    const { arena } = this;
    const { set, slots } = arena;
    if (set === null) return null;
    const note = arena.whim.trim();
    if (cannotTell) return { set, slots, cannotTell, note, guess: null };
    if (arena.complete) return { set, slots, cannotTell, note, guess: arena.scoredGuess() };
    const open = slots.filter((slot) => slot === null).length;
    const what = open === 1 ? "answer has" : "answers have";
    this.#parts.announcer.say(`${open} ${what} no place yet. If you can't tell, press X.`);
    return null;
  }

  /** One step back: in the places on screen, or to the ranking saved last. */
  undo(): void {
    const { arena } = this;
    const { announcer } = this.#parts;
    const last = arena.judged[this.#place - 1];
    if (arena.canUndo) {
      arena.undo();
      announcer.say("Undone.");
    } else if (this.#lastTookBack && this.takenBack.length > 0 && !arena.revising) {
      void this.putBack();
    } else if (last === undefined) {
      announcer.say("Nothing to undo.");
    } else {
      this.edit(last.set.task);
      announcer.say("Back to the ranking before. Change it and press Enter.");
    }
  }

  /** Place of the ranking on screen among the saved ones; behind them for one that is new. */
  get #place(): number {
    const { judged, revising, set } = this.arena;
    const at = revising ? judged.findIndex((one) => one.set.task === set?.task) : -1;
    return at < 0 ? judged.length : at;
  }

  /** Whether there is a step on: in the places, or from a saved ranking that was not touched. */
  get canRedo(): boolean {
    return this.arena.canRedo || (this.arena.revising && !this.arena.canUndo);
  }

  /** One step on: in the places on screen, or through the saved rankings and out of them. */
  redo(): void {
    const { arena } = this;
    const { announcer } = this.#parts;
    if (arena.canRedo) {
      arena.redo();
      announcer.say("Redone.");
    } else if (!this.canRedo) {
      announcer.say("Nothing to redo.");
    } else {
      const next = arena.judged[this.#place + 1];
      if (next === undefined) this.cancelEdit();
      else this.edit(next.set.task);
      announcer.say(next === undefined ? "Left as it was." : "On to the ranking after.");
    }
  }

  /** Puts a saved ranking on screen to be changed; the set there waits. */
  edit(task: string): void {
    const judged = this.arena.judged.find(({ set }) => set.task === task);
    if (judged === undefined) return;
    this.#putBack();
    this.arena.revise(judged);
  }

  /** Leaves a saved ranking as it was. */
  cancelEdit(): void {
    this.arena.whim = "";
    this.#advance();
  }

  async remove(task: string): Promise<void> {
    const { persisted, announcer } = this.#parts;
    try {
      const row = (await persisted.rankings()).find((one) => one.task === task);
      await persisted.retract(task);
      if (row !== undefined) this.takenBack = [...this.takenBack, row];
      this.#lastTookBack = true;
    } catch (error) {
      announcer.alert(sentenceOf(error));
      return;
    }
    this.arena.judged = this.arena.judged.filter(({ set }) => set.task !== task);
    if (this.arena.set?.task === task) this.#advance();
    announcer.say("Ranking taken back; undo puts it back.");
    await this.learn();
  }

  /** Saves the ranking again that was taken back last, as it was. */
  async putBack(): Promise<void> {
    const row = this.takenBack.at(-1);
    if (row === undefined) return;
    this.takenBack = this.takenBack.slice(0, -1);
    try {
      if (this.arena.judged.some(({ set }) => set.task === row.task)) {
        this.#parts.announcer.say("It was ranked again since, and stays so.");
        return;
      }
      await this.#parts.persisted.judge(row.task, row.judgement);
    } catch (error) {
      this.takenBack = [...this.takenBack, row];
      this.#parts.announcer.alert(sentenceOf(error));
      return;
    }
    await this.read();
    this.#parts.announcer.say("The ranking is back.");
    await this.learn();
  }

  /** Changes how many answers come per prompt, from the next prompt on. */
  setK(k: number): void {
    this.k = Math.min(MAX_COMPLETIONS, Math.max(MIN_COMPLETIONS, k));
    this.#supply.k = this.k;
    this.arena.ahead = this.arena.ahead.filter((set) => !set.task.startsWith("set-"));
    this.#parts.announcer.say(`${this.k} answers per prompt from now on.`);
    void this.fill();
  }

  /** Samples answers to a prompt of the person's own and puts them on screen. */
  async ask(text: string): Promise<void> {
    const set = await this.#supply.answers({ id: `own-${freshId()}`, text });
    if (set === null) {
      throw new Error("The model gives the same answer every time, so there is nothing to rank.");
    }
    this.#putBack();
    this.arena.show(set);
    this.#parts.announcer.say(`${set.answers.length} answers to your prompt.`);
    await this.#guess();
  }

  #keep(judged: Judged): void {
    const { arena } = this;
    const at = arena.judged.findIndex(({ set }) => set.task === judged.set.task);
    arena.judged = at < 0 ? [...arena.judged, judged] : arena.judged.with(at, judged);
    remember("guesses", JSON.stringify(guessesOf(arena.judged)));
  }

  #advance(): void {
    this.exhausted = !this.arena.next();
    void this.fill();
  }

  /** The set on screen waits in front of the others, unless it is a saved one. */
  #putBack(): void {
    const { arena } = this;
    if (arena.set === null || arena.revising) return;
    arena.keepDraft();
    arena.ahead = [arena.set, ...arena.ahead];
  }

  /** Fits the reward model to all rankings, then lets it guess the set on screen; a run keeps its own until it ends. */
  async learn(): Promise<void> {
    this.#behind = this.#parts.busy();
    if (this.#behind) return;
    await this.#parts.reward.fit(this.arena.judged);
    await this.#guess();
  }

  /** After a run: learns from what was ranked meanwhile, and keeps sets waiting. */
  async catchUp(): Promise<void> {
    if (this.#behind) await this.learn();
    await this.fill();
  }

  /** The reward model guesses the set on screen, as long as the person decided nothing. */
  async #guess(): Promise<void> {
    const { set, untouched } = this.arena;
    if (set === null || !untouched || this.arena.guess !== null) return;
    const scores = await this.#parts.reward.scores(set);
    if (this.arena.set === set && this.arena.untouched) this.arena.guess = scores;
  }

  /** Keeps sets waiting, and puts one on screen when nothing is there. Never rejects. */
  async fill(): Promise<void> {
    const filled = async (): Promise<void> => {
      if (this.arena.set === null) this.exhausted = !this.arena.next();
      await this.#guess();
    };
    try {
      await this.#supply.fill(this.#parts.busy, filled);
    } catch (error) {
      this.#parts.tell(sentenceOf(error));
    }
  }
}
