// Position bias: whether the place on screen decides which answer is put first.
import { chiSquareTail, wilsonInterval } from "./distributions.ts";
import type { Interval } from "./distributions.ts";
import { groupBy } from "./items.ts";
import type { Ranked } from "./items.ts";

/** Rankings with a single best answer before the test says anything. */
export const POSITION_MINIMUM = 100;
/** p below which the bias is called real. */
export const POSITION_ALARM = 0.01;
/** Least expected count per place for χ² to be trusted (Cochran 1954). */
const LEAST_EXPECTED = 5;

/** Rankings of K answers: how often the best one stood at each place. */
export interface PlaceCounts {
  readonly answers: number;
  readonly n: number;
  /** (K) counts of the best answer by place, and their share with a 95 % interval. */
  readonly places: readonly {
    readonly first: number;
    readonly share: number;
    readonly interval: Interval;
  }[];
}

export interface PositionBias {
  /** Commonest number of answers first. */
  readonly groups: readonly PlaceCounts[];
  /** Rankings used: all ranked, one best answer. */
  readonly n: number;
  /** χ² summed over the groups that are large enough; null below POSITION_MINIMUM. */
  readonly test: {
    readonly statistic: number;
    readonly freedom: number;
    readonly p: number;
  } | null;
}

/**
 * Counts where the best answer stood. Rankings with several best answers, unranked answers or "cannot
 * tell" are left out: without bias, the place of the one best answer is uniform since the order on
 * screen is drawn at random.
 */
export function positionBias(rankings: readonly Ranked[]): PositionBias {
  const best = rankings.flatMap(({ ranks, places, cannotTell }) => {
    const first = ranks.flatMap((rank, a) => (rank === 1 ? [places?.[a] ?? 0] : []));
    const whole =
      !cannotTell && places !== null && ranks.length > 1 && ranks.every((rank) => rank !== null);
    return whole && first.length === 1 ? [{ answers: ranks.length, place: first[0] ?? 0 }] : [];
  });
  const groups = [...groupBy(best, ({ answers }) => String(answers)).values()]
    .map((list) =>
      placeCounts(
        list[0]?.answers ?? 0,
        list.map(({ place }) => place),
      ),
    )
    .sort((x, y) => y.n - x.n || x.answers - y.answers);
  return { groups, n: best.length, test: testOf(groups) };
}

function placeCounts(answers: number, places: readonly number[]): PlaceCounts {
  const n = places.length;
  return {
    answers,
    n,
    places: Array.from({ length: answers }, (_, place) => {
      const first = places.filter((p) => p === place).length;
      return { first, share: first / n, interval: wilsonInterval(first, n) };
    }),
  };
}

function testOf(groups: readonly PlaceCounts[]): PositionBias["test"] {
  const large = groups.filter(({ n, answers }) => n / answers >= LEAST_EXPECTED);
  if (large.reduce((sum, { n }) => sum + n, 0) < POSITION_MINIMUM) return null;
  let [statistic, freedom] = [0, 0];
  for (const { n, answers, places } of large) {
    const expected = n / answers;
    for (const { first } of places) statistic += (first - expected) ** 2 / expected;
    freedom += answers - 1;
  }
  return { statistic, freedom, p: chiSquareTail(statistic, freedom) };
}
