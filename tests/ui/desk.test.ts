// The desk of the ranking station: what is kept of a ranking when storage tells of a change meanwhile.
import { expect, test } from "vitest";
import { Announcer } from "../../src/state/announcer.svelte.ts";
import { toJudgement } from "../../src/state/answers.ts";
import type { AnswerSet } from "../../src/state/answers.ts";
import { Desk } from "../../src/state/desk.svelte.ts";
import type { Persisted, Ranked } from "../../src/state/persisted.svelte.ts";
import type { Reward } from "../../src/state/reward.svelte.ts";
import type { Trainer } from "../../src/state/trainer.svelte.ts";

function setOf(task: string): AnswerSet {
  const answers = [0, 1, 2].map((i) => ({ text: `answer ${i}`, tokens: [i, 1], checkpoint: "c", seed: i })); // prettier-ignore
  return { task, promptId: task, prompt: "Tell me.", answers, shown: [0, 1, 2] };
}

test("a guess survives that the rankings are read again while its ranking is being saved", async () => {
  const rows: Ranked[] = [];
  let reading: Promise<void> = Promise.resolve();
  const persisted = {
    rankings: () => Promise.resolve([...rows]),
    judge: (task: string, judgement: ReturnType<typeof toJudgement>) => {
      rows.push({ task, judgement } as unknown as Ranked);
      // another tab changed something at this moment
      reading = desk.read();
      return Promise.resolve();
    },
  } as unknown as Persisted;
  const reward = { fit: () => Promise.resolve(), scores: () => Promise.resolve(null) };
  const desk = new Desk({
    trainer: { ready: false } as unknown as Trainer,
    reward: reward as unknown as Reward,
    persisted,
    announcer: new Announcer(),
    busy: () => false,
    tell: () => undefined,
  });
  for (const task of ["a", "b"]) {
    desk.arena.show(setOf(task));
    desk.arena.guess = [3, 2, 1];
    for (const place of [1, 2]) desk.arena.placeFocused(place);
    await desk.submit();
    await reading;
  }
  expect(desk.arena.judged.map(({ set, guess }) => [set.task, guess])).toEqual([
    ["a", { right: 3, pairs: 3 }],
    ["b", { right: 3, pairs: 3 }],
  ]);
});
