// Places of K answers with unlimited undo: what keys, taps and drags do to them, and what is said.
import { buckets, dropOn, displayOrder, emptySlots, letter, nextSlot } from "./bucket-order.ts";
import { nudge, ordinal, place, placeLast, unplace } from "./bucket-order.ts";
import type { DropSide, Slots } from "./bucket-order.ts";
import { record, redo, startHistory, undo } from "./history.ts";
import type { History } from "./history.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { Times } from "./stopwatch.ts";

/** How much better one group of answers is than the next; it lasts while both stay as they are. */
interface Strength {
  readonly above: string;
  readonly below: string;
  /** 1 slightly, 2 better, 3 much better */
  readonly value: number;
}

/** Ratings of one answer by the name of the question. */
export type Ratings = Readonly<Record<string, number>>;

/** All that was decided about a set: one step of undo is one of these. */
interface Board {
  readonly slots: Slots;
  /** the answer that got the last place by itself, or null */
  readonly auto: number | null;
  /** the answer placed last, for "same as the one before" */
  readonly latest: number | null;
  /** answers that stay without a place because the person could not judge them */
  readonly aside: readonly number[];
  readonly allBad: boolean;
  readonly strengths: readonly Strength[];
  /** (K) */
  readonly ratings: readonly Ratings[];
}

/** A decision that was made before, to lay out again. */
export type Decided = Pick<Board, "slots" | "aside" | "allBad" | "ratings"> & {
  /** Between neighbouring groups: 0 not asked, or 1 to 3. */
  readonly gaps: readonly number[];
};

function emptyBoard(count: number): Board {
  return {
    slots: emptySlots(count),
    auto: null,
    latest: null,
    aside: [],
    allBad: false,
    strengths: [],
    ratings: Array.from({ length: count }, () => ({})),
  };
}

const names = (group: readonly number[] | undefined): string => (group ?? []).join(",");

export class RankBoard {
  /** answer that the number keys act on */
  focus = $state(0);
  /** answer indices in the order they stood on screen at first */
  shown = $state.raw<readonly number[]>([]);
  #history = $state.raw<History<Board>>(startHistory(emptyBoard(0)));
  #watch = new Stopwatch();

  get slots(): Slots {
    return this.#history.present.slots;
  }

  get aside(): readonly number[] {
    return this.#history.present.aside;
  }

  /** none of the answers is any good, whatever their order */
  get allBad(): boolean {
    return this.#history.present.allBad;
  }

  /** (K) ratings of each answer */
  get ratings(): readonly Ratings[] {
    return this.#history.present.ratings;
  }

  /** groups of answers with the same place, best first */
  get groups(): number[][] {
    return buckets(this.slots);
  }

  /** (groups - 1) how much better each group is than the next: 0 not said, 1 to 3 */
  get gaps(): number[] {
    const { groups } = this;
    const { strengths } = this.#history.present;
    return groups.slice(1).map((below, i) => {
      const [a, b] = [names(groups[i]), names(below)];
      return strengths.find((one) => one.above === a && one.below === b)?.value ?? 0;
    });
  }

