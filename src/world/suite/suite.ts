// The benchmark suite: test items with equal numbers of every level, and training pages.
import { f1, rougeL } from "../../evaluation/text-metrics.ts";
import { Rng } from "../rng.ts";
import { endings, entailment, mood, pronouns } from "./choices.ts";
import { LEVELS, SUITE_TASKS, isTestItem } from "./item.ts";
import type { Draw, Level, SuiteItem, SuiteTask } from "./item.ts";
import { counting, news, reading, tongue } from "./written.ts";

const DRAW: Readonly<Record<SuiteTask, Draw>> = {
  endings,
  pronouns,
  entailment,
  mood,
  reading,
  counting,
  tongue,
  news,
};

const TASKS = Object.keys(SUITE_TASKS) as readonly SuiteTask[];

function draw(rng: Rng, task: SuiteTask, level: Level, test: boolean): SuiteItem {
  for (;;) {
    const item = DRAW[task](rng, level);
    if (isTestItem(item) === test) return item;
  }
}

/**
 * `perLevel` different test items of each task and level, the same for a seed. Equal shares of the
 * levels keep a task off floor and ceiling: whoever has learned only the first level has a quarter of the
 * items (and guesses the rest), and only who has learned the fourth has them all.
 * @throws RangeError when a task has fewer different items
 */
export function suiteItems(perLevel: number, seed: number): SuiteItem[] {
  return TASKS.flatMap((task) =>
    LEVELS.flatMap((level) => {
      const rng = new Rng(seed * 101 + TASKS.indexOf(task) * 7 + level);
      const found = new Map<string, SuiteItem>();
      let idle = 0;
      while (found.size < perLevel) {
        const item = draw(rng, task, level, true);
        idle = found.has(item.text) ? idle + 1 : 0;
        found.set(item.text, item);
        if (idle > 500) {
          throw new RangeError(
            `suiteItems: ${task} has about ${found.size} different test items of level ${level}, ` +
              `expected ${perLevel}; none is returned.`,
          );
        }
      }
      return [...found.values()];
    }),
  );
}

/** An item that is in no test: for pages of pre-training, examples and instruction tuning. */
export function trainingItem(rng: Rng, task?: SuiteTask, level?: Level): SuiteItem {
  return draw(rng, task ?? rng.pick(TASKS), level ?? rng.pick(LEVELS), false);
}

/**
 * Score of a written answer, 0 to 1: F1 for reading and counting, ROUGE-L for the news. The tongue is
 * scored by BLEU over all its items (`bleu` of src/evaluation); its single items here by F1.
 */
export function writtenScore(item: SuiteItem, answer: string): number {
  const first = answer.split(/<nl>|<eos>/)[0] ?? "";
  return item.task === "news" ? rougeL(first, item.answer) : f1(first, item.answer);
}
