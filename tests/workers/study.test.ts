// A reward model trained on some rankings and tried on others: what it reports, and that the run keeps its own.
import { beforeAll, expect, test } from "vitest";
import type { Ranking, StudyRequest } from "../../src/workers/protocol.ts";
import { buildTokenizer } from "../../src/world/index.ts";
import { openTrainer, prompts, rankings } from "../rlhf/support.ts";
import type { Opened } from "../rlhf/support.ts";

const N = 30;
/** A taste that shows in the words: how many exclamation marks. */
const cheer = ({ text }: { text: string }): number => text.split("!").length;
let opened: Opened;
let judged: Ranking[];
beforeAll(async () => {
  opened = await openTrainer();
  judged = await rankings(opened.trainer, N, 4, cheer);
});

function request(
  ranked: readonly Ranking[],
  stage: "fast" | "full" = "fast",
  shares: readonly number[] = [0.25, 1],
  folds = 3,
): StudyRequest {
  const all = ranked.map((_, i) => i);
  return {
    rankings: ranked,
    folds: Array.from({ length: folds }, (_, fold) => ({
      train: all.filter((i) => i % folds !== fold),
      test: all.filter((i) => i % folds === fold),
    })),
    stage,
    shares,
    seed: 1,
  };
}

const share = (list: readonly { right: number; pairs: number }[]): number =>
  list.reduce((sum, { right }) => sum + right, 0) / list.reduce((sum, { pairs }) => sum + pairs, 0);

test("a taste that the features hold is predicted on rankings that were held out, each once", async () => {
  const report = await opened.trainer.study(request(judged));
  expect(report?.heldOut.map(({ ranking }) => ranking).sort((a, b) => a - b)).toEqual(
    judged.map((_, i) => i),
  );
  expect(share(report?.heldOut ?? [])).toBeGreaterThan(0.8);
  expect(share([report?.training ?? { right: 0, pairs: 1 }])).toBeGreaterThan(0.8);
  const [few, all] = report?.curve ?? [];
  expect([few?.rankings, all?.rankings]).toEqual([5, 20]);
  expect([all?.right, all?.pairs]).toEqual([
    report?.heldOut.reduce((sum, { right }) => sum + right, 0),
    report?.heldOut.reduce((sum, { pairs }) => sum + pairs, 0),
  ]);
});

test("ranks drawn by chance are not predicted", async () => {
  const noise = judged.map((one, i) => ({ ...one, ranks: [1, 2, 3, 4].map((_, k) => 1 + ((7 * i + 3 * k + i * k * k) % 5)) })); // prettier-ignore
  const report = await opened.trainer.study(request(noise));
  expect(share(report?.heldOut ?? [])).toBeLessThan(0.65);
});

test("the reward in force stays, and best of n is by the study's", async () => {
  const { trainer } = opened;
  const long = judged.map((one) => ({ ...one, ranks: one.ranks.map((rank) => 5 - (rank ?? 0)) }));
  await trainer.fitReward(long, { stage: "fast" });
  const samples = judged
    .slice(0, 3)
    .flatMap(({ prompt, completions }) => completions.map((tokens) => ({ prompt, tokens })));
  const before = await trainer.score(samples);
  await trainer.study(request(judged));
  expect(await trainer.score(samples)).toEqual(before);
  const pairs = await trainer.studyBest(prompts(7, 4), 8, 3);
  for (const { plain, best } of pairs) {
    expect(best.reward).toBeGreaterThanOrEqual(plain.reward ?? NaN);
  }
  const total = (which: "plain" | "best"): number =>
    pairs.reduce((sum, pair) => sum + cheer(pair[which]), 0);
  expect(total("best")).toBeGreaterThan(total("plain"));
});

test("more rankings than the run's head holds are all learned from", async () => {
  const many = Array.from({ length: 6 }, () => judged).flat();
  const report = await opened.trainer.study(request(many, "fast", [], 2));
  expect(report?.heldOut).toHaveLength(6 * N);
});

test("the full stage is tried on what it never saw, and a stop ends a study without a report", async () => {
  const report = await opened.trainer.study(request(judged.slice(0, 6), "full", [], 2));
  expect(report?.stage).toBe("full");
  expect(report?.heldOut).toHaveLength(6);
  const running = opened.trainer.study(request(judged));
  setTimeout(() => void opened.trainer.stopStudy());
  expect(await running).toBeNull();
  await expect(opened.trainer.studyBest(prompts(7, 1), 2, 3)).rejects.toThrow("train one first");
});

test("what the model writes is read back as the same tokens", () => {
  const tokenizer = buildTokenizer();
  const all = judged.flatMap(({ completions }) => completions);
  for (const tokens of all) {
    const text = tokenizer.renderIds(tokens);
    expect([...tokenizer.parse(text).ids, 1].slice(0, tokens.length)).toEqual([...tokens]);
  }
});
