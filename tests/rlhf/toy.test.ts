// The whole loop must learn: rankings that prefer an exclamation mark make the policy write more of them.
import { expect, test } from "vitest";
import type { Sample } from "../../src/workers/protocol.ts";
import { buildTokenizer } from "../../src/world/index.ts";
import { openTrainer, prompts, rankings } from "./support.ts";

const MARK = buildTokenizer().encode("!")[0];
const has = ({ tokens }: Sample): boolean => tokens.some((token) => token === MARK);

test("the rate of the preferred token rises by at least 30 points", async () => {
  const { trainer, metric } = await openTrainer({ minibatches: 1, rewardLimit: 3 });
  const judged = await rankings(trainer, 6, 6, (sample) => (has(sample) ? 1 : 0));
  const report = await trainer.fitReward(judged, { stage: "fast" });
  expect(report.accuracy).toBeGreaterThan(0.9);
  const fresh = prompts(900, 96);
  const rate = async (): Promise<number> =>
    (await trainer.sample(fresh, 1, 5)).flat().filter(has).length / fresh.length;
  const before = await rate();
  await trainer.tune({ learningRate: 1e-3 });
  await trainer.play(24);
  const after = await rate();
  console.log(`the rate of "!" went from ${before.toFixed(2)} to ${after.toFixed(2)}`);
  expect(after - before).toBeGreaterThan(0.3);
  const scores = metric("objective/scores");
  expect(scores.at(-1)).toBeGreaterThan(scores[0] ?? NaN);
});
