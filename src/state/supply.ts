// Where the next answers to rank come from: the model when it is there, the shipped ones otherwise.
import { setFromSamples, setFromShipped } from "./answers.ts";
import type { AnswerSet } from "./answers.ts";
import type { Arena } from "./arena.svelte.ts";
import type { FirstPrompt, PromptText } from "./first-prompt.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** Samples per answer shown: the small model repeats itself, and equal answers teach nothing. */
const DRAWS = 2;
/** Sets kept waiting behind the one on screen. */
const AHEAD = 2;

export class Supply {
  shipped: FirstPrompt | null = null;
  seed = 1;
  /** answers per set */
  k = 4;
  #trainer: Trainer;
  #arena: Arena;
  #asked = new Set<string>();
  #drawn = 0;
  #filling = false;

  constructor(trainer: Trainer, arena: Arena) {
    this.#trainer = trainer;
    this.#arena = arena;
  }

  /** The first shipped set that was not ranked and is not on screen or waiting, or null. */
  nextShipped(): AnswerSet | null {
    const { shipped } = this;
    if (shipped === null) return null;
    const { judged, ahead, set } = this.#arena;
    const known = new Set(judged.map((one) => one.set.task));
    for (const waiting of ahead) known.add(waiting.task);
    if (set !== null) known.add(set.task);
    const sets = shipped.sets.map((one) => setFromShipped(one, shipped.checkpoint));
    return sets.find(({ task }) => !known.has(task)) ?? null;
  }

  /** K different answers to a prompt, or null when the model always says the same. @throws Error with one sentence */
  async answers(prompt: PromptText): Promise<AnswerSet | null> {
    this.#drawn += 1;
    const seed = this.seed + this.#drawn + this.#arena.judged.length;
    const draws = this.k * DRAWS;
    const sets = await this.#trainer.ask((api) => api.sample([prompt], draws, seed, "sft"));
    return setFromSamples(sets[0] ?? [], this.k);
  }

  /**
   * Keeps sets waiting; `busy` says that the model has other work, which ends the filling.
   * @throws Error with one sentence when sampling failed
   */
  async fill(busy: () => boolean, added: () => Promise<void>): Promise<void> {
    if (this.#filling) return;
    this.#filling = true;
    try {
      while (this.#arena.ahead.length < AHEAD) {
        const set = await this.#another(busy());
        if (set === null) return;
        this.#arena.ahead = [...this.#arena.ahead, set];
        await added();
      }
    } finally {
      this.#filling = false;
    }
  }

  async #another(busy: boolean): Promise<AnswerSet | null> {
    const { judged, ahead, set } = this.#arena;
    const known = [...judged.map((one) => one.set), ...ahead, ...(set === null ? [] : [set])];
    const there = new Set(known.map(({ promptId }) => promptId));
    const prompt = this.shipped?.rank.find(({ id }) => !this.#asked.has(id) && !there.has(id));
    if (!this.#trainer.ready || prompt === undefined || busy) return this.nextShipped();
    this.#asked.add(prompt.id);
    return (await this.answers(prompt)) ?? this.#another(busy);
  }
}
