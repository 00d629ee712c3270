// The screen stays on from the request to its end, and nothing breaks where that is not possible.
import { expect, test } from "vitest";
import { keepScreenOn } from "../../src/state/wake-lock.ts";

function screen(): { held: number; request: () => Promise<{ release: () => Promise<void> }> } {
  const state = {
    held: 0,
    request: async () => {
      state.held++;
      return {
        release: async () => {
          state.held--;
        },
      };
    },
  };
  return state;
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test("is held until it is given back", async () => {
  const wakeLock = screen();
  const release = keepScreenOn({ wakeLock });
  await settled();
  expect(wakeLock.held).toBe(1);
  release();
  await settled();
  expect(wakeLock.held).toBe(0);
});

test("is given back even when the run ended before it was granted", async () => {
  const wakeLock = screen();
  keepScreenOn({ wakeLock })();
  await settled();
  expect(wakeLock.held).toBe(0);
});

test("a browser without wake locks, or one that refuses, is no failure", async () => {
  const refuse = { request: () => Promise.reject(new Error("battery")) };
  const releases = [keepScreenOn({}), keepScreenOn({ wakeLock: refuse })];
  await settled();
  expect(releases.map((release) => release())).toEqual([undefined, undefined]);
});
