// The ranking station: the set on screen, its places with undo, and what was ranked before.
import { agreement, comparisons } from "./bucket-order.ts";
import type { Slots } from "./bucket-order.ts";
import type { AnswerSet, Guess, Judged } from "./answers.ts";
import type { Draft } from "./draft.ts";
import { RankBoard } from "./rank-board.svelte.ts";
import type { Decided } from "./rank-board.svelte.ts";

/** A decision of places and nothing else. */
const placesAlone = (slots: Slots): Decided => {
  return { slots, aside: [], allBad: false, gaps: [], ratings: slots.map(() => ({})) };
};

export class Arena extends RankBoard {
  /** the set on screen */
  set = $state.raw<AnswerSet | null>(null);
  /** sets that come next */
  ahead = $state.raw<readonly AnswerSet[]>([]);
  /** saved decisions, oldest first */
  judged = $state.raw<readonly Judged[]>([]);
  /** whether the set on screen was ranked before and is being changed */
  revising = $state(false);
  saving = $state<"idle" | "saving" | "failed">("idle");
  /** why saving failed; the decision is still on screen then */
  failure = $state("");
  /** what the person ranks by, in their words */
  whim = $state("");
  /** the reward model's scores of the set on screen, made before any place was given */
  guess = $state.raw<readonly number[] | null>(null);
  /** the person looked at the guess, so it is no test any more */
  peeked = $state(false);
  /** places of sets that were put aside undecided, by task */
  readonly #drafts = new Map<string, Slots>();
  readonly #kept: (draft: Draft | null) => void;

  /** @param kept called with the new ranking on screen as far as it is made, null when nothing is placed */
  constructor(kept: (draft: Draft | null) => void = () => undefined) {
    super();
    this.#kept = kept;
  }

  get comparisons(): number {
    return this.judged.reduce(
      (sum, { slots, cannotTell }) => sum + (cannotTell ? 0 : comparisons(slots)),
      0,
    );
  }

  /** Puts a set on screen, with the places that it had when it was put aside. */
  show(set: AnswerSet): void {
    this.#show(set, false);
    const slots = this.#drafts.get(set.task);
    this.#drafts.delete(set.task);
    this.layOut(set.shown, slots && placesAlone(slots));
    this.#keep();
  }

  /** Puts the set of a draft on screen. */
  takeUp({ set, slots }: Draft): void {
    this.#drafts.set(set.task, slots);
    this.show(set);
  }

  #keep(): void {
    const { set, slots, revising } = this;
    if (set === null || revising) return;
    this.#kept(slots.every((slot) => slot === null) ? null : { set, slots });
  }

  /** The set on screen leaves it undecided: what is placed will be there when it comes back. */
  keepDraft(): void {
    const { set, slots } = this;
    if (set === null || this.revising || slots.every((slot) => slot === null)) return;
    this.#drafts.set(set.task, slots);
  }

  /** Puts a saved decision back on screen, to be changed. */
  revise(judged: Judged): void {
    this.#show(judged.set, true);
    this.whim = judged.note;
    this.layOut(judged.set.shown, placesAlone(judged.slots));
  }

  #show(set: AnswerSet, revising: boolean): void {
    this.set = set;
    this.revising = revising;
    this.guess = null;
    this.peeked = false;
    this.saving = "idle";
    this.failure = "";
  }

  /** The next waiting set comes on screen; false when none waits. */
  next(): boolean {
    const [set, ...rest] = this.ahead;
    if (set === undefined) {
      this.set = null;
      this.layOut([]);
      this.#kept(null);
      return false;
    }
    this.ahead = rest;
    this.show(set);
    return true;
  }

  /** Puts the set on screen behind the next ones and shows another, without a decision. */
  skip(): void {
    const { set } = this;
    if (set === null || this.ahead.length === 0) return;
    this.keepDraft();
    if (!this.revising) this.ahead = [...this.ahead, set];
    this.next();
  }

  override undo(): void {
    super.undo();
    this.failure = "";
    this.#keep();
  }

  override redo(): void {
    super.redo();
    this.#keep();
  }

  /** How well the guess fits the places given; null when it was made late or peeked at. */
  scoredGuess(): Guess | null {
    if (this.guess === null || this.peeked || this.revising) return null;
    const guess = agreement(this.slots, this.guess);
    return guess.pairs === 0 ? null : guess;
  }

  protected override decide(...step: Parameters<RankBoard["decide"]>): void {
    this.failure = "";
    super.decide(...step);
    this.#keep();
  }
}
