// The agenda, which follows each decision at a cost that does not grow, against the same questions asked of everything.
import { describe, expect, test } from "vitest";
import { Agenda } from "../../src/state/collect/agenda.ts";
import { Ledger } from "../../src/state/collect/ledger.ts";
import type { Mark } from "../../src/state/collect/marks.ts";
import { Places } from "../../src/state/collect/places.ts";
import { placeIn } from "../../src/state/collect/repeats.ts";
import {
  REPEAT_GAP,
  due,
  inSeededOrder,
  isRepeat,
  repeatOf,
} from "../../src/state/collect/schedule.ts";
import { DEFAULT_SCHEDULE, DEFAULT_SETTINGS } from "../../src/storage/projects.ts";
import type { GoldRule, ProjectSettings } from "../../src/storage/projects.ts";
import { Rng } from "../../src/world/rng.ts";

const PEOPLE = ["me", "ada", "ben", "cleo"];

/** What is asked of one person, from all marks: slow and plain. */
class BruteForce {
  items: string[] = [];
  /** current marks, the latest change last */
  marks: Mark[] = [];
  later: string[] = [];
  unrankable = new Set<string>();
  settings: ProjectSettings = DEFAULT_SETTINGS;

  get schedule() {
    return this.settings.schedule ?? DEFAULT_SCHEDULE;
  }

  people(name: string): string[] {
    return this.marks.filter((mark) => mark.name === name).map(({ annotator }) => annotator);
  }

  byMe(name: string): boolean {
    return this.people(name).includes("me");
  }

  asGold(item: string): GoldRule | null {
    const rule = this.schedule.gold.find((one) => one.item === item);
    return rule === undefined || rule.author === "me" ? null : rule;
  }

  isOpen(item: string): boolean {
    if (this.unrankable.has(item) || this.asGold(item) !== null) return false;
    const people = this.people(item);
    if (people.length === 0) return true;
    if (people.includes("me")) return false;
    const wanted = this.marks.some((mark) => mark.name === item && mark.opinion);
    return people.length < this.settings.overlap || wanted;
  }

  get ordinary(): string[] {
    return this.items.filter((item) => this.isOpen(item));
  }

  get waiting(): string[] {
    return this.ordinary.filter((item) => !this.later.includes(item));
  }

  get own(): Mark[] {
    return this.marks.filter(({ annotator }) => annotator === "me");
  }

  pending(kind: GoldRule["kind"]): GoldRule[] {
    return this.schedule.gold.filter(
      ({ item, author, kind: one }) =>
        one === kind &&
        author !== "me" &&
        this.items.includes(item) &&
        !this.byMe(item) &&
        !this.unrankable.has(item),
    );
  }

  get counts() {
    const counts = { ordinary: 0, silent: 0, repeats: 0 };
    for (const { name } of this.own) {
      const kind = this.asGold(name)?.kind;
      if (isRepeat(name)) counts.repeats++;
      else if (kind === "silent") counts.silent++;
      else if (kind === undefined) counts.ordinary++;
    }
    return counts;
  }

  get open(): number {
    const { goldEvery, repeatEvery } = this.schedule;
    const worked = this.pending("worked").length;
    const pending = this.pending("silent").length;
    const { ordinary, silent, repeats } = this.counts;
    const all = ordinary + this.ordinary.length;
    const silentLeft = Math.max(0, Math.min(pending, due(all, goldEvery, "me gold") - silent));
    const room = Math.max(0, all - REPEAT_GAP) - repeats;
    const again = Math.max(0, Math.min(room, due(all, repeatEvery, "me repeat") - repeats));
    return this.ordinary.length + worked + silentLeft + again;
  }

  special(): string | null {
    const asked = ({ item }: GoldRule): boolean => !this.later.includes(item);
    const worked = this.pending("worked").find(asked);
    if (worked !== undefined) return worked.item;
    const { ordinary, silent, repeats } = this.counts;
    const { goldEvery, repeatEvery } = this.schedule;
    if (due(ordinary, goldEvery, "me gold") > silent) {
      const left = this.pending("silent").filter(asked);
      const [first] = inSeededOrder(left.map(({ item }) => item), "me"); // prettier-ignore
      if (first !== undefined) return first;
    }
    if (due(ordinary, repeatEvery, "me repeat") <= repeats) return null;
    const old = this.own.slice(0, Math.max(0, this.own.length - REPEAT_GAP));
    const fits = old
      .filter(({ name, ranked }) => ranked && !isRepeat(name) && this.asGold(name) === null)
      .map(({ name }) => name)
      .filter((name) => !this.byMe(repeatOf(name)) && !this.later.includes(repeatOf(name)))
      .sort((a, b) => placeIn("me", a) - placeIn("me", b));
    return fits[0] === undefined ? null : repeatOf(fits[0]);
  }
}

