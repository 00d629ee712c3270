// The judging screen: one set of answers, what was rated and ranked so far, and what surrounds it.
import type { Ranking } from "../../formats/records.ts";
import { RankBoard } from "../rank-board.svelte.ts";
import { SECOND_OPINION } from "./questions.ts";
import type { Question } from "./questions.ts";
import { decidedOf, demonstrationOf, rankingOf, setOfRanking } from "./sets.ts";
import type { CardSet, Circumstances } from "./sets.ts";

/** A decision that was saved and is on screen to be changed. */
interface Saved {
  readonly ranking: Ranking;
  readonly better: string;
}

/** What stays on screen of a set that was not saved yet, for the next visit. */
export interface Draft {
  readonly item: string;
  readonly decided: Parameters<RankBoard["layOut"]>[1];
  readonly note: string;
  readonly better: string;
  readonly flags: readonly string[];
}

export class Judging extends RankBoard {
  set = $state.raw<CardSet | null>(null);
  /** a saved decision is being changed */
  revising = $state(false);
  saving = $state<"idle" | "saving" | "failed">("idle");
  /** why saving failed; the decision is still on screen then */
  failure = $state("");
  note = $state("");
  /** the person's own answer, to be a demonstration */
  better = $state("");
  flags = $state.raw<readonly string[]>([]);
  /** each answer is rated by itself first, then all are ranked */
  stage = $state<"rate" | "rank">("rank");
  /** what is asked about each answer */
  questions = $state.raw<readonly Question[]>([]);
  #saved: Pick<Draft, "note" | "better" | "flags"> | undefined;
  #moves = 0;
  #undos = 0;
  #started = 0;

  /** Puts a set on screen; `saved` is a decision about it to be changed. */
  show(set: CardSet, questions: readonly Question[], saved?: Saved): void {
    this.set = set;
    this.questions = questions;
    this.revising = saved !== undefined;
    this.saving = "idle";
    this.failure = "";
    this.note = saved?.ranking.note ?? "";
    this.better = saved?.better ?? "";
    this.flags = saved?.ranking.flags ?? [];
    const { note, better, flags } = this;
    this.#saved = saved === undefined ? undefined : { note, better, flags };
    this.stage = questions.length > 0 && saved === undefined ? "rate" : "rank";
    this.#moves = saved?.ranking.moves ?? 0;
    this.#undos = saved?.ranking.undos ?? 0;
    this.#started = Date.now();
    this.layOut(set.shown, saved === undefined ? undefined : decidedOf(saved.ranking, set));
    this.focus = this.stage === "rate" ? (set.shown[0] ?? 0) : this.focus;
  }

  /** Puts a saved decision on screen. */
  revise(saved: Saved, questions: readonly Question[]): void {
    this.show(setOfRanking(saved.ranking), questions, saved);
  }

  clear(): void {
    this.set = null;
    this.layOut([]);
  }

  /** Brings back what was not saved when the page was left. */
  recall(draft: Draft): void {
    this.layOut(this.shown, draft.decided);
    this.note = draft.note;
    this.better = draft.better;
    this.flags = draft.flags;
  }

  /** What would be lost with the page now; null for nothing. */
  get draft(): Draft | null {
    const { set, note, better, flags } = this;
    if (set === null || this.revising) return null;
    if (this.untouched && note === "" && better === "" && flags.length === 0) return null;
    const { slots, aside, allBad, ratings, gaps } = this;
    return {
      item: set.item,
      decided: { slots, aside, allBad, ratings, gaps },
      note,
      better,
      flags,
    };
  }

  /** a saved decision is on screen as it was saved */
  get unchanged(): boolean {
    const saved = this.#saved;
    if (saved === undefined || !this.untouched) return false;
    const { note, better, flags } = this;
    return note === saved.note && better === saved.better && flags.join() === saved.flags.join();
  }

  /** nothing has to be placed any more */
  get ready(): boolean {
    return this.complete || (this.allBad && this.slots.every((slot) => slot === null));
  }

