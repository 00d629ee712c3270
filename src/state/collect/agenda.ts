// What one person is asked, kept up to date with every decision in a time that does not grow with the project.
import type { GoldRule, ProjectSettings, Schedule } from "../../storage/projects.ts";
import { DEFAULT_SCHEDULE } from "../../storage/projects.ts";
import type { Ledger } from "./ledger.ts";
import { Places } from "./places.ts";
import { Repeats } from "./repeats.ts";
import type { Fitness } from "./repeats.ts";
import { REPEAT_GAP, due, inSeededOrder, isRepeat, itemOf, repeatOf } from "./schedule.ts";

export interface AgendaOf {
  readonly annotator: string;
  /** items in the order they came */
  readonly items: readonly string[];
  readonly ledger: Ledger;
  readonly settings: ProjectSettings;
  /** what was put off until the others are done, in that order */
  readonly later: readonly string[];
  /** items whose answers are all the same text */
  readonly unrankable: ReadonlySet<string>;
}

/** What is asked beside the ordinary sets: a gold set, or (null) the repeat of an item. */
export interface Special {
  readonly item: string;
  readonly gold: GoldRule | null;
}

type Kind = "ordinary" | "silent" | "repeats";

export class Agenda {
  /** items with a decision by this person */
  mine = 0;
  readonly #of: AgendaOf;
  readonly #schedule: Schedule;
  readonly #gold: ReadonlyMap<string, GoldRule>;
  readonly #place: ReadonlyMap<string, number>;
  /** open items that were not put off */
  readonly #waiting: Places;
  /** names, items or repeats, that this person judged */
  readonly #own: Set<string>;
  /** decisions of this person so far, worked gold left out */
  readonly #counts: Record<Kind, number> = { ordinary: 0, silent: 0, repeats: 0 };
  /** made when a repeat is first due */
  #repeats: Repeats | null = null;

