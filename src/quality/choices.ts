// Rankings with ties as a sequence of choices, which is how Plackett-Luce sees them.

/**
 * One choice on the way down a ranking: of the players still there, `chosen` came first together.
 * P(chosen = C | A) = f(C) / Σ f(S) over subsets S of A with a size that occurs, where
 * f(S) = δ_|S| · (Π_{i in S} α_i)^(1/|S|) and δ_1 = 1 (Firth, Kosmidis and Turner 2019). For two
 * players this is Davidson's (1970) model with ν = δ_2, without ties it is Plackett-Luce.
 */
export interface Choice {
  /** Indices of players, a player once for each of its answers. */
  readonly available: readonly number[];
  readonly chosen: readonly number[];
}

/**
 * The choices of one ranking, best group first; the last single answer is no choice.
 * @param groups indices of players in groups of equal rank
 */
export function choicesOf(groups: readonly (readonly number[])[]): Choice[] {
  return groups
    .map((chosen, g) => ({ available: groups.slice(g).flat(), chosen }))
    .filter(({ available }) => available.length > 1);
}

/** All subsets of the slots whose size is 1 or occurs. */
export function subsets(slots: readonly number[], sizes: ReadonlySet<number>): number[][] {
  const all: number[][] = [];
  for (let mask = 1; mask < 2 ** slots.length; mask++) {
    const subset = slots.filter((_, i) => mask & (1 << i));
    if (subset.length === 1 || sizes.has(subset.length)) all.push(subset);
  }
  return all;
}
