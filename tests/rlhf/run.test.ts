// Runs on the real trainer: repeatable to the byte, and paused, stepped, cancelled, rolled back and saved.
import { beforeAll, expect, test } from "vitest";
import type { Ranking } from "../../src/workers/protocol.ts";
import { openTrainer, prompts, rankings, sameBytes } from "./support.ts";
import type { Opened } from "./support.ts";

const CONFIG = { batch: 16, minibatches: 1, valueEpochs: 1, seed: 7 };
let a: Opened;
let b: Opened;
let judged: Ranking[];

async function policy({ trainer }: Opened): Promise<Uint8Array> {
  return new Uint8Array(await trainer.exportModel("policy"));
}

const metrics = ({ events }: Opened): Float32Array[] =>
  events.flatMap((event) => (event.type === "metrics" ? [event.rows] : []));

/** Bytes of the policy after six iterations in one go. */
let straight: Uint8Array;

beforeAll(async () => {
  [a, b] = [await openTrainer(CONFIG), await openTrainer(CONFIG)];
  judged = await rankings(a.trainer, 4, 4, ({ tokens }) => -tokens.length);
  for (const { trainer } of [a, b]) await trainer.fitReward(judged, { stage: "fast" });
  expect(await a.trainer.play(6)).toEqual({ done: 6, halted: null });
  straight = await policy(a);
});

test("a seed gives the same run, byte for byte, in one go or step by step", async () => {
  for (let i = 0; i < 6; i++) {
    expect(await b.trainer.play(1)).toEqual({ done: 1, halted: null });
  }
  expect(Buffer.compare(straight, await policy(b))).toBe(0);
  const [rows, others] = [metrics(a), metrics(b)];
  expect(rows.length).toBe(6);
  rows.forEach((row, i) => {
    expect(sameBytes(row, others[i])).toBe(true);
  });
});

test("another seed gives another run", async () => {
  const other = await openTrainer({ ...CONFIG, seed: 8 });
  await other.trainer.fitReward(judged, { stage: "fast" });
  await other.trainer.play(4);
  expect(Buffer.compare(straight, await policy(other))).not.toBe(0);
});

test("the run goes back to a kept iteration, and from there the same way again", async () => {
  await b.trainer.rollback(5);
  expect(Buffer.compare(straight, await policy(b))).not.toBe(0);
  await b.trainer.play(1);
  expect(Buffer.compare(straight, await policy(b))).toBe(0);
  await expect(b.trainer.rollback(3)).rejects.toThrow(
    "Step 3 was not kept; the kept steps are 0, 5.",
  );
  await b.trainer.rollback(0);
  await b.trainer.play(6);
  expect(Buffer.compare(straight, await policy(b))).toBe(0);
});

test("a saved run goes on elsewhere as it would have here", async () => {
  await b.trainer.rollback(5);
  const snapshot = await b.trainer.snapshot();
  const elsewhere = await openTrainer(CONFIG);
  expect(await elsewhere.trainer.snapshot()).toBeNull();
  expect(await elsewhere.trainer.restore(snapshot as ArrayBuffer)).toEqual({ step: 5 });
  await elsewhere.trainer.play(1);
  expect(Buffer.compare(straight, await policy(elsewhere))).toBe(0);
  const cut = (snapshot as ArrayBuffer).slice(0, -64);
  await expect(elsewhere.trainer.restore(cut)).rejects.toThrow(/^The saved run/);
  expect(Buffer.compare(straight, await policy(elsewhere))).toBe(0);
});

test("pause ends after the iteration under way; resume goes on; reset cancels", async () => {
  await b.trainer.reset();
  const count = metrics(b).length;
  const playing = b.trainer.play(50);
  await expect(b.trainer.play(1)).rejects.toThrow("a run is going on; pause it first");
  while (metrics(b).length < count + 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await b.trainer.pause();
  const { done } = await playing;
  expect(done).toBeGreaterThanOrEqual(2);
  expect(done).toBeLessThan(6);
  await b.trainer.play(6 - done);
  expect(Buffer.compare(straight, await policy(b))).toBe(0);

  const cancelled = b.trainer.play(50);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await b.trainer.reset();
  expect((await cancelled).done).toBeLessThan(50);
  expect(b.events.at(-1)).toEqual({ type: "phase", phase: "idle", step: expect.any(Number) });
  await b.trainer.play(6);
  expect(Buffer.compare(straight, await policy(b))).toBe(0);
});

test("answers that people see may be drawn otherwise, and the run does not notice", async () => {
  const { trainer } = b;
  await trainer.rollback(0);
  const asked = prompts(5, 6);
  const texts = async (seed: number): Promise<string[]> =>
    (await trainer.sample(asked, 1, seed)).flat().map(({ text }) => text);
  const free = await texts(1);
  expect(await texts(2)).not.toEqual(free);
  await trainer.tune({ shownTemperature: 0 });
  const greedy = await texts(1);
  expect(await texts(2)).toEqual(greedy);
  await trainer.tune({ shownTemperature: 1.5, shownTopK: 1 });
  expect(await texts(3)).toEqual(greedy);
  await trainer.play(3);
  await trainer.tune({ shownTopK: 20, shownTopP: 0.5 });
  await texts(1);
  await trainer.play(3);
  expect(Buffer.compare(straight, await policy(b))).toBe(0);
  await trainer.rollback(0);
  await trainer.tune({ shownTemperature: 1, shownTopK: 0, shownTopP: 1 });
  expect(await texts(1)).toEqual(free);
});

test("a run stops when it is too far from the reference", async () => {
  await b.trainer.reset();
  const before = metrics(b).length;
  await b.trainer.tune({ klStop: 1e-6 });
  const { done, halted } = await b.trainer.play(20);
  expect(halted).toBe("distance");
  // an order that is over before the next iteration would begin halts as well
  expect(await b.trainer.play(1)).toEqual({ done: 1, halted: "distance" });
  await b.trainer.tune({ klStop: 0 });
  const kl = b.metric("objective/kl").slice(before);
  expect(kl).toHaveLength(done + 1);
  // the iteration after the first that was too far was queued already
  expect(kl.findIndex((value) => value > 1e-6)).toBe(done - 2);
});

test("a prompt longer than the context and a model without rankings are refused in one sentence", async () => {
  const text = Array.from({ length: 40 }, () => "dog").join(" ");
  await expect(b.trainer.sample([{ id: "0", text }], 1, 1)).rejects.toThrow(
    /^Your prompt has \d+ tokens and this model reads 24; make it shorter\.$/,
  );
  const { trainer } = await openTrainer(CONFIG);
  await expect(trainer.play(1)).rejects.toThrow(
    "Reinforce: there is no reward model yet; rank some answers first.",
  );
});
