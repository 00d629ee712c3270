// One set of answers as it stands on screen, and the ranking record that a decision about it becomes.
import { assistant, newDemonstration, newRanking } from "../../formats/new-records.ts";
import type {
  Candidate,
  Demonstration,
  Item,
  Message,
  Rating,
  Ranking,
} from "../../formats/records.ts";
import { isoTime } from "../../formats/rows.ts";
import type { JudgementRow } from "../../storage/events.ts";
import { canonicalJson } from "../../storage/json.ts";
import { sha256 } from "../../storage/sha256.ts";
import { Rng } from "../../world/rng.ts";
import { shuffled } from "../answers.ts";
import { denseSlots, letter } from "../bucket-order.ts";
import type { Decided, RankBoard, Ratings } from "../rank-board.svelte.ts";

/** Answers with the same text share a card; the board ranks cards. */
export interface CardSet {
  readonly item: string;
  readonly format: Item["format"];
  readonly context: readonly Message[];
  readonly candidates: readonly Candidate[];
  /** indices of the candidates of each card */
  readonly cards: readonly (readonly number[])[];
  /** cards in the order they stand on screen */
  readonly shown: readonly number[];
}

/** Cards of these answers: equal texts on one. */
function cardsOf(candidates: readonly Candidate[]): number[][] {
  const cards = new Map<string, number[]>();
  candidates.forEach(({ completion }, i) => {
    const text = canonicalJson(completion);
    cards.set(text, [...(cards.get(text) ?? []), i]);
  });
  return [...cards.values()];
}

/**
 * The set of an item, shuffled by a seed that follows from the item, the person and the attempt, so
 * that the same person sees the same order again and another person another.
 */
export function setOfItem(item: Item, annotator: string, attempt = 1): CardSet {
  const { id, format, context, completions } = item;
  const cards = cardsOf(completions);
  const seed = Number.parseInt(sha256(`${id}\n${annotator}\n${attempt}`).slice(0, 8), 16);
  const rng = new Rng(seed);
  const shown = shuffled(cards.length, () => rng.next());
  return { item: id, format, context, candidates: completions, cards, shown };
}

/** The same set a second time: every answer stands where it did not, in the opposite order. */
export function setAgain(set: CardSet, item: string): CardSet {
  return { ...set, item, shown: set.shown.toReversed() };
}

/** The set of a saved ranking, in the order it was shown. */
export function setOfRanking(ranking: Ranking): CardSet {
  const { task, format, context, completions } = ranking;
  const cards = cardsOf(completions);
  const order = ranking.shown.length > 0 ? ranking.shown : completions.map((_, i) => i);
  const shown = [...new Set(order.map((i) => cards.findIndex((card) => card.includes(i))))];
  return { item: task, format, context, candidates: completions, cards, shown };
}

/** What a saved ranking says about the cards of its set. */
export function decidedOf(ranking: Ranking, { cards }: CardSet): Decided {
  const place = (card: readonly number[]): number =>
    ranking.ranking.findIndex((group) => group.includes(card[0] ?? -1));
  const tiedByAllBad = ranking.all_bad && ranking.ranking.length === 1;
  const slots = cards.map((card) => (place(card) < 0 || tiedByAllBad ? null : place(card) + 1));
  const ranked = ranking.outcome === "ranked" && !tiedByAllBad;
  return {
    slots: denseSlots(slots),
    aside: ranked ? cards.flatMap((card, i) => (place(card) < 0 ? [i] : [])) : [],
    allBad: ranking.all_bad,
    gaps: tiedByAllBad ? [] : ranking.strengths,
    ratings: cards.map(([first = 0]) => ratingsOf(ranking.completions[first]?.ratings ?? [])),
  };
}

function ratingsOf(ratings: readonly Rating[]): Ratings {
  return Object.fromEntries(ratings.map(({ key, value }) => [key, value]));
}

/** The text of one answer as a person reads it. */
export function readable(messages: readonly Message[]): string {
  const [only, ...more] = messages;
  if (only !== undefined && more.length === 0) return only.content;
  return messages.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}

