// Undo and redo, derived from the events alone, so that they survive a reload and have no limit.
import { foldEvent } from "./events.ts";
import type { EventDraft, JudgementLink, JudgementRow, StoredEvent } from "./events.ts";

type Undoable = Extract<
  StoredEvent,
  {
    kind:
      | "judgement.submit"
      | "judgement.revise"
      | "judgement.retract"
      | "task.skip"
      | "ranking.submit"
      | "ranking.revise";
  }
>;

/** The events that can be taken back and brought back, the next one last. */
export interface UndoStacks {
  undo: Undoable[];
  redo: Undoable[];
}

/**
 * Replays the events (in id order) as a person meant them: an ordinary change can be undone and
 * ends what could be redone; an undo moves its target to redo, a redo moves it back.
 */
export function undoStacks(events: readonly StoredEvent[]): UndoStacks {
  const stacks: UndoStacks = { undo: [], redo: [] };
  for (const event of events) {
    if (!isUndoable(event)) continue;
    const { undoes, redoes } = event.body;
    if (undoes !== undefined) move(undoes, stacks.undo, stacks.redo);
    else if (redoes !== undefined) move(redoes, stacks.redo, stacks.undo);
    else {
      stacks.undo.push(event);
      stacks.redo = [];
    }
  }
  return stacks;
}

function isUndoable(event: StoredEvent): event is Undoable {
  return (
    event.kind === "judgement.submit" ||
    event.kind === "judgement.revise" ||
    event.kind === "judgement.retract" ||
    event.kind === "task.skip" ||
    event.kind === "ranking.submit" ||
    event.kind === "ranking.revise"
  );
}

function move(id: string, from: Undoable[], to: Undoable[]): void {
  const at = from.findIndex((event) => event.id === id);
  if (at >= 0) to.push(...from.splice(at, 1));
}

/** The row of a task just before (or, with `inclusive`, just after) the event `id`. */
export function rowAt(
  events: readonly StoredEvent[],
  target: StoredEvent,
  inclusive: boolean,
): JudgementRow | undefined {
  let row: JudgementRow | undefined;
  for (const event of events) {
    if (event.task !== target.task || event.annotator !== target.annotator) continue;
    if (event.id < target.id || (inclusive && event.id === target.id)) {
      row = foldEvent(row, event) ?? row;
    }
  }
  return row;
}

/** The link of a task's next event to the row it replaces. */
export function follows(row: JudgementRow | undefined): JudgementLink {
  return { supersedes: row?.event ?? "", revision: (row?.revision ?? 0) + 1 };
}

/** The event that makes a task look as in `row` again. */
export function restoring(
  task: string,
  row: JudgementRow | undefined,
  link: JudgementLink,
): EventDraft {
  if (row?.judgement) {
    return { kind: "judgement.revise", task, body: { judgement: row.judgement, ...link } };
  }
  if (row?.decision) {
    return { kind: "ranking.revise", task, body: { decision: row.decision, ...link } };
  }
  const kind = row?.state === "skipped" ? "task.skip" : "judgement.retract";
  return { kind, task, body: { reason: row?.reason ?? "", ...link } };
}
