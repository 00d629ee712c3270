// The set on screen: which one comes next, what is fetched ahead, and what was begun when the page was left.
import type { Item } from "../../formats/records.ts";
import { oneRecord } from "../../storage/collection.ts";
import type { Connection } from "../../storage/database.ts";
import type { ProjectSettings } from "../../storage/projects.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { recall, remember } from "../settings.svelte.ts";
import type { Lesson } from "./gold.ts";
import type { Draft, Judging } from "./judging.svelte.ts";
import { questionsOf } from "./questions.ts";
import { itemOfTurn } from "./queue.svelte.ts";
import type { Queue, Turn } from "./queue.svelte.ts";
import { isRepeat } from "./schedule.ts";
import { setAgain, setOfItem } from "./sets.ts";

/** Sets that wait in memory, so that the next one appears at once. */
const AHEAD = 2;

/** What the set on screen depends on. */
export interface AskingOf {
  readonly connection: Connection;
  readonly announcer: Announcer;
  readonly project: string;
  readonly annotator: string;
  readonly queue: Queue;
  readonly judging: Judging;
  /** those of the project now */
  readonly settings: () => ProjectSettings;
}

export class Asking {
  /** nothing is left to judge for this person */
  finished = $state(false);
  /** what there is to learn from a worked gold set that was just ranked; null for nothing */
  lesson = $state.raw<Lesson | null>(null);
  /** how the set on screen came to be asked; null for a saved judgement */
  turn: Turn | null = null;
  readonly #of: AskingOf;
  readonly #ahead = new Map<string, Promise<Item | null>>();

  constructor(of: AskingOf) {
    this.#of = of;
  }

  /** The next open set comes on screen, or none. */
  async next(): Promise<void> {
    const { queue, judging, annotator, settings } = this.#of;
    this.lesson = null;
    const turns = await queue.turns(1 + AHEAD);
    const ids = turns.map(itemOfTurn);
    const item = await this.#load(ids[0]);
    for (const id of this.#ahead.keys()) if (!ids.includes(id)) this.#ahead.delete(id);
    for (const id of ids.slice(1)) void this.#load(id);
    const turn = turns[0];
    if (item === null || turn === undefined) {
      this.turn = null;
      judging.clear();
      this.finished = queue.items.length > 0;
      return;
    }
    const set = setOfItem(item, annotator);
    if (set.cards.length < 2) {
      queue.cannotRank(item.id);
      return this.next();
    }
    this.finished = false;
    this.turn = turn;
    judging.show(isRepeat(turn.item) ? setAgain(set, turn.item) : set, questionsOf(settings()));
    this.#recallDraft(turn.item);
  }

  /** Puts the set on screen behind the others, without a decision. */
  async later(): Promise<void> {
    const { judging, queue, announcer } = this.#of;
    const { set } = judging;
    if (set === null) return;
    if (!judging.revising) queue.putOff(set.item);
    await this.next();
    announcer.say("Put off. Another prompt is here.");
  }

  /** Others may have judged the set on screen meanwhile, or asked about one when nothing was left. */
  async look(): Promise<void> {
    const { judging, queue } = this.#of;
    const { set, revising, untouched } = judging;
    if (set === null) {
      if (this.lesson === null && queue.agenda.open > 0) await this.next();
      return;
    }
    const { agenda } = queue;
    const gone = !agenda.has(set.item) && !isRepeat(set.item);
    const ordinary = this.turn?.gold === null && !isRepeat(this.turn.item);
    const closed = ordinary && !agenda.isOpen(set.item);
    if (!revising && untouched && (gone || closed)) await this.next();
  }

  keepDraft(): void {
    const { judging, project } = this.#of;
    const { draft } = judging;
    if (draft !== null) remember(`draft.${project}`, JSON.stringify(draft));
  }

  dropDraft(): void {
    remember(`draft.${this.#of.project}`, "null");
  }

  #recallDraft(item: string): void {
    const { judging, project } = this.#of;
    const draft = readDraft(recall(`draft.${project}`));
    if (draft?.item !== item || draft.decided?.slots.length !== judging.shown.length) return;
    judging.recall(draft);
  }

  async #load(id: string | undefined): Promise<Item | null> {
    if (id === undefined) return null;
    const { connection, project } = this.#of;
    const loading =
      this.#ahead.get(id) ??
      oneRecord(connection, project, id).then(
        (row) => (row?.record as unknown as Item | undefined) ?? null,
      );
    this.#ahead.set(id, loading);
    return loading;
  }
}

function readDraft(text: string | null): Draft | null {
  try {
    return JSON.parse(text ?? "null") as Draft | null;
  } catch {
    return null; // cut off or written by hand: the set starts without places
  }
}