/** What goes into a ranking beside the places. */
export interface Circumstances {
  readonly outcome: Ranking["outcome"];
  readonly skipReason: string;
  readonly flags: readonly string[];
  readonly note: string;
  readonly guideline: string;
  readonly preset: string;
  /** how the set came to be asked */
  readonly select_policy?: string;
  readonly select_score?: number;
  readonly propensity?: number;
  readonly started: number;
  readonly moves: number;
  readonly undos: number;
}

/** The record of a decision; id, author and time of submission are left to its event. */
export function rankingOf(set: CardSet, board: RankBoard, about: Circumstances): Ranking {
  const { cards, candidates } = set;
  const expand = (group: readonly number[]): number[] => group.flatMap((card) => cards[card] ?? []);
  const all = candidates.map((_, i) => i);
  const undecided = board.groups.length === 0 && board.allBad;
  const ranked = about.outcome === "ranked";
  const groups = !ranked ? [] : undecided ? [all] : board.groups.map(expand);
  const { active, idle, hidden } = board.times();
  const rated = candidates.map((one, i) => {
    const card = cards.findIndex((indices) => indices.includes(i));
    const ratings = Object.entries(board.ratings[card] ?? {});
    return { ...one, ratings: ratings.map(([key, value]) => ({ key, value })) };
  });
  return newRanking([...set.context], rated, groups, {
    task: set.item,
    format: set.format,
    strengths: groups.slice(1).map((_, i) => board.gaps[i] ?? 0),
    all_bad: board.allBad,
    outcome: about.outcome,
    skip_reason: about.skipReason,
    flags: [...about.flags],
    note: about.note,
    guideline: about.guideline,
    preset: about.preset,
    select_policy: about.select_policy ?? "",
    select_score: about.select_score ?? 0,
    propensity: about.propensity ?? 0,
    shown: expand(set.shown),
    layout: "list",
    blind: true,
    started: isoTime(about.started),
    active_ms: Math.round(active),
    idle_ms: Math.round(idle),
    hidden_ms: Math.round(hidden),
    moves: about.moves,
    undos: about.undos,
    app: "nudge",
  });
}

/** The better answer that a person wrote, as a record; null for none. */
export function demonstrationOf(set: CardSet, text: string): Demonstration | null {
  if (text.trim() === "") return null;
  return newDemonstration([...set.context], [assistant(text)], { format: set.format });
}

/** The ranking of a row, whole: what is empty in the record is taken from the row. */
export function wholeRanking(row: JudgementRow): Ranking | null {
  const ranking = row.decision?.ranking as Ranking | undefined;
  if (ranking === undefined) return null;
  if (ranking.id !== "") return ranking;
  const { event: id, project, annotator, session, revision, supersedes, t } = row;
  const stamp = { id, project, annotator, session, revision, supersedes };
  return { ...ranking, ...stamp, submitted: isoTime(t) };
}

/** The demonstration of a row, whole. */
export function wholeDemonstration(row: JudgementRow): Demonstration | null {
  const one = (row.decision?.demonstration ?? null) as Demonstration | null;
  if (one === null || one.id !== "") return one;
  const { event, annotator, t } = row;
  return { ...one, id: `d_${event}`, annotator, submitted: isoTime(t) };
}

/** The letter that answer i of a ranking had on screen. */
export function letterOf({ shown }: Ranking, i: number): string {
  return letter(shown.length > 0 ? shown.indexOf(i) : i);
}

/** What a ranking says in one line: "A > C = D > B" by the letters on screen, or why there is none. */
export function orderOf(ranking: Ranking): string {
  const { outcome, skip_reason, flags } = ranking;
  if (outcome === "skipped") return `skipped: ${skip_reason}`;
  if (outcome === "flagged") return `flagged: ${flags.join("; ")}`;
  const letters = (group: readonly number[]): string[] =>
    group.map((i) => letterOf(ranking, i)).sort();
  const byLetter = (group: readonly number[]): string => letters(group).join(" = ");
  const groups = ranking.ranking.map(byLetter).join(" > ");
  const open = letters(ranking.unranked).join(", ");
  return `${groups}${open === "" ? "" : `, ${open} unranked`}${ranking.all_bad ? ", all bad" : ""}`;
}