  /** why the decision cannot be saved yet, in one sentence */
  get hindrance(): string {
    const placed = this.slots.filter((slot) => slot !== null).length;
    const open = this.open.length;
    if (open === 0 && placed < 2) {
      return "At least two answers need a place; if you cannot tell, skip with S.";
    }
    const what = open === 1 ? "answer has" : "answers have";
    return `${open} ${what} no place yet. Press 0 to leave the marked one unranked.`;
  }

  /** answers for which every question was answered */
  get rated(): number {
    return this.shown.filter((card) => this.missing(card).length === 0).length;
  }

  /** questions about a card that have no answer yet */
  missing(card: number): Question[] {
    return this.questions.filter(({ key }) => this.ratings[card]?.[key] === undefined);
  }

  /** Answers one question about the focused card, or takes the same answer back. */
  answer(key: string, value: number): string {
    const same = this.ratings[this.focus]?.[key] === value;
    this.rate(this.focus, { [key]: same ? null : value });
    const question = this.questions.find((one) => one.key === key);
    const said = question?.scale === "1-7" ? `${value} of 7` : value === 1 ? "yes" : "no";
    return `${question?.text ?? key}: ${same ? "not said" : said}.`;
  }

  /** "No" to every yes-or-no question about the focused card that has no answer. */
  noToTheRest(): string {
    const rest = this.missing(this.focus).filter(({ scale }) => scale === "yes-no");
    if (rest.length === 0) return "Every question has an answer.";
    this.rate(this.focus, Object.fromEntries(rest.map(({ key }) => [key, 0])));
    return `No to ${rest.length} more.`;
  }

  /** The next answer to rate, or the ranking after the last one. */
  nextToRate(by: 1 | -1 = 1): string {
    this.touch();
    const at = this.shown.indexOf(this.focus) + by;
    const next = this.shown[at];
    if (next === undefined) return by < 0 ? "This is the first answer." : this.toRanking();
    this.focus = next;
    return `Answer ${this.letter(next)}, ${at + 1} of ${this.shown.length}.`;
  }

  toRanking(): string {
    this.touch();
    this.stage = "rank";
    this.focus = this.order[0] ?? 0;
    return "Now rank them. Ties are welcome.";
  }

  toRating(): void {
    this.touch();
    this.stage = "rate";
    this.focus = this.shown[0] ?? 0;
  }

  flag(kind: string): string {
    const there = this.flags.includes(kind);
    this.touch();
    this.flags = there ? this.flags.filter((one) => one !== kind) : [...this.flags, kind];
    return there ? "Flag taken off." : "Flagged. It is saved with your ranking.";
  }

  askOpinion(reason: string): string {
    const others = this.flags.filter((one) => !one.startsWith(SECOND_OPINION));
    this.touch();
    this.flags = [...others, `${SECOND_OPINION}: ${reason}`];
    return "A second person will be asked. Rank it as well as you can, or skip it.";
  }

  /** The record of what is on screen, and the demonstration if one was written. */
  decision(
    outcome: Ranking["outcome"],
    skipReason: string,
    stamp: Pick<
      Circumstances,
      "guideline" | "preset" | "select_policy" | "select_score" | "propensity"
    >,
  ): { ranking: Ranking; demonstration: ReturnType<typeof demonstrationOf> } | null {
    const { set } = this;
    if (set === null) return null;
    const counts = { moves: this.#moves, undos: this.#undos, started: this.#started };
    const said = { flags: this.flags, note: this.note.trim(), outcome, skipReason };
    return {
      ranking: rankingOf(set, this, { ...said, ...counts, ...stamp }),
      demonstration: demonstrationOf(set, this.better),
    };
  }

  override undo(): void {
    if (this.canUndo) this.#undos++;
    super.undo();
    this.failure = "";
  }

  protected override decide(...step: Parameters<RankBoard["decide"]>): void {
    this.#moves++;
    this.failure = "";
    super.decide(...step);
  }
}
