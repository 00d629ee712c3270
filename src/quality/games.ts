// Who met whom: rankings of answers as games between the models that wrote them.
import { groupBy } from "./items.ts";
import type { Ranked } from "./items.ts";

/** Pairs between different players: the better one first, ½ each way for a tie. */
export interface Game {
  readonly winner: number;
  readonly loser: number;
  readonly tie: boolean;
}

/** What one item says, with players as indices. */
export interface ItemGames {
  readonly games: readonly Game[];
  /** rankings of the item as groups of players */
  readonly groups: readonly (readonly (readonly number[])[])[];
}

/**
 * The games of every item that has one, with players numbered by `names`: the models that met another
 * one, in alphabetical order.
 */
export function gamesOf(rankings: readonly Ranked[]): { names: string[]; items: ItemGames[] } {
  const names = [...new Set(rankings.flatMap(({ players }) => players))].sort();
  const index = new Map(names.map((name, i) => [name, i]));
  const items = [...groupBy(rankings, ({ item }) => item).values()]
    .map((list) => itemData(list, index))
    .filter(({ games }) => games.length > 0);
  const met = new Set(items.flatMap(({ games }) => games.flatMap((g) => [g.winner, g.loser])));
  const kept = [...met].sort((x, y) => x - y);
  return {
    names: kept.map((p) => names[p] ?? ""),
    items: items.map((item) => renumber(item, kept)),
  };
}

function itemData(rankings: readonly Ranked[], index: ReadonlyMap<string, number>): ItemGames {
  const games: Game[] = [];
  const groups: number[][][] = [];
  for (const { ranks, players } of rankings) {
    const ranked = players
      .map((name, a) => ({ player: index.get(name) ?? 0, rank: ranks[a] ?? null }))
      .filter((one): one is { player: number; rank: number } => one.rank !== null);
    ranked.sort((x, y) => x.rank - y.rank);
    ranked.forEach((x, i) => {
      for (const y of ranked.slice(i + 1)) {
        if (x.player === y.player) continue;
        games.push({ winner: x.player, loser: y.player, tie: x.rank === y.rank });
      }
    });
    const byRank = groupBy(ranked, ({ rank }) => String(rank));
    groups.push([...byRank.values()].map((group) => group.map(({ player }) => player)));
  }
  return { games, groups };
}

/** Players numbered without gaps; those that met nobody are left out of the rankings. */
function renumber({ games, groups }: ItemGames, kept: readonly number[]): ItemGames {
  return {
    games: games.map((game) => ({
      ...game,
      winner: kept.indexOf(game.winner),
      loser: kept.indexOf(game.loser),
    })),
    groups: groups.map((ranking) =>
      ranking
        .map((group) => group.map((p) => kept.indexOf(p)).filter((p) => p >= 0))
        .filter((group) => group.length > 0),
    ),
  };
}

/** wins[i][j] with each item counted as often as its weight says; null = once each. */
export function winsOf(
  items: readonly ItemGames[],
  weights: readonly number[] | null,
  players: number,
): number[][] {
  const wins = Array.from({ length: players }, () => Array.from({ length: players }, () => 0));
  items.forEach(({ games }, i) => {
    const weight = weights?.[i] ?? 1;
    if (weight === 0) return;
    for (const { winner, loser, tie } of games) {
      wins[winner]![loser]! += tie ? weight / 2 : weight;
      if (tie) wins[loser]![winner]! += weight / 2;
    }
  });
  return wins;
}
