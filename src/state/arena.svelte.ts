// The ranking station: the set on screen, its places with undo, and what was ranked before.
import { agreement, comparisons, displayOrder, dropOn, emptySlots } from "./bucket-order.ts";
import { isComplete, letter, nextSlot, nudge, ordinal, place, placeLast } from "./bucket-order.ts";
import { unplace } from "./bucket-order.ts";
import type { DropSide, Slots } from "./bucket-order.ts";
import type { AnswerSet, Guess, Judged } from "./answers.ts";
import { record, redo, startHistory, undo } from "./history.ts";
import type { History } from "./history.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { Times } from "./stopwatch.ts";

/** Places, and the answer that got the last one by itself. */
interface Board {
  readonly slots: Slots;
  readonly auto: number | null;
  /** the answer placed last, for "same as the one before" */
  readonly latest: number | null;
}

function emptyBoard(count: number): Board {
  return { slots: emptySlots(count), auto: null, latest: null };
}

export class Arena {
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
  /** answer that the number keys act on */
  focus = $state(0);
  #history = $state.raw<History<Board>>(startHistory(emptyBoard(0)));
  #watch = new Stopwatch();

  get slots(): Slots {
    return this.#history.present.slots;
  }

  /** the answer that got the last place by itself, or null */
  get auto(): number | null {
    return this.#history.present.auto;
  }

  /** nothing was decided yet about the set on screen */
  get untouched(): boolean {
    return this.#history.past.length === 0;
  }

  get canUndo(): boolean {
    return this.#history.past.length > 0;
  }

  get canRedo(): boolean {
    return this.#history.future.length > 0;
  }

  get complete(): boolean {
    return this.set !== null && isComplete(this.slots);
  }

  /** answer indices in the order on screen */
  get order(): number[] {
    return this.set === null ? [] : displayOrder(this.slots, this.set.shown);
  }

  get comparisons(): number {
    return this.judged.reduce(
      (sum, { slots, cannotTell }) => sum + (cannotTell ? 0 : comparisons(slots)),
      0,
    );
  }

  /** Letter of an answer, by where it stood when the set appeared. */
  letter(answer: number): string {
    return letter(this.set?.shown.indexOf(answer) ?? answer);
  }

  /** Puts a set on screen. */
  open(set: AnswerSet): void {
    this.set = set;
    this.revising = false;
    this.guess = null;
    this.peeked = false;
    this.saving = "idle";
    this.failure = "";
    this.#history = startHistory(emptyBoard(set.answers.length));
    this.focus = set.shown[0] ?? 0;
    this.#watch = new Stopwatch();
  }

  /** Puts a saved decision back on screen, to be changed. */
  revise(judged: Judged): void {
    this.open(judged.set);
    this.revising = true;
    this.whim = judged.note;
    this.#history = startHistory({ slots: judged.slots, auto: null, latest: null });
    this.focus = this.order[0] ?? 0;
  }

  /** The next waiting set comes on screen; false when none waits. */
  next(): boolean {
    const [set, ...rest] = this.ahead;
    if (set === undefined) {
      this.set = null;
      return false;
    }
    this.ahead = rest;
    this.open(set);
    return true;
  }

  /** Puts the set on screen behind the next ones and shows another, without a decision. */
  skip(): void {
    const { set } = this;
    if (set === null || this.ahead.length === 0) return;
    if (!this.revising) this.ahead = [...this.ahead, set];
    this.next();
  }

  /** Places the focused answer and moves on to the next open one; gives the sentence to announce. */
  placeFocused(slot: number): string {
    return this.put(this.focus, slot);
  }

  put(answer: number, slot: number): string {
    const slots = place(this.slots, answer, slot);
    this.#decide(slots, answer, true);
    return this.describe(answer);
  }

  /** A tap: the best place left, or none any more if it had one. */
  tap(answer: number): string {
    this.focus = answer;
    const had = this.slots[answer];
    if (had !== null && had !== undefined && this.auto !== answer) {
      this.#decide(unplace(this.#withoutAuto(), answer), null, false);
      return `Answer ${this.letter(answer)} has no place any more.`;
    }
    return this.put(answer, nextSlot(this.#withoutAuto()));
  }

  /** The focused answer is as good as the one placed last. */
  tieFocused(): string {
    const { latest } = this.#history.present;
    const slot = latest === null ? null : this.slots[latest];
    if (slot === null || slot === undefined) return "Place another answer first, then tie.";
    return this.put(this.focus, slot);
  }

  drop(answer: number, target: number, side: DropSide): string {
    if (this.set === null) return "";
    this.#decide(dropOn(this.slots, this.set.shown, answer, target, side), answer, false);
    this.focus = answer;
    return this.describe(answer);
  }

  /** Moves an answer one step in the order on screen. */
  nudge(answer: number, by: -1 | 1): string {
    if (this.set === null) return "";
    this.#decide(nudge(this.slots, this.set.shown, answer, by), answer, false);
    this.focus = answer;
    return this.describe(answer);
  }

  undo(): void {
    this.#watch.touch();
    this.#history = undo(this.#history);
    this.failure = "";
  }

  redo(): void {
    this.#watch.touch();
    this.#history = redo(this.#history);
  }

  /** Moves the focus by steps in the order on screen. */
  step(by: -1 | 1): void {
    const { order } = this;
    const at = order.indexOf(this.focus) + by;
    this.focus = order[Math.min(order.length - 1, Math.max(0, at))] ?? this.focus;
  }

  visibility(hidden: boolean): void {
    this.#watch.visibility(hidden);
  }

  times(): Times {
    return this.#watch.read();
  }

  /** How well the guess fits the places given; null when it was made late or peeked at. */
  scoredGuess(): Guess | null {
    if (this.guess === null || this.peeked || this.revising) return null;
    const guess = agreement(this.slots, this.guess);
    return guess.pairs === 0 ? null : guess;
  }

  /** "Answer B is 3rd, tied with C." */
  describe(answer: number): string {
    const slot = this.slots[answer] ?? null;
    if (slot === null) return `Answer ${this.letter(answer)} has no place.`;
    const tied = this.order
      .filter((other) => other !== answer && this.slots[other] === slot)
      .map((other) => this.letter(other));
    const tie = tied.length === 0 ? "" : `, tied with ${tied.join(" and ")}`;
    const where = `Answer ${this.letter(answer)} is ${ordinal(slot)}${tie}.`;
    const { auto } = this;
    const last = auto === null ? "" : ` Answer ${this.letter(auto)} takes the place left.`;
    return this.complete ? `${where}${last} All ranked. Press Enter for the next prompt.` : where;
  }

  #withoutAuto(): Slots {
    const { slots, auto } = this.#history.present;
    return auto === null ? slots : unplace(slots, auto);
  }

  /** Records new places; the last open answer may get its place by itself. */
  #decide(slots: Slots, latest: number | null, fill: boolean): void {
    this.#watch.touch();
    this.failure = "";
    const filled = fill ? placeLast(slots) : { slots, last: null };
    this.#history = record(this.#history, { slots: filled.slots, auto: filled.last, latest });
    if (!fill) return;
    const open = this.order.find((answer) => slots[answer] === null);
    this.focus = open ?? latest ?? this.focus;
  }
}
