// What is left for one person in a project: ordinary sets, worked and silent gold, repeats, and what comes next.
import type { Ranking } from "../../formats/records.ts";
import type { JudgementRow } from "../../storage/events.ts";
import { DEFAULT_SCHEDULE } from "../../storage/projects.ts";
import type { GoldRule, ProjectSettings, Schedule } from "../../storage/projects.ts";
import type { Chooser, Chosen } from "./chooser.ts";
import { SECOND_OPINION } from "./questions.ts";
import { REPEAT_GAP, due, inSeededOrder, isRepeat, itemOf, repeatOf } from "./schedule.ts";

/** One set that is asked, and why it is this one. */
export interface Turn {
  /** id of the item, or the name of its repeat */
  readonly item: string;
  readonly gold: GoldRule | null;
  readonly chosen: Chosen;
}

/** Not drawn at all: gold and repeats have no propensity. */
const planned = (select_policy: string): Chosen => ({
  select_policy,
  select_score: 0,
  propensity: 0,
});
const ORDER: Chosen = { select_policy: "order", select_score: 0, propensity: 1 };

export class Queue {
  /** items in the order they came */
  items = $state.raw<readonly string[]>([]);
  readonly #annotator: string;
  readonly #settings: () => ProjectSettings;
  readonly #chooser: Chooser;
  /** (name of item or repeat) people who submitted a decision */
  #done = $state.raw<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
  /** items for which somebody asked for a second opinion */
  #opinions = $state.raw<ReadonlySet<string>>(new Set());
  /** items whose answers are all the same text */
  #unrankable = $state.raw<ReadonlySet<string>>(new Set());
  /** names put off until the others are done */
  #later: readonly string[] = [];
  readonly #gold = $derived.by(
    () => new Map(this.schedule.gold.map((rule) => [rule.item, rule] as const)),
  );
  /** items with a decision by this person */
  readonly mine = $derived.by(() => this.items.filter((item) => this.#byMe(item)).length);
  /** sets that this person judged: items, and repeats of them */
  readonly judged = $derived.by(
    () => [...this.#done.values()].filter((people) => people.has(this.#annotator)).length,
  );
  /** items without a known answer that this person may still judge */
  readonly #ordinary = $derived.by(() => this.items.filter((item) => this.isOpen(item)));
  /** everything that this person will still be asked, as far as it is known */
  readonly open = $derived.by(() => this.#ordinary.length + this.#extras());

  /** @param settings those of the project now */
  constructor(annotator: string, settings: () => ProjectSettings, chooser: Chooser) {
    this.#annotator = annotator;
    this.#settings = settings;
    this.#chooser = chooser;
  }

  get schedule(): Schedule {
    return this.#settings().schedule ?? DEFAULT_SCHEDULE;
  }

  /** Takes in what there is and who judged it. */
  read(items: readonly string[], done: Iterable<readonly [item: string, annotator: string]>): void {
    const people = new Map<string, Set<string>>();
    for (const [item, annotator] of done) {
      people.set(item, (people.get(item) ?? new Set()).add(annotator));
    }
    this.items = items;
    this.#done = people;
  }

  /** Takes in one decision that was just saved. */
  add(item: string, annotator: string): void {
    const people = new Set(this.#done.get(item)).add(annotator);
    this.#done = new Map(this.#done).set(item, people);
  }

  /** @param wanted items with a decision that asks for a second opinion */
  readOpinions(rows: readonly JudgementRow[], nameOf: (task: string) => string): void {
    const wanted = rows.filter((row) =>
      (row.decision?.ranking as Ranking | undefined)?.flags.some((flag) =>
        flag.startsWith(SECOND_OPINION),
      ),
    );
    this.#opinions = new Set(wanted.map(({ task }) => nameOf(task)));
  }

  putOff(item: string): void {
    this.#later = [...this.#later.filter((one) => one !== item), item];
  }

  cannotRank(item: string): void {
    this.#unrankable = new Set(this.#unrankable).add(item);
  }

  /** Open for this person: no gold, not judged by them, and by too few others or wanted a second time. */
  isOpen(item: string): boolean {
    if (this.#unrankable.has(item)) return false;
    if (this.#asGold(item) !== null) return false;
    const people = this.#done.get(item);
    if (people === undefined) return true;
    if (people.has(this.#annotator)) return false;
    return people.size < this.#settings().overlap || this.#opinions.has(item);
  }

  /**
   * What comes next, and behind it what probably follows; [] when nothing is left.
   * @param rows current decisions of everyone, the latest change last
   * @param nameOf item or repeat that a task is about
   */
  async turns(rows: readonly JudgementRow[], nameOf: (task: string) => string): Promise<Turn[]> {
    const waiting = this.#ordinary.filter((item) => !this.#later.includes(item));
    const drawn = await this.#chooser.next(waiting, this.schedule, rows.length);
    const plain = [
      ...drawn,
      ...this.#later.filter((item) => this.isOpen(item)).map((item) => ({ item, chosen: ORDER })),
    ].map(({ item, chosen }): Turn => ({ item, gold: null, chosen }));
    const special = this.#special(rows, nameOf);
    return special === null ? plain : [special, ...plain];
  }

  /** The rule of an item for this person; null for its author, to whom it is an item like any other. */
  #asGold(item: string): GoldRule | null {
    const rule = this.#gold.get(item);
    return rule === undefined || rule.author === this.#annotator ? null : rule;
  }

  #byMe(item: string): boolean {
    return this.#done.get(item)?.has(this.#annotator) === true;
  }

  #pending(kind: GoldRule["kind"]): GoldRule[] {
    const here = new Set(this.items);
    return this.schedule.gold.filter(
      ({ item, author, kind: one }) =>
        one === kind &&
        author !== this.#annotator &&
        here.has(item) &&
        !this.#byMe(item) &&
        !this.#unrankable.has(item),
    );
  }

  /** Ordinary decisions, silent gold and repeats of this person so far. */
  #counts(): { ordinary: number; silent: number; repeats: number } {
    const counts = { ordinary: 0, silent: 0, repeats: 0 };
    for (const [item, people] of this.#done) {
      if (!people.has(this.#annotator)) continue;
      const kind = this.#asGold(item)?.kind;
      if (isRepeat(item)) counts.repeats++;
      else if (kind === "silent") counts.silent++;
      else if (kind === undefined) counts.ordinary++;
    }
    return counts;
  }

  /** Worked gold, and the silent gold and repeats that will come due until the ordinary sets are done. */
  #extras(): number {
    const { goldEvery, repeatEvery } = this.schedule;
    const worked = this.#pending("worked").length;
    const pending = this.#pending("silent").length;
    if (pending === 0 && repeatEvery === 0) return worked;
    const { ordinary, silent, repeats } = this.#counts();
    const all = ordinary + this.#ordinary.length;
    const silentLeft = Math.min(pending, due(all, goldEvery, this.#seed("gold")) - silent);
    const room = Math.max(0, all - REPEAT_GAP) - repeats;
    const again = Math.min(room, due(all, repeatEvery, this.#seed("repeat")) - repeats);
    return worked + Math.max(0, silentLeft) + Math.max(0, again);
  }

  #special(rows: readonly JudgementRow[], nameOf: (task: string) => string): Turn | null {
    const asked = (rule: GoldRule): boolean => !this.#later.includes(rule.item);
    const worked = this.#pending("worked").find(asked);
    if (worked !== undefined) return { item: worked.item, gold: worked, chosen: planned("gold") };
    const { ordinary, silent, repeats } = this.#counts();
    const { goldEvery, repeatEvery } = this.schedule;
    if (due(ordinary, goldEvery, this.#seed("gold")) > silent) {
      const rules = new Map(
        this.#pending("silent")
          .filter(asked)
          .map((rule) => [rule.item, rule]),
      );
      const [first] = inSeededOrder([...rules.keys()], this.#annotator);
      const gold = rules.get(first ?? "");
      if (gold !== undefined) return { item: gold.item, gold, chosen: planned("gold") };
    }
    if (due(ordinary, repeatEvery, this.#seed("repeat")) <= repeats) return null;
    const again = this.#repeatable(rows, nameOf);
    return again === null ? null : { item: repeatOf(again), gold: null, chosen: planned("repeat") };
  }

  /** An item that this person ranked long enough ago, and only once. */
  #repeatable(rows: readonly JudgementRow[], nameOf: (task: string) => string): string | null {
    const own = rows.filter(({ annotator }) => annotator === this.#annotator);
    const old = own.slice(0, Math.max(0, own.length - REPEAT_GAP)).flatMap((row) => {
      const item = nameOf(row.task);
      const ranked = (row.decision?.ranking as Ranking | undefined)?.outcome === "ranked";
      const fits = ranked && !isRepeat(item) && this.#asGold(item) === null;
      const again = repeatOf(item);
      return fits && !this.#byMe(again) && !this.#later.includes(again) ? [item] : [];
    });
    return inSeededOrder(old, this.#annotator)[0] ?? null;
  }

  #seed(kind: string): string {
    return `${this.#annotator} ${kind}`;
  }
}

/** The item behind a turn. */
export function itemOfTurn({ item }: Turn): string {
  return itemOf(item);
}
