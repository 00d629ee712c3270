// Keys that belong to the browser stay the browser's.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Play } from "../../src/state/play.svelte.ts";
import { handleKey } from "../../src/ui/keys.ts";

beforeAll(() => {
  // there is no document here, and no element has the focus
  vi.stubGlobal("HTMLElement", EventTarget);
});
afterAll(() => {
  vi.unstubAllGlobals();
});

/** Records every choice of a taste test and every move in a ranking. */
function playing(station: "taste" | "rank") {
  const done: string[] = [];
  const play = {
    station,
    settings: { shortcuts: true },
    announcer: { say: () => undefined },
    taste: { state: "asking", choose: (side: string) => done.push(side), back: () => undefined },
    arena: {
      set: {},
      focus: 0,
      nudge: (_: number, by: number) => `moved ${String(done.push(`nudge ${String(by)}`))}`,
      step: (by: number) => done.push(`step ${String(by)}`),
    },
    run: { started: false },
    locked: () => null,
  } as unknown as Play;
  return { play, done };
}

const key = (name: string, more: object = {}): KeyboardEvent =>
  ({ key: name, code: "", defaultPrevented: false, target: null, ...more }) as unknown as KeyboardEvent; // prettier-ignore

test("Alt and an arrow to the side go back and forth in the browser, and choose nothing", () => {
  const { play, done } = playing("taste");
  expect(handleKey(play, key("ArrowLeft", { altKey: true }))).toBe(false);
  expect(handleKey(play, key("ArrowDown", { altKey: true }))).toBe(false);
  expect(done).toEqual([]);
  expect(handleKey(play, key("ArrowLeft"))).toBe(true);
  expect(done).toEqual(["left"]);
});

test("Alt with up and down moves an answer", () => {
  const { play, done } = playing("rank");
  expect(handleKey(play, key("ArrowUp", { altKey: true }))).toBe(true);
  expect(handleKey(play, key("ArrowDown"))).toBe(true);
  expect(handleKey(play, key("z", { altKey: true }))).toBe(false);
  expect(done).toEqual(["nudge -1", "step 1"]);
});