  /** answers that were neither placed nor left out */
  get open(): number[] {
    return this.shown.filter((i) => this.slots[i] === null && !this.aside.includes(i));
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

  /** every answer has a place or was left out, and at least two have one */
  get complete(): boolean {
    return this.open.length === 0 && this.slots.filter((slot) => slot !== null).length > 1;
  }

  /** answer indices in the order on screen */
  get order(): number[] {
    return displayOrder(this.slots, this.shown);
  }

  /** Letter of an answer, by where it stood when the set appeared. */
  letter(answer: number): string {
    const at = this.shown.indexOf(answer);
    return letter(at < 0 ? answer : at);
  }

  /** Lays out new answers, with what was decided about them before or nothing. */
  layOut(shown: readonly number[], before?: Decided): void {
    this.shown = shown;
    this.#history = startHistory({ ...emptyBoard(shown.length), ...(before && laidOut(before)) });
    this.focus = this.order[0] ?? 0;
    this.#watch = new Stopwatch();
  }

  /** Places the focused answer and moves on to the next open one; gives the sentence to announce. */
  placeFocused(slot: number): string {
    return this.put(this.focus, slot);
  }

  put(answer: number, slot: number): string {
    const aside = this.aside.filter((other) => other !== answer);
    this.decide({ slots: place(this.slots, answer, slot), latest: answer, aside }, true);
    return this.describe(answer);
  }

  /** A tap: the best place left, or none any more if it had one. */
  tap(answer: number): string {
    this.focus = answer;
    const had = this.slots[answer];
    if (had !== null && had !== undefined && this.auto !== answer) {
      this.decide({ slots: unplace(this.#withoutAuto(), answer), latest: null });
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

  /** The focused answer stays without a place, or may get one again. */
  setAside(answer = this.focus): string {
    const out = this.aside.includes(answer);
    const others = this.aside.filter((other) => other !== answer);
    const slots = unplace(this.#withoutAuto(), answer);
    this.decide({ slots, latest: null, aside: out ? others : [...others, answer] }, !out);
    return out
      ? `Answer ${this.letter(answer)} can get a place again.`
      : `Answer ${this.letter(answer)} is left unranked.`;
  }

  toggleAllBad(): string {
    const allBad = !this.allBad;
    this.decide({ allBad });
    return allBad ? "All of them are bad." : "Not all of them are bad.";
  }

  /** Says how much better the group of an answer is than the next one: one step more, then unsaid. */
  strengthen(answer = this.focus): string {
    const at = this.groups.findIndex((group) => group.includes(answer));
    return this.setGap(at, ((this.gaps[at] ?? 0) + 1) % 4);
  }

  setGap(at: number, value: number): string {
    const { groups } = this;
    const [above, below] = [names(groups[at]), names(groups[at + 1])];
    if (above === "" || below === "") return "There is no group below this one.";
    const others = this.#history.present.strengths.filter(
      (one) => one.above !== above || one.below !== below,
    );
    this.decide({ strengths: value === 0 ? others : [...others, { above, below, value }] });
    const letters = (groups[at] ?? []).map((i) => this.letter(i)).join(" and ");
    return `${letters}: ${STRENGTHS[value] ?? ""}.`;
  }

  /** Sets or (null) takes away one rating of an answer. */
  rate(answer: number, ratings: Readonly<Record<string, number | null>>): void {
    this.decide({
      ratings: this.ratings.map((old, i) => (i === answer ? withRatings(old, ratings) : old)),
    });
  }

  drop(answer: number, target: number, side: DropSide): string {
    this.#reorder(dropOn(this.slots, this.shown, answer, target, side), answer);
    this.focus = answer;
    return this.describe(answer);
  }

  /** Moves an answer one step in the order on screen. */
  nudge(answer: number, by: -1 | 1): string {
    this.#reorder(nudge(this.slots, this.shown, answer, by), answer);
    this.focus = answer;
    return this.describe(answer);
  }

  /** One step back; what it took a place from is marked, so that the next key places it again. */
  undo(): void {
    this.touch();
    const { latest } = this.#history.present;
    this.#history = undo(this.#history);
    if (latest !== null && this.slots[latest] === null) this.focus = latest;
  }

  redo(): void {
    this.touch();
    this.#history = redo(this.#history);
  }

  /** Moves the focus by steps in the order on screen. */
  step(by: -1 | 1): void {
    const { order } = this;
    const at = order.indexOf(this.focus) + by;
    this.focus = order[Math.min(order.length - 1, Math.max(0, at))] ?? this.focus;
  }

  /** A sign of the person, which the clock of active time goes by. */
  touch(): void {
    this.#watch.touch();
  }

  visibility(hidden: boolean): void {
    this.#watch.visibility(hidden);
  }

  times(): Times {
    return this.#watch.read();
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

  /** The places without the one that was given by itself. */
  #withoutAuto(): Slots {
    const { slots, auto } = this.#history.present;
    return auto === null ? slots : unplace(slots, auto);
  }

  /** A drag states a whole order, so that nothing stays aside. */
  #reorder(slots: Slots, latest: number): void {
    const aside = this.aside.filter((answer) => slots[answer] === null);
    this.decide({ slots, latest, aside });
  }

  /** Records a step; with `fill` the last open answer gets the place that is left. */
  protected decide(step: Partial<Board>, fill = false): void {
    this.touch();
    const before = this.#history.present;
    const next = { ...before, ...(step.slots === undefined ? {} : { auto: null }), ...step };
    this.#history = record(this.#history, fill ? filled(next) : next);
    if (!fill) return;
    const open = this.order.find((i) => next.slots[i] === null && !next.aside.includes(i));
    this.focus = open ?? step.latest ?? this.focus;
  }
}

/** Words for a strength of 0 to 3. */
export const STRENGTHS = ["not said", "slightly better", "better", "much better"];

/** The board on which the only open answer has the place that is left. */
function filled(board: Board): Board {
  const { slots, last } = placeLast(board.slots, board.aside);
  return last === null ? board : { ...board, slots, auto: last };
}

function laidOut({ slots, aside, allBad, ratings, gaps }: Decided): Partial<Board> {
  const groups = buckets(slots);
  const strengths = gaps.flatMap((value, i) =>
    value === 0 ? [] : [{ above: names(groups[i]), below: names(groups[i + 1]), value }],
  );
  return { slots, aside, allBad, ratings, strengths };
}

function withRatings(old: Ratings, changes: Readonly<Record<string, number | null>>): Ratings {
  const entries = Object.entries({ ...old, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as Ratings;
}