/** Both, and one random change to both at a time. */
class Both {
  readonly plain = new BruteForce();
  readonly rng: Rng;
  ledger = new Ledger();
  agenda: Agenda;
  #events = 0;

  constructor(seed: number, sets: number) {
    this.rng = new Rng(seed);
    this.plain.items = Array.from({ length: sets }, (_, i) => `i${i}`);
    this.settle();
    this.agenda = this.build();
  }

  build(): Agenda {
    const { items, settings, later, unrankable } = this.plain;
    return new Agenda({ annotator: "me", items, ledger: this.ledger, settings, later, unrankable });
  }

  /** Other settings: overlap, gold, how often. */
  settle(): void {
    const { rng, plain } = this;
    const gold = plain.items
      .filter(() => rng.next() < 0.15)
      .map((item): GoldRule => ({
        item,
        kind: rng.next() < 0.5 ? "worked" : "silent",
        ranks: [1, 2],
        explanation: "",
        author: rng.pick(PEOPLE),
      }));
    const schedule = { ...DEFAULT_SCHEDULE, gold, goldEvery: rng.int(4), repeatEvery: rng.int(3) };
    plain.settings = { ...DEFAULT_SETTINGS, overlap: 1 + rng.int(3), schedule };
  }

  judge(name: string, annotator: string): void {
    const { rng, plain } = this;
    const event = String(this.#events++).padStart(6, "0");
    const flags = { ranked: rng.next() < 0.8, opinion: rng.next() < 0.1 };
    const mark: Mark = { name, annotator, event, t: rng.int(1000), batch: rng.pick(["", "b", "c"]), guideline: `g ${rng.int(3)}`, active: rng.int(100), ...flags }; // prettier-ignore
    plain.marks = [
      ...plain.marks.filter((one) => one.name !== name || one.annotator !== annotator),
      mark,
    ];
    this.ledger.set(mark);
    this.agenda.changed(name);
  }

  takeBack(): void {
    const { plain, rng } = this;
    if (plain.marks.length === 0) return;
    const { name, annotator } = rng.pick(plain.marks);
    plain.marks = plain.marks.filter((one) => one.name !== name || one.annotator !== annotator);
    this.ledger.delete(name, annotator);
    this.agenda.changed(name);
  }

  putOff(name: string): void {
    const { later } = this.plain;
    const at = later.indexOf(name);
    if (at >= 0) later.splice(at, 1);
    later.push(name);
    this.agenda.changed(name);
  }

  step(): void {
    const { rng, plain } = this;
    const what = rng.next();
    const next = this.agenda.special()?.item ?? (this.agenda.waiting > 0 ? this.agenda.waitingAt(0) : null); // prettier-ignore
    if (what < 0.5 && next !== null) this.judge(next, "me");
    else if (what < 0.7) this.judge(rng.pick(plain.items), rng.pick(PEOPLE));
    else if (what < 0.78) this.takeBack();
    else if (what < 0.84 && next !== null) this.putOff(next);
    else if (what < 0.86) {
      const item = rng.pick(plain.items);
      plain.unrankable.add(item);
      this.agenda.changed(item);
    } else if (what < 0.88) {
      this.settle();
      this.agenda = this.build();
    } else if (what < 0.9) {
      // as after a look at the database: the same marks in another ledger, read in any order
      this.ledger = new Ledger();
      for (const mark of rng.shuffle(plain.marks)) this.ledger.set(mark);
      this.agenda = this.build();
    }
  }

  check(): void {
    const { plain, agenda, ledger } = this;
    const waiting = Array.from({ length: agenda.waiting }, (_, k) => agenda.waitingAt(k));
    expect(waiting).toEqual(plain.waiting);
    expect(agenda.putOff).toEqual(plain.later.filter((item) => plain.items.includes(item) && plain.isOpen(item))); // prettier-ignore
    expect(agenda.open).toBe(plain.open);
    expect(agenda.mine).toBe(plain.items.filter((item) => plain.byMe(item)).length);
    expect(agenda.judged).toBe(plain.own.length);
    expect(agenda.special()?.item ?? null).toBe(plain.special());
    expect(ledger.size).toBe(plain.marks.length);
    expect([...ledger.people].sort()).toEqual([...new Set(plain.marks.map(({ annotator }) => annotator))].sort()); // prettier-ignore
    expect(ledger.newest("me", 5)).toEqual(plain.own.slice(-5).reverse().map(({ name }) => name)); // prettier-ignore
    expect(ledger.last("me")).toEqual(plain.own.at(-1) ?? null);
    expect(ledger.attention("me")).toBe(plain.own.reduce((sum, { active }) => sum + active, 0));
    expect(ledger.batches.get("b") ?? 0).toBe(plain.marks.filter(({ batch }) => batch === "b").length); // prettier-ignore
    const after = plain.marks.filter(({ t }) => t > 500).map(({ t }) => t);
    expect(ledger.since(500)).toEqual({ count: after.length, first: after.length === 0 ? null : Math.min(...after) }); // prettier-ignore
    const at = plain.own.at(-1);
    if (at !== undefined) expect(ledger.before(at.name, "me")).toEqual(plain.own.at(-2) ?? null);
  }
}

describe("the agenda", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("says the same as a look at everything, seed %i", (seed) => {
    const both = new Both(seed, 12 + 8 * seed);
    for (let i = 0; i < 250; i++) {
      both.step();
      both.check();
    }
    expect(both.plain.own.length).toBeGreaterThan(5);
  });

  test("repeats come up in long runs and the choice among them is the brute force's", () => {
    const both = new Both(99, 120);
    both.plain.settings = {
      ...DEFAULT_SETTINGS,
      schedule: { ...DEFAULT_SCHEDULE, repeatEvery: 3 },
    };
    both.agenda = both.build();
    let repeats = 0;
    for (let next = both.agenda.special()?.item ?? both.agenda.waitingAt(0); next !== "";) {
      if (isRepeat(next)) repeats++;
      both.judge(next, "me");
      both.check();
      next = both.agenda.special()?.item ?? (both.agenda.waiting > 0 ? both.agenda.waitingAt(0) : ""); // prettier-ignore
    }
    expect(repeats).toBeGreaterThan(20);
  });
});

