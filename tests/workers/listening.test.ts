// PPO towards a study's reward, beside the run of the first page: what it measures, and that the run keeps its own.
import { beforeAll, expect, test } from "vitest";
import { METRICS } from "../../src/workers/protocol.ts";
import type { MetricName, Ranking, SelfChecks, TrainerEvent } from "../../src/workers/protocol.ts";
import { openTrainer, prompts, rankings } from "../rlhf/support.ts";
import type { Opened } from "../rlhf/support.ts";

/** A taste that shows in the words: how many exclamation marks. */
const cheer = ({ text }: { text: string }): number => text.split("!").length;
let opened: Opened;
let judged: Ranking[];
beforeAll(async () => {
  opened = await openTrainer({ iterations: 12 });
  judged = await rankings(opened.trainer, 24, 4, cheer);
});

/** A run of its own, with all that it tells. */
function listener() {
  const events: TrainerEvent[] = [];
  const metric = (name: MetricName): number[] =>
    events.flatMap((event) =>
      event.type === "metrics" ? [event.rows[METRICS.indexOf(name)] ?? NaN] : [],
    );
  const checks = (): SelfChecks | undefined =>
    events.flatMap((event) => (event.type === "checks" ? [event.checks] : [])).at(-1);
  return { events, metric, checks, hear: (event: TrainerEvent) => void events.push(event) };
}

const study = (stage: "fast" | "full") => {
  const all = judged.map((_, i) => i);
  const folds = [{ train: all.filter((i) => i % 3 > 0), test: all.filter((i) => i % 3 === 0) }];
  return opened.trainer.study({ rankings: judged, folds, stage, shares: [1], seed: 1 });
};
const asked = prompts(100, 5);
const texts = judgedPrompts();

function judgedPrompts(): string[] {
  return prompts(100, 24).map(({ text }) => text);
}

test("there must be a reward model first", async () => {
  const { listening } = opened.trainer;
  await expect(listening.begin(texts, () => undefined)).rejects.toThrow("train one first");
  await expect(listening.play(1)).rejects.toThrow("begin one");
});

test.each(["fast", "full"] as const)(
  "the %s reward trains a policy beside the run, with its self-checks",
  async (stage) => {
    const { trainer, metric } = opened;
    const { listening } = trainer;
    await study(stage);
    await trainer.fitReward(judged, { stage: "fast" });
    await trainer.play(2);
    const kept = await trainer.snapshot();
    const own = metric("step").length;

    const { events, metric: column, checks, hear } = listener();
    await listening.begin(texts, hear);
    const before = await listening.sample(asked, 3, "sft");
    expect((await listening.sample(asked, 3, "policy")).map(({ text }) => text)).toEqual(before.map(({ text }) => text)); // prettier-ignore
    expect(await listening.play(3)).toEqual({ done: 3, halted: null });
    expect(checks()).toMatchObject({ finite: true });
    expect(checks()?.initialKl).toBeLessThan(1e-3);
    expect(await listening.play(9)).toEqual({ done: 9, halted: null });
    expect(checks()?.ratioError).toBeLessThan(1e-3);
    expect(column("step")).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const kl = column("objective/kl");
    expect(Math.abs(kl[0] ?? NaN)).toBeLessThan(1e-3);
    expect(kl.at(-1)).toBeGreaterThan(0.01);
    // the same normalised reward as the study's: mean 0 and spread 1 over the supervised model's answers
    expect(Math.abs(column("objective/scores")[0] ?? NaN)).toBeLessThan(1);
    expect(events.filter(({ type }) => type === "failed")).toEqual([]);
    const now = await listening.sample(asked, 3, "policy");
    expect(now.map(({ promptId }) => promptId)).toEqual(asked.map(({ id }) => id));
    expect(now.map(({ text }) => text)).not.toEqual(before.map(({ text }) => text));

    const after = await trainer.snapshot();
    expect(Buffer.compare(Buffer.from(after!), Buffer.from(kept!))).toBe(0);
    expect(metric("step")).toHaveLength(own);
    await trainer.reset();
  },
  240_000,
);

test("pause ends at an iteration; another begin starts from the supervised model with equal numbers", async () => {
  const { listening } = opened.trainer;
  const first = listener();
  await listening.begin(texts, first.hear);
  const playing = listening.play(12);
  await new Promise((resolve) => setTimeout(resolve));
  await listening.pause();
  const { done } = await playing;
  expect(done).toBeLessThan(12);
  await listening.play(4 - Math.min(4, done));
  const again = listener();
  await listening.begin(texts, again.hear);
  await listening.play(4);
  expect(again.metric("objective/scores")).toEqual(first.metric("objective/scores").slice(0, 4));
  await listening.drop();
  await expect(listening.play(1)).rejects.toThrow("begin one");
}, 120_000);

test("a new study ends the run that listened to the one before", async () => {
  const { listening } = opened.trainer;
  await listening.begin(texts, () => undefined);
  await study("fast");
  await expect(listening.play(1)).rejects.toThrow("begin one");
}, 120_000);
