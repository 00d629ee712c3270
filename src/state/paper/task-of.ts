// Which task of the samples stands behind a point of a figure.
import type { Figure, FigurePoint } from "../../reproduce/results.ts";

/** What a figure is about by its words, and the task whose samples show it. */
const SUBJECTS: readonly { readonly said: RegExp; readonly task: RegExp }[] = [
  { said: /truth|\btrue\b|informative|false claim|myth/, task: /^truth/ },
  { said: /toxic|prefix|rude/, task: /^toxic/ },
  { said: /benchmark|suite|alignment tax/, task: /benchmark|suite/ },
];

/** The task whose samples stand behind a point: as the figure says, or the one that its words name. */
export function taskOf(
  { id, task, title }: Figure,
  { x }: FigurePoint,
  tasks: readonly string[],
): string {
  if (task !== undefined && tasks.includes(task)) return task;
  const words = `${id} ${title} ${x}`.toLowerCase();
  const named = tasks.find((one) =>
    one.split("/").every((part) => words.includes(part.toLowerCase())),
  );
  const subject = SUBJECTS.find(({ said }) => said.test(words));
  const about = tasks.find((one) => subject?.task.test(one) ?? false);
  return named ?? about ?? tasks[0] ?? "";
}