  constructor(of: AgendaOf) {
    this.#of = of;
    this.#schedule = of.settings.schedule ?? DEFAULT_SCHEDULE;
    this.#gold = new Map(this.#schedule.gold.map((rule) => [rule.item, rule]));
    this.#place = new Map(of.items.map((item, i) => [item, i]));
    this.#own = new Set(of.ledger.names(of.annotator));
    for (const name of this.#own) this.#count(name, 1);
    const later = new Set(of.later);
    const isIn = (item: string): boolean => !later.has(item) && this.isOpen(item);
    this.#waiting = new Places(of.items.length, (i) => isIn(of.items[i] ?? ""));
  }

  /** sets that this person judged: items, and repeats of them */
  get judged(): number {
    return this.#own.size;
  }

  /** everything that this person will still be asked, as far as it is known */
  get open(): number {
    return this.#ordinary + this.#extras();
  }

  /** how many open items were not put off */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The k-th open item that was not put off, from 0. */
  waitingAt(k: number): string {
    return this.#of.items[this.#waiting.at(k)] ?? "";
  }

  isWaiting(item: string): boolean {
    return this.#waiting.has(this.#place.get(item) ?? -1);
  }

  /** Open items that were put off, in that order. */
  get putOff(): string[] {
    return this.#of.later.filter((name) => this.#place.has(name) && this.isOpen(name));
  }

  has(item: string): boolean {
    return this.#place.has(item);
  }

  /** Takes in that something about an item or its repeat changed: a decision, putting off, no two answers. */
  changed(name: string): void {
    const { annotator, ledger } = this.#of;
    const now = ledger.has(name, annotator);
    if (now !== this.#own.has(name)) {
      this.#count(name, now ? 1 : -1);
      if (now) this.#own.add(name);
      else this.#own.delete(name);
    }
    if (now && !isRepeat(name)) this.#repeats?.add(name);
    // a repeat that was taken back can be asked again
    if (!now && isRepeat(name)) this.#repeats?.add(itemOf(name));
    const place = this.#place.get(name);
    if (place === undefined) return;
    this.#waiting.set(place, !this.#of.later.includes(name) && this.isOpen(name));
  }

  /** Open for this person: no gold, not judged by them, and by too few others or wanted a second time. */
  isOpen(item: string): boolean {
    const { annotator, ledger, settings, unrankable } = this.#of;
    if (unrankable.has(item) || this.#asGold(item) !== null) return false;
    const judges = ledger.judges(item);
    if (judges === 0) return true;
    if (ledger.has(item, annotator)) return false;
    return judges < settings.overlap || ledger.wantsOpinion(item);
  }

  /** Worked gold, silent gold or a repeat, when one is due; else null. */
  special(): Special | null {
    const asked = (rule: GoldRule): boolean => !this.#of.later.includes(rule.item);
    const worked = this.#pending("worked").find(asked);
    if (worked !== undefined) return { item: worked.item, gold: worked };
    const { ordinary, silent, repeats } = this.#counts;
    const { goldEvery, repeatEvery } = this.#schedule;
    if (due(ordinary, goldEvery, this.#seed("gold")) > silent) {
      const rules = this.#pending("silent").filter(asked);
      const order = inSeededOrder(rules.map(({ item }) => item), this.#of.annotator); // prettier-ignore
      const gold = rules.find(({ item }) => item === order[0]);
      if (gold !== undefined) return { item: gold.item, gold };
    }
    if (due(ordinary, repeatEvery, this.#seed("repeat")) <= repeats) return null;
    const again = this.#repeatable();
    return again === null ? null : { item: repeatOf(again), gold: null };
  }

  /** ordinary sets that are open */
  get #ordinary(): number {
    return this.#waiting.size + this.putOff.length;
  }

  /** The rule of an item for this person; null for its author, to whom it is an item like any other. */
  #asGold(item: string): GoldRule | null {
    const rule = this.#gold.get(item);
    return rule === undefined || rule.author === this.#of.annotator ? null : rule;
  }

  #pending(kind: GoldRule["kind"]): GoldRule[] {
    const { annotator, unrankable } = this.#of;
    return this.#schedule.gold.filter(
      ({ item, author, kind: one }) =>
        one === kind &&
        author !== annotator &&
        this.#place.has(item) &&
        !this.#own.has(item) &&
        !unrankable.has(item),
    );
  }

  #count(name: string, by: 1 | -1): void {
    if (this.#place.has(name)) this.mine += by;
    const kind = this.#asGold(name)?.kind;
    if (isRepeat(name)) this.#counts.repeats += by;
    else if (kind === "silent") this.#counts.silent += by;
    else if (kind === undefined) this.#counts.ordinary += by;
  }

  /** Worked gold, and the silent gold and repeats that will come due until the ordinary sets are done. */
  #extras(): number {
    const { goldEvery, repeatEvery } = this.#schedule;
    const worked = this.#pending("worked").length;
    const pending = this.#pending("silent").length;
    if (pending === 0 && repeatEvery === 0) return worked;
    const { ordinary, silent, repeats } = this.#counts;
    const all = ordinary + this.#ordinary;
    const silentLeft = Math.min(pending, due(all, goldEvery, this.#seed("gold")) - silent);
    const room = Math.max(0, all - REPEAT_GAP) - repeats;
    const again = Math.min(room, due(all, repeatEvery, this.#seed("repeat")) - repeats);
    return worked + Math.max(0, silentLeft) + Math.max(0, again);
  }

  /** An item that this person ranked long enough ago, and only once. */
  #repeatable(): string | null {
    const { annotator, ledger, later } = this.#of;
    this.#repeats ??= this.#allRepeats();
    const newest = new Set(ledger.newest(annotator, REPEAT_GAP));
    return this.#repeats.first((item): Fitness => {
      const again = repeatOf(item);
      const ranked = ledger.mark(item, annotator)?.ranked === true;
      const asked = this.#own.has(again) || later.includes(again);
      if (!ranked || asked || this.#asGold(item) !== null) return "never";
      return newest.has(item) ? "later" : "now";
    });
  }

  #allRepeats(): Repeats {
    const repeats = new Repeats(this.#of.annotator);
    for (const name of this.#own) if (!isRepeat(name)) repeats.add(name);
    return repeats;
  }

  #seed(kind: string): string {
    return `${this.#of.annotator} ${kind}`;
  }
}
