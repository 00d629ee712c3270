// Preference pairs out of rankings, for DPO: every untied pair once per epoch, in an order that the seed fixes.
import { Rng } from "../../world/rng.ts";
import type { Answered } from "../sequences.ts";
import type { TokenRanking } from "./reward-trainer.ts";

interface Pair {
  readonly chosen: Answered;
  readonly rejected: Answered;
}

export class Pairs {
  readonly count: number;
  private readonly all: readonly Pair[];
  private readonly seed: number;

  /** @throws RangeError when every pair is tied or unranked */
  constructor(rankings: readonly TokenRanking[], flip: boolean, seed: number) {
    this.all = rankings.flatMap((ranking) => untied(ranking, flip));
    this.count = this.all.length;
    this.seed = seed;
    if (this.count === 0) {
      throw new RangeError(
        "DPO: no ranking says that one answer is better; rank some answers first.",
      );
    }
  }

  /** Rows of minibatch number `index` = 0, 1, … of n pairs: n preferred answers, then the n matching others. */
  rows(index: number, n: number): Answered[] {
    const taken = Array.from({ length: n }, (_, i) => {
      const at = index * n + i;
      const epoch = Math.floor(at / this.count);
      return this.order(epoch)[at % this.count] as Pair;
    });
    return [...taken.map(({ chosen }) => chosen), ...taken.map(({ rejected }) => rejected)];
  }

  private latest: { epoch: number; pairs: readonly Pair[] } = { epoch: -1, pairs: [] };

  private order(epoch: number): readonly Pair[] {
    if (this.latest.epoch !== epoch) {
      this.latest = { epoch, pairs: new Rng(this.seed * 1009 + epoch).shuffle(this.all) };
    }
    return this.latest.pairs;
  }
}

function untied({ prompt, completions, ranks }: TokenRanking, flip: boolean): Pair[] {
  const pairs: Pair[] = [];
  completions.forEach((a, i) => {
    completions.slice(i + 1).forEach((b, j) => {
      const [first, second] = [ranks[i] ?? null, ranks[i + 1 + j] ?? null];
      if (first === null || second === null || first === second) return;
      const [chosen, rejected] = first < second !== flip ? [a, b] : [b, a];
      pairs.push({ chosen: { prompt, tokens: chosen }, rejected: { prompt, tokens: rejected } });
    });
  });
  return pairs;
}