describe("the ledger", () => {
  test("keeps the newer version whatever comes first, and knows judgements by their keys alone", () => {
    const mark = (event: string): Mark => ({ name: "i", annotator: "me", event, t: Number(event), batch: "", guideline: "", active: 1, ranked: true, opinion: false }); // prettier-ignore
    const ledger = new Ledger();
    ledger.know("i", "me");
    ledger.know("i", "me");
    expect([ledger.size, ledger.judges("i"), ledger.last("me"), ledger.since(0).count]).toEqual([1, 1, null, 0]); // prettier-ignore
    ledger.set(mark("2"));
    ledger.set(mark("1"));
    expect([ledger.size, ledger.last("me")?.event, ledger.attention("me")]).toEqual([1, "2", 1]);
    ledger.delete("i", "me");
    expect([ledger.size, ledger.people, ledger.last("me")]).toEqual([0, [], null]);
  });
});

test("places: the k-th member is found whatever was set", () => {
  const rng = new Rng(5);
  for (const n of [0, 1, 2, 7, 64, 100]) {
    const members = new Set(Array.from({ length: n }, (_, i) => i).filter(() => rng.next() < 0.5));
    const places = new Places(n, (i) => members.has(i));
    for (let i = 0; i < 50 && n > 0; i++) {
      const place = rng.int(n);
      const isIn = rng.next() < 0.5;
      places.set(place, isIn);
      if (isIn) members.add(place);
      else members.delete(place);
      const order = [...members].sort((a, b) => a - b);
      expect(Array.from({ length: places.size }, (_, k) => places.at(k))).toEqual(order);
    }
    expect([places.at(-1), places.at(places.size)]).toEqual([-1, -1]);
  }
});
