// Saving decisions, and going back to saved ones: undo, changing, taking back.
import { writeLossless } from "../../formats/lossless.ts";
import type { Ranking } from "../../formats/records.ts";
import { plainText } from "../../formats/rows.ts";
import { requestPersistence } from "../../storage/persistence.ts";
import type { Decision } from "../../storage/events.ts";
import type { Store } from "../../storage/store.ts";
import { count, sentenceOf } from "../format.ts";
import { told } from "./told.ts";
import type { Announcer } from "../announcer.svelte.ts";
import type { Chosen } from "./chooser.ts";
import { goldStamp, lessonOf } from "./gold.ts";
import { markOf } from "./marks.ts";
import type { Project } from "./project.svelte.ts";
import { questionsOf } from "./questions.ts";
import { readable, wholeDemonstration, wholeRanking } from "./sets.ts";

/** Characters of the next prompt that are said with a save. */
const HEARD = 160;

export class Decisions {
  /** the newest save, for the eye: "Saved" only when it is on disk */
  saved = $state("");
  /** decisions that were taken back on this visit, the newest at the end: undo puts them back */
  takenBack = $state.raw<readonly { readonly task: string; readonly decision: Decision }[]>([]);
  /** the newest thing to undo is a decision that was taken back, and not one that was saved since */
  #lastTookBack = false;
  readonly #project: Project;
  readonly #store: Store;
  readonly #announcer: Announcer;
  /** what was logged about the decision that is being changed */
  #revised: Chosen = { select_policy: "", select_score: 0, propensity: 0 };

  constructor(project: Project, store: Store, announcer: Announcer) {
    this.#project = project;
    this.#store = store;
    this.#announcer = announcer;
  }

  /** Saves the ranking on screen; says why not when it is not ready. */
  async submit(): Promise<void> {
    const { judging } = this.#project;
    if (judging.unchanged) await this.cancelEdit();
    else if (judging.ready) await this.#save("ranked", "", "Saved.");
    else this.#announcer.say(judging.hindrance);
  }

  skip(reason: string): Promise<void> {
    return this.#save("skipped", reason, "Skipped.");
  }

  /** Sets a flagged set aside without a ranking. */
  leaveFlagged(): Promise<void> {
    return this.#save("flagged", "", "Flagged.");
  }

  /** One step back: on the board, or to the decision saved last. */
  async undo(): Promise<void> {
    const { judging, queue, annotator, whole, task } = this.#project;
    await whole;
    if (judging.canUndo) {
      judging.undo();
      this.#announcer.say("Undone.");
      return;
    }
    if (this.#lastTookBack && this.takenBack.length > 0 && !judging.revising) {
      await this.putBack();
      return;
    }
    const { ledger } = queue;
    const { set, revising } = judging;
    const last = revising && set !== null ? ledger.before(set.item, annotator) : ledger.last(annotator); // prettier-ignore
    if (last === null) {
      this.#announcer.say("Nothing to undo.");
      return;
    }
    await this.edit(task(last.name));
    this.#announcer.say("Back to the one before. Change it and press Enter, or leave it.");
  }

  /** Whether there is a step on: on the board, or from a saved decision that was not touched. */
  get canRedo(): boolean {
    const { judging } = this.#project;
    return judging.canRedo || (judging.set !== null && judging.revising && !judging.canUndo);
  }

  /** One step on: on the board, or through the saved decisions and out of them. */
  async redo(): Promise<void> {
    const { judging, queue, annotator, task } = this.#project;
    const { set } = judging;
    if (judging.canRedo) {
      judging.redo();
      this.#announcer.say("Redone.");
      return;
    }
    if (!this.canRedo || set === null) {
      this.#announcer.say("Nothing to redo.");
      return;
    }
    const next = queue.ledger.after(set.item, annotator);
    if (next === null) {
      await this.cancelEdit();
      return;
    }
    await this.edit(task(next.name));
    this.#announcer.say("On to the one after. Change it and press Enter, or leave it.");
  }

  /** Puts a decision of this person on screen, to be changed. */
  async edit(task: string): Promise<void> {
    const { judging, asking, row: project } = this.#project;
    const row = await this.#store.row(task);
    const ranking = row === undefined ? null : wholeRanking(row);
    if (row === undefined || ranking === null) return;
    asking.keepDraft();
    const better = plainText(wholeDemonstration(row)?.completion ?? [], "assistant") ?? "";
    asking.lesson = null;
    asking.turn = null;
    const { select_policy, select_score, propensity } = ranking;
    this.#revised = { select_policy, select_score, propensity };
    judging.revise({ ranking, better }, questionsOf(project.settings));
  }

