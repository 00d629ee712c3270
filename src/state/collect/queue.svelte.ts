// What is left for one person in a project, for the page to watch: ordinary sets, gold, repeats, and what comes next.
import { DEFAULT_SCHEDULE } from "../../storage/projects.ts";
import type { GoldRule, ProjectSettings, Schedule } from "../../storage/projects.ts";
import { Agenda } from "./agenda.ts";
import { IN_ORDER } from "./chooser.ts";
import type { Chooser, Chosen, Fallback } from "./chooser.ts";
import { Ledger } from "./ledger.ts";
import type { Mark } from "./marks.ts";
import { itemOf } from "./schedule.ts";

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

/** What there is and who judged it: replaced by an equal one when something in it changed. */
interface Content {
  readonly items: readonly string[];
  readonly ledger: Ledger;
}

export class Queue {
  /** why sets come at random although the project wants something else; null when they do not */
  fallback = $state<Fallback | null>(null);
  readonly #annotator: string;
  readonly #settings: () => ProjectSettings;
  readonly #chooser: Chooser;
  #content = $state.raw<Content>({ items: [], ledger: new Ledger() });
  /** ledgers that are being filled from the database: what is saved meanwhile goes into them too */
  readonly #filling = new Set<Ledger>();
  /** names put off until the others are done */
  readonly #later: string[] = [];
  readonly #unrankable = new Set<string>();
  #agenda: { readonly of: Content; readonly settings: ProjectSettings; readonly agenda: Agenda } | null = null; // prettier-ignore

  /** @param settings those of the project now */
  constructor(annotator: string, settings: () => ProjectSettings, chooser: Chooser) {
    this.#annotator = annotator;
    this.#settings = settings;
    this.#chooser = chooser;
  }

  get schedule(): Schedule {
    return this.#settings().schedule ?? DEFAULT_SCHEDULE;
  }

  /** items in the order they came */
  get items(): readonly string[] {
    return this.#content.items;
  }

  get ledger(): Ledger {
    return this.#content.ledger;
  }

  /** Made again when the items, the settings or the whole ledger are others; else kept up to date. */
  get agenda(): Agenda {
    const of = this.#content;
    const settings = this.#settings();
    const made = this.#agenda;
    const same = made?.of.items === of.items && made.of.ledger === of.ledger;
    if (made !== null && same && made.settings === settings) return made.agenda;
    const agenda = new Agenda({
      annotator: this.#annotator,
      ...of,
      settings,
      later: this.#later,
      unrankable: this.#unrankable,
    });
    this.#agenda = { of, settings, agenda };
    return agenda;
  }

  /** Takes in what there is. */
  read(items: readonly string[]): void {
    this.#content = { ...this.#content, items };
  }

  /** Fills another ledger from the database and takes it over; what is saved meanwhile goes into it too. */
  async fill(from: (ledger: Ledger) => Promise<void>): Promise<void> {
    const ledger = new Ledger();
    this.#filling.add(ledger);
    try {
      await from(ledger);
      this.#content = { ...this.#content, ledger };
    } finally {
      this.#filling.delete(ledger);
    }
  }

  /** Takes in one judgement that was saved. */
  record(mark: Mark): void {
    this.#change(mark.name, (ledger) => ledger.set(mark));
  }

  /** Takes in that one was taken back. */
  forget(name: string, annotator: string): void {
    this.#change(name, (ledger) => ledger.delete(name, annotator));
  }

  putOff(name: string): void {
    const at = this.#later.indexOf(name);
    if (at >= 0) this.#later.splice(at, 1);
    this.#later.push(name);
    this.#change(name);
  }

  cannotRank(item: string): void {
    this.#unrankable.add(item);
    this.#change(item);
  }

  /** @param most turns wanted: what comes next, and behind it what probably follows; [] when nothing is left */
  async turns(most: number): Promise<Turn[]> {
    const { schedule, ledger } = this;
    const drawn = await this.#chooser.next(() => this.agenda, schedule, ledger.size, most);
    this.fallback = this.#chooser.fallback;
    const { agenda } = this;
    const special = agenda.special();
    const rest = agenda.putOff.map((item) => ({ item, chosen: IN_ORDER }));
    const plain = [...drawn, ...rest].map((one): Turn => ({ ...one, gold: null }));
    if (special === null) return plain.slice(0, most);
    const chosen = planned(special.gold === null ? "repeat" : "gold");
    return [{ ...special, chosen }, ...plain].slice(0, most);
  }

  #change(name: string, how: (ledger: Ledger) => void = () => undefined): void {
    const { agenda } = this;
    for (const ledger of [this.ledger, ...this.#filling]) how(ledger);
    agenda.changed(name);
    const { items, ledger } = this.#content;
    this.#content = { items, ledger };
  }
}

/** The item behind a turn. */
export function itemOfTurn({ item }: Turn): string {
  return itemOf(item);
}
