// Self-agreement: the same person, the same answers, in another order on screen.
import { addPairs, comparePairs, kendallTauB, mean, noPairs } from "./agreement.ts";
import type { PairCounts } from "./agreement.ts";
import { signTest } from "./distributions.ts";
import { groupBy, order } from "./items.ts";
import type { Ranked } from "./items.ts";

export interface SelfAgreement {
  readonly rater: string;
  /** Items ranked at least twice. */
  readonly items: number;
  /** Comparisons of a ranking with the one before it. */
  readonly repeats: number;
  readonly pairs: PairCounts;
  readonly tau: number | null;
  /** For each repeated item its counts: what a bootstrap draws. */
  readonly byItem: readonly PairCounts[];
}

export interface Repeats {
  readonly raters: readonly SelfAgreement[];
  /**
   * Pairs whose order on screen was swapped and whose answer turned with it: the one that stood
   * first won both times, or the one that stood last did.
   */
  readonly turned: { readonly first: number; readonly last: number; readonly p: number };
}

/** Compares every repeat of an item by the same person with their ranking before it. */
export function selfAgreement(rankings: readonly Ranked[]): Repeats {
  const turned = { first: 0, last: 0 };
  const usable = rankings.filter(({ cannotTell }) => !cannotTell);
  const raters = [...groupBy(usable, ({ rater }) => rater)].flatMap(([rater, own]) => {
    const pairs = noPairs();
    const byItem: PairCounts[] = [];
    const taus: number[] = [];
    let repeats = 0;
    for (const list of groupBy(own, ({ item }) => item).values()) {
      if (list.length < 2) continue;
      const here = noPairs();
      list.slice(1).forEach((later, i) => {
        const before = list[i]!;
        repeats++;
        addPairs(here, comparePairs(before.ranks, later.ranks));
        const tau = kendallTauB(before.ranks, later.ranks);
        if (tau !== null) taus.push(tau);
        countTurned(before, later, turned);
      });
      addPairs(pairs, here);
      byItem.push(here);
    }
    const one = { rater, items: byItem.length, repeats, pairs, tau: mean(taus), byItem };
    return byItem.length === 0 ? [] : [one];
  });
  raters.sort((x, y) => (x.rater < y.rater ? -1 : 1));
  return { raters, turned: { ...turned, p: signTest(turned.first, turned.last) } };
}

function countTurned(x: Ranked, y: Ranked, turned: { first: number; last: number }): void {
  const [before, now] = [x.places, y.places];
  if (before === null || now === null) return;
  for (let a = 0; a < x.ranks.length; a++) {
    for (let b = a + 1; b < x.ranks.length; b++) {
      const [first, second] = [order(x.ranks, a, b), order(y.ranks, a, b)];
      if (first === null || second === null || first * second >= 0) continue;
      const [stood, stands] = [before, now].map((places) => Math.sign(places[a]! - places[b]!));
      if (stood === stands) continue;
      if (stood === first) turned.first++;
      else turned.last++;
    }
  }
}