  /** Takes a decision of this person back; its set is open again, its history stays. */
  async retract(task: string): Promise<void> {
    const { queue, judging, asking, annotator, nameOf } = this.#project;
    await told(this.#announcer, async () => {
      const decision = (await this.#store.row(task))?.decision;
      await this.#store.retract(task, "taken back");
      if (decision) this.takenBack = [...this.takenBack, { task, decision }];
      this.#lastTookBack = true;
      queue.forget(nameOf(task), annotator);
      if (judging.set === null) await asking.next();
      return "Taken back; undo puts it back.";
    });
  }

  /** Saves the decision again that was taken back last, as it was. */
  async putBack(): Promise<void> {
    const last = this.takenBack.at(-1);
    if (last === undefined) return;
    const { judging, asking, nameOf } = this.#project;
    this.takenBack = this.takenBack.slice(0, -1);
    await told(this.#announcer, async () => {
      if ((await this.#store.row(last.task))?.state === "submitted") {
        return "It was judged again since, and stays so.";
      }
      try {
        await this.#store.rank(last.task, last.decision);
      } catch (error) {
        this.takenBack = [...this.takenBack, last];
        throw error;
      }
      const name = nameOf(last.task);
      await this.#record(name);
      if (judging.set?.item === name) await asking.next();
      return "It is back as it was.";
    });
  }

  /** Leaves a saved decision as it was. */
  async cancelEdit(): Promise<void> {
    await this.#project.asking.next();
    this.#announcer.say("Left as it was.");
  }

  async #save(outcome: Ranking["outcome"], reason: string, said: string): Promise<void> {
    const { judging, asking, task } = this.#project;
    const first = !judging.revising;
    const decision = this.#decision(outcome, reason);
    if (decision === null || judging.saving === "saving") return;
    const { ranking } = decision;
    judging.saving = "saving";
    try {
      // A record that no file could hold is refused before it is stored.
      writeLossless([ranking]);
      await this.#store.rank(task(ranking.task), decision);
    } catch (error) {
      judging.saving = "failed";
      judging.failure = sentenceOf(error);
      this.#announcer.alert(judging.failure);
      return;
    }
    void requestPersistence();
    this.#lastTookBack = false;
    // the draft of the set that waits is kept while another judgement is changed
    if (first) asking.dropDraft();
    try {
      await this.#record(ranking.task);
      this.saved = said;
      // Until the next set is here, keys would go to the one that was just saved.
      await this.#goOn(ranking, first, said);
    } finally {
      judging.saving = "idle";
    }
  }

  /** The decision on screen, stamped with all that is known about it; null for none. */
  #decision(outcome: Ranking["outcome"], reason: string) {
    const { judging, asking } = this.#project;
    const chosen = judging.revising ? this.#revised : asking.turn?.chosen;
    const stamp = { ...this.#project.stamp(), ...chosen };
    const decision = judging.decision(outcome, reason, stamp);
    if (decision === null) return null;
    const { ranking } = decision;
    return { ...decision, ranking: { ...ranking, ...goldStamp(ranking, this.#ruleOf(ranking)) } };
  }

  #ruleOf({ task }: Ranking) {
    const { queue, annotator } = this.#project;
    return queue.schedule.gold.find(({ item, author }) => item === task && author !== annotator);
  }

  /** The beginning of what is asked next, for whoever hears it. */
  #next(): string {
    const { set } = this.#project.judging;
    const text = set === null ? "" : readable(set.context.slice(-1)).trim();
    if (text === "") return "";
    return ` Next: ${text.length > HEARD ? `${text.slice(0, HEARD)}…` : text}`;
  }

  /** Takes in what this tab just saved, without reading anything else again. */
  async #record(name: string): Promise<void> {
    const { queue, task } = this.#project;
    const row = await this.#store.row(task(name));
    if (row !== undefined) queue.record(markOf(row, name));
  }

  /** What there is to learn from a worked gold set, or the next one. */
  async #goOn(ranking: Ranking, first: boolean, said: string): Promise<void> {
    const { judging, asking, queue } = this.#project;
    const rule = this.#ruleOf(ranking);
    const lesson = first && rule?.kind === "worked" ? lessonOf(ranking, rule) : null;
    if (lesson !== null) {
      judging.clear();
      asking.lesson = lesson;
      this.#announcer.say(`${said} ${lesson.sentence}`);
      return;
    }
    if (judging.set?.item === ranking.task) await asking.next();
    const left = queue.agenda.open;
    this.#announcer.say(
      `${said} ${left === 0 ? "Nothing is left." : `${count(left, "set")} left.`}${this.#next()}`,
    );
  }
}
