// The desk of the ranking station: what is kept of a ranking when storage tells of a change meanwhile.
import { expect, test, vi } from "vitest";
import { Announcer } from "../../src/state/announcer.svelte.ts";
import { toJudgement } from "../../src/state/answers.ts";
import type { AnswerSet } from "../../src/state/answers.ts";
import { Desk } from "../../src/state/desk.svelte.ts";
import type { FirstPrompt } from "../../src/state/first-prompt.ts";
import type { Persisted, Ranked } from "../../src/state/persisted.svelte.ts";
import type { Reward } from "../../src/state/reward.svelte.ts";
import type { Trainer } from "../../src/state/trainer.svelte.ts";

function setOf(task: string): AnswerSet {
  const answers = [0, 1, 2].map((i) => ({ text: `answer ${i}`, tokens: [i, 1], checkpoint: "c", seed: i })); // prettier-ignore
  return { task, promptId: task, prompt: "Tell me.", answers, shown: [0, 1, 2] };
}

/** A desk over stored rankings alone. */
function deskOver(persisted: Partial<Persisted>): { desk: Desk; announcer: Announcer } {
  const announcer = new Announcer();
  const reward = { fit: () => Promise.resolve(), scores: () => Promise.resolve(null) };
  const desk = new Desk({
    trainer: { ready: false } as unknown as Trainer,
    reward: reward as unknown as Reward,
    persisted: persisted as Persisted,
    announcer,
    busy: () => false,
    tell: () => undefined,
  });
  return { desk, announcer };
}

test("a guess survives that the rankings are read again while its ranking is being saved", async () => {
  const rows: Ranked[] = [];
  let reading: Promise<void> = Promise.resolve();
  const { desk } = deskOver({
    rankings: () => Promise.resolve([...rows]),
    judge: (task: string, judgement: ReturnType<typeof toJudgement>) => {
      rows.push({ task, judgement } as unknown as Ranked);
      // another tab changed something at this moment
      reading = desk.read();
      return Promise.resolve();
    },
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

test("undo walks back through the saved rankings, redo through them and out again", async () => {
  const rows: Ranked[] = [];
  const { desk, announcer } = deskOver({
    rankings: () => Promise.resolve([...rows]),
    judge: (task: string, judgement: ReturnType<typeof toJudgement>) => {
      rows.push({ task, judgement } as unknown as Ranked);
      return Promise.resolve();
    },
  });
  const { arena } = desk;
  for (const task of ["a", "b", "c"]) {
    arena.show(setOf(task));
    if (task === "c") break;
    for (const place of [1, 2]) arena.placeFocused(place);
    await desk.submit();
  }
  const here = (): [string | undefined, boolean] => [arena.set?.task, arena.revising];
  expect(desk.canRedo).toBe(false);
  desk.redo();
  expect([...here(), announcer.polite]).toEqual(["c", false, expect.stringContaining("Nothing to redo")]); // prettier-ignore
  desk.undo();
  expect(here()).toEqual(["b", true]);
  desk.undo();
  expect(here()).toEqual(["a", true]);
  desk.undo();
  expect([...here(), announcer.polite]).toEqual(["a", true, expect.stringContaining("Nothing to undo")]); // prettier-ignore
  desk.redo();
  expect(here()).toEqual(["b", true]);
  // a change is undone and redone first
  arena.placeFocused(3);
  expect(desk.canRedo).toBe(false);
  desk.undo();
  expect([...here(), arena.canRedo]).toEqual(["b", true, true]);
  desk.redo();
  desk.undo();
  expect(here()).toEqual(["b", true]);
  arena.redo();
  arena.undo();
  desk.edit("b");
  desk.redo();
  expect(here()).toEqual(["c", false]);
});

test("a ranking that is half made is there again after a reload, and gone once it is saved", async () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  const shipped = { sets: [], rank: [], checkpoint: "c" } as unknown as FirstPrompt;
  const rows: Ranked[] = [];
  const stored = {
    rankings: () => Promise.resolve([...rows]),
    judge: (task: string, judgement: ReturnType<typeof toJudgement>) => {
      rows.push({ task, judgement } as unknown as Ranked);
      return Promise.resolve();
    },
  };
  const { desk } = deskOver(stored);
  desk.arena.show(setOf("a"));
  desk.arena.focus = 2;
  desk.arena.placeFocused(1);
  const places = (one: Desk): unknown => [one.arena.set?.task, one.arena.slots];
  expect(places(desk)).toEqual(["a", [null, null, 1]]);

  const { desk: after } = deskOver(stored);
  after.layOut(shipped, 1);
  expect(places(after)).toEqual(["a", [null, null, 1]]);
  after.arena.undo(); // nothing to undo: the places are where this visit begins
  expect(places(after)).toEqual(["a", [null, null, 1]]);
  after.arena.focus = 0;
  after.arena.placeFocused(2);
  await after.submit();
  expect([rows.length, kept.size]).toEqual([1, 0]);

  // taken back place by place, or damaged by somebody: nothing is laid out
  desk.arena.undo();
  expect(kept.size).toBe(0);
  for (const damaged of ["{", '{"set":{"task":"a"},"slots":[1]}', '{"slots":[]}', "7"]) {
    kept.set("nudge.draft", damaged);
    const { desk: another } = deskOver(stored);
    another.layOut(shipped, 1);
    expect(another.arena.set).toBeNull();
  }
  vi.unstubAllGlobals();
});
