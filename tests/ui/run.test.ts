// The run and the trainer's queue against the test double: play, pause, step, roll back, fail.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Metrics } from "../../src/state/metrics.svelte.ts";
import { Persisted } from "../../src/state/persisted.svelte.ts";
import { Run } from "../../src/state/run.svelte.ts";
import { Timeline } from "../../src/state/timeline.svelte.ts";
import { Trainer } from "../../src/state/trainer.svelte.ts";
import { METRICS } from "../../src/workers/protocol.ts";
import { connectTrainer, heard, pace } from "./harness/fake-trainer.ts";

vi.mock("../../src/state/gpu-cause.ts", () => ({ findGpuCause: () => Promise.resolve(null) }));

const WATCH = [
  { id: "a", text: "Tell me about the mouse." },
  { id: "b", text: "Write a poem." },
];
const RANKINGS = [{ id: "r", prompt: "Tell me.", completions: [[1], [2]], ranks: [1, 2] }];

let trainer: Trainer;
let run: Run;
beforeEach(async () => {
  pace.iteration = 2;
  trainer = new Trainer(() => Promise.resolve(connectTrainer()));
  run = new Run(trainer, new Persisted());
  run.config = { ...run.config, iterations: 12 };
  await trainer.open(run.config);
});

describe("a run", () => {
  test("goes to the end and keeps every frame", async () => {
    await run.start(RANKINGS, WATCH);
    expect(run.state).toBe("finished");
    expect(run.step).toBe(12);
    expect(trainer.timeline.frames[0]?.step).toBe(0);
    expect(trainer.timeline.last).toBe(12);
    expect(trainer.metrics.count).toBe(12);
    expect(trainer.checks?.finite).toBe(true);
  });

  test("pauses within an iteration, steps once, goes on", async () => {
    pace.iteration = 15;
    const ended = run.start(RANKINGS, WATCH);
    await vi.waitFor(() => expect(run.step).toBeGreaterThan(1));
    await run.pause();
    await ended;
    expect(run.state).toBe("paused");
    const at = run.step;
    await run.stepOnce(WATCH, null);
    expect(run.step).toBe(at + 1);
    await run.resume(WATCH, null);
    expect(run.state).toBe("finished");
    expect(run.step).toBe(12);
  });

  test("is as long as was chosen, and its learning rate falls over that length", async () => {
    run.chooseSteps(6);
    expect([run.total, run.config.iterations]).toEqual([6, 6]);
    await run.start(RANKINGS, WATCH);
    expect([run.step, heard.knobs.iterations]).toEqual([6, 6]);
    run.chooseSteps(4);
    expect(run.total).toBe(6);
    await run.resume(WATCH, null);
    // another length than before: one schedule over all of it, where the same begins again
    expect([run.state, run.step, heard.knobs.iterations]).toEqual(["finished", 10, 10]);
    run.chooseSteps(5);
    await run.resume(WATCH, null);
    expect([run.step, heard.knobs.iterations]).toEqual([15, 5]);
    for (const [asked, used] of [
      [0, 1],
      [2.4, 2],
      [1e6, 1000],
      [Number.NaN, 45],
    ] as const) {
      run.chooseSteps(asked);
      expect(run.config.iterations).toBe(used);
    }
  });

  test("goes back and forgets what came after", async () => {
    await run.start(RANKINGS, WATCH);
    await run.rollback(4);
    expect(run.step).toBe(4);
    expect(run.state).toBe("paused");
    expect(trainer.timeline.last).toBe(4);
    expect(trainer.metrics.count).toBe(4);
    await run.resume(WATCH, null);
    expect(run.step).toBe(12);
  });

  test("goes back to an earlier step when the wanted one was not kept", async () => {
    await run.start(RANKINGS, WATCH);
    await run.rollback(7);
    expect(run.step).toBe(6);
  });

  test("a failure is a sentence, and nothing more is asked", async () => {
    const api = connectTrainer().api;
    api.fitReward = () => Promise.reject(new Error("Reward model: the loss was not finite."));
    const broken = new Trainer(() => Promise.resolve({ api, close: () => undefined }));
    const failing = new Run(broken, new Persisted());
    await broken.open(failing.config);
    await failing.start(RANKINGS, WATCH);
    expect(failing.state).toBe("failed");
    expect(failing.failure).toBe("Reward model: the loss was not finite.");
    expect(failing.busy).toBe(false);
  });
});

describe("the trainer", () => {
  test("answers requests in their order, one at a time", async () => {
    const order: number[] = [];
    const slow = trainer.ask(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(1);
    });
    const quick = trainer.ask(() => Promise.resolve(order.push(2)));
    expect(trainer.pending).toBe(2);
    await Promise.all([slow, quick]);
    expect(order).toEqual([1, 2]);
    expect(trainer.pending).toBe(0);
  });

  test("a worker that dies ends the request it never answered", async () => {
    let crash: (sentence: string) => void = () => undefined;
    const dying = new Trainer((onCrash) => {
      crash = onCrash;
      return Promise.resolve(connectTrainer());
    });
    await dying.open(run.config);
    const asked = dying.ask(() => new Promise<never>(() => undefined));
    await Promise.resolve();
    setTimeout(() => crash("The trainer stopped."), 5);
    await expect(asked).rejects.toThrow("The trainer stopped.");
    expect(dying.engine.kind).toBe("lost");
  });

  test.each([
    ["NoEngine", "no-device"],
    ["StorageError", "no-model"],
  ])("an open that fails with %s is told as %s", async (name, cause) => {
    const api = connectTrainer().api;
    api.open = () => Promise.reject(Object.assign(new Error("It did not open."), { name }));
    const closed = new Trainer(() => Promise.resolve({ api, close: () => undefined }));
    await closed.open(run.config);
    expect(closed.engine).toEqual({ kind: "unavailable", cause, sentence: "It did not open." });
  });

  test("a lost device is told with the trainer's sentence", async () => {
    await trainer.ask((api) => api.destroyDevice());
    expect(trainer.engine).toMatchObject({ kind: "lost", weightsUsable: true });
    await expect(trainer.ask((api) => api.pause())).rejects.toThrow("not ready");
  });
});

describe("metrics and timeline", () => {
  test("rows wrap around without losing the newest", () => {
    const metrics = new Metrics();
    for (let i = 0; i < 5000; i++) {
      metrics.append(
        i,
        Float32Array.from(METRICS, (_, c) => (c === 0 ? i + 1 : i)),
      );
    }
    expect(metrics.at("step", 4999)).toBe(5000);
    expect(metrics.at("step", 0)).toBeNaN();
    expect(metrics.column("step")).toHaveLength(4096);
    metrics.keepThrough(4990);
    expect(metrics.count).toBe(4990);
  });

  test("the playhead shows the newest frame that is not after it", () => {
    const timeline = new Timeline();
    for (const step of [4, 0, 2]) timeline.add(step, []);
    expect(timeline.frame?.step).toBe(4);
    timeline.look(3);
    expect(timeline.frame?.step).toBe(2);
    timeline.scrub(-1);
    expect(timeline.frame?.step).toBe(0);
    timeline.scrub(1);
    timeline.scrub(1);
    expect(timeline.playhead).toBeNull();
  });
});
