// Who judged what, and in which order: every question about it takes a time that does not grow with the project.
import type { Mark } from "./marks.ts";

/** One person's judgement of one set, between the ones before and after it by the same person. */
interface Entry {
  readonly annotator: string;
  /** null until it was read: its key alone is known */
  mark: Mark | null;
  before: Entry | null;
  after: Entry | null;
}

interface Person {
  /** judgements, read or not */
  count: number;
  attention: number;
  /** ends of what was read, by event */
  first: Entry | null;
  last: Entry | null;
}

export class Ledger {
  /** judgements by everyone */
  size = 0;
  /** (import) judgements that came with it and still stand as they came */
  readonly batches = new Map<string, number>();
  readonly #entries = new Map<string, Entry[]>();
  readonly #people = new Map<string, Person>();
  /** when each was made, ascending */
  readonly #times: number[] = [];
  /** one copy of each text that many judgements share */
  readonly #texts = new Map<string, string>();

  /** Takes in that somebody judged a set, before the judgement is read. */
  know(name: string, annotator: string): void {
    if (this.#find(name, annotator) === undefined) this.#add(name, annotator);
  }

  /** Takes in a judgement; an older version than the one here changes nothing. */
  set(mark: Mark): void {
    const entry = this.#find(mark.name, mark.annotator) ?? this.#add(mark.name, mark.annotator);
    if (entry.mark !== null && entry.mark.event > mark.event) return;
    this.#unlink(entry);
    const { annotator } = entry;
    const [batch, guideline] = [this.#one(mark.batch), this.#one(mark.guideline)];
    entry.mark = { ...mark, annotator, batch, guideline };
    this.#link(entry, entry.mark);
  }

  /** Forgets a judgement that was taken back. */
  delete(name: string, annotator: string): void {
    const all = this.#entries.get(name);
    const at = all?.findIndex((entry) => entry.annotator === annotator) ?? -1;
    const [entry] = at < 0 ? [] : (all?.splice(at, 1) ?? []);
    if (entry === undefined) return;
    if (all?.length === 0) this.#entries.delete(name);
    this.#unlink(entry);
    this.#person(annotator).count--;
    this.size--;
  }

  has(name: string, annotator: string): boolean {
    return this.#find(name, annotator) !== undefined;
  }

  mark(name: string, annotator: string): Mark | null {
    return this.#find(name, annotator)?.mark ?? null;
  }

  /** How many people judged a set. */
  judges(name: string): number {
    return this.#entries.get(name)?.length ?? 0;
  }

  /** Somebody who judged it asked for a second opinion. */
  wantsOpinion(name: string): boolean {
    return this.#entries.get(name)?.some(({ mark }) => mark?.opinion === true) === true;
  }

  /** Everybody who judged anything. */
  get people(): string[] {
    return [...this.#people].flatMap(([annotator, { count }]) => (count > 0 ? [annotator] : []));
  }

  /** Names that a person judged, in no order. */
  *names(annotator: string): Generator<string> {
    for (const [name, entries] of this.#entries) {
      if (entries.some((entry) => entry.annotator === annotator)) yield name;
    }
  }

  /** What a person judged or changed last, of what was read. */
  last(annotator: string): Mark | null {
    return this.#people.get(annotator)?.last?.mark ?? null;
  }

  /** What a person judged or changed before this one. */
  before(name: string, annotator: string): Mark | null {
    return this.#find(name, annotator)?.before?.mark ?? null;
  }

  /** What a person judged or changed after this one. */
  after(name: string, annotator: string): Mark | null {
    return this.#find(name, annotator)?.after?.mark ?? null;
  }

  /** The names of a person's newest judgements, the newest first. */
  newest(annotator: string, most: number): string[] {
    const names: string[] = [];
    let entry = this.#people.get(annotator)?.last ?? null;
    for (; entry !== null && names.length < most; entry = entry.before) {
      if (entry.mark !== null) names.push(entry.mark.name);
    }
    return names;
  }

  /** Milliseconds of attention that a person gave. */
  attention(annotator: string): number {
    return this.#people.get(annotator)?.attention ?? 0;
  }

  /** Judgements made or changed after a moment, and when the first of them was; null for none. */
  since(t: number): { count: number; first: number | null } {
    const at = this.#placeOf(t);
    return { count: this.#times.length - at, first: this.#times[at] ?? null };
  }

  #find(name: string, annotator: string): Entry | undefined {
    return this.#entries.get(name)?.find((entry) => entry.annotator === annotator);
  }

  #add(name: string, who: string): Entry {
    const annotator = this.#one(who);
    const entry: Entry = { annotator, mark: null, before: null, after: null };
    const all = this.#entries.get(name);
    if (all === undefined) this.#entries.set(name, [entry]);
    else all.push(entry);
    this.#person(annotator).count++;
    this.size++;
    return entry;
  }

  #person(annotator: string): Person {
    const known = this.#people.get(annotator);
    if (known !== undefined) return known;
    const fresh: Person = { count: 0, attention: 0, first: null, last: null };
    this.#people.set(annotator, fresh);
    return fresh;
  }

  /** Puts it behind all older ones of the same person: nearly always at the end. */
  #link(entry: Entry, { event, t, batch, active }: Mark): void {
    const person = this.#person(entry.annotator);
    let before = person.last;
    while (before !== null && (before.mark?.event ?? "") > event) before = before.before;
    entry.before = before;
    entry.after = before === null ? person.first : before.after;
    if (entry.before === null) person.first = entry;
    else entry.before.after = entry;
    if (entry.after === null) person.last = entry;
    else entry.after.before = entry;
    person.attention += active;
    this.#times.splice(this.#placeOf(t), 0, t);
    if (batch !== "") this.batches.set(batch, (this.batches.get(batch) ?? 0) + 1);
  }

  #unlink(entry: Entry): void {
    const { mark, before, after } = entry;
    if (mark === null) return;
    const person = this.#person(entry.annotator);
    if (before === null) person.first = after;
    else before.after = after;
    if (after === null) person.last = before;
    else after.before = before;
    person.attention -= mark.active;
    this.#times.splice(this.#placeOf(mark.t) - 1, 1);
    const left = (this.batches.get(mark.batch) ?? 0) - 1;
    if (left > 0) this.batches.set(mark.batch, left);
    else this.batches.delete(mark.batch);
    entry.mark = entry.before = entry.after = null;
  }

  /** Where the first moment after `t` stands. */
  #placeOf(t: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] ?? 0) <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}
