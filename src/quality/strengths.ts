// Strengths of the models whose answers were ranked, with bootstrap intervals over items.
import { bootstrap } from "./bootstrap.ts";
import { bradleyTerry, elo, stronglyConnected } from "./bradley-terry.ts";
import { percentileInterval } from "./distributions.ts";
import type { Interval } from "./distributions.ts";
import { groupBy } from "./items.ts";
import type { Ranked } from "./items.ts";
import { LuceModel, choicesOf } from "./plackett-luce.ts";
import type { LuceFit } from "./plackett-luce.ts";

export type StrengthModel = "bradley-terry" | "plackett-luce";

export interface Strength {
  readonly player: string;
  /** ln strength, mean 0 over players */
  readonly ln: number;
  readonly elo: number;
  /** of ln, 95 %; null when too few rounds of the bootstrap could be fitted */
  readonly interval: Interval | null;
  /** pairs with another player's answer, and how many of them it won (a tie is ½) */
  readonly games: number;
  readonly wins: number;
}

export interface Strengths {
  readonly model: StrengthModel;
  /** strongest first; [] when there is a problem */
  readonly players: readonly Strength[];
  /** ln of Davidson's tie parameters by size of tie; [] for Bradley-Terry */
  readonly ties: LuceFit["ties"];
  readonly items: number;
  readonly rounds: number;
  /** rounds whose draw could not be fitted */
  readonly dropped: number;
  /** wins and losses added against an imagined player, 0 = none */
  readonly prior: number;
  /** one sentence: why there are no strengths; "" when there are */
  readonly problem: string;
}

export interface StrengthOptions {
  /** 0 (default) is maximum likelihood, ½ also fits what that cannot */
  prior?: number;
  rounds?: number;
  seed?: number;
}

const FEW = "Strengths need answers of two models in the same rankings: found ";
const APART =
  "Some models never lost, never won or never met the others, so their strengths have no bound; " +
  "rank more, or add half a win and half a loss to each.";

/** Pairs between different players: the better one first, ½ each way for a tie. */
interface Game {
  readonly winner: number;
  readonly loser: number;
  readonly tie: boolean;
}

/** What one item says, with players as indices. */
interface ItemData {
  readonly games: readonly Game[];
  /** rankings of the item as groups of players */
  readonly groups: readonly (readonly (readonly number[])[])[];
}

/** Fits one model. A step of the generator is one round of the bootstrap. */
export function* strengthsOf(
  rankings: readonly Ranked[],
  model: StrengthModel,
  options: StrengthOptions = {},
): Generator<void, Strengths> {
  const { prior = 0, rounds = 1000, seed = 1 } = options;
  const names = [...new Set(rankings.flatMap(({ players }) => players))].sort();
  const index = new Map(names.map((name, i) => [name, i]));
  const items = [...groupBy(rankings, ({ item }) => item).values()]
    .map((list) => itemData(list, index))
    .filter(({ games }) => games.length > 0);
  const met = new Set(items.flatMap(({ games }) => games.flatMap((g) => [g.winner, g.loser])));
  const nothing = {
    model,
    players: [],
    ties: [],
    items: items.length,
    rounds: 0,
    dropped: 0,
    prior,
  };
  if (met.size < 2)
    return { ...nothing, problem: `${FEW}${names.length === 1 ? "one model" : "none"}.` };
  const kept = [...met].sort((x, y) => x - y);
  const known = items.map((item) => renumber(item, kept));
  const all = winsOf(known, null, kept.length);
  if (prior === 0 && !stronglyConnected(all)) return { ...nothing, problem: APART };
  const fitter =
    model === "bradley-terry"
      ? pairFitter(known, kept.length, prior)
      : luceFitter(known, kept.length, prior);
  const whole = fitter(null);
  if (whole === null) return { ...nothing, problem: APART };
  const draws = yield* bootstrap(known.length, rounds, seed, fitter);
  const good = draws.filter((draw) => draw !== null);
  const players = kept.map((p, i): Strength => {
    const interval = percentileInterval(good.map(({ lnStrengths }) => lnStrengths[i]!));
    const wins = all[i]!.reduce((sum, n) => sum + n, 0);
    const games = all.reduce((sum, row) => sum + row[i]!, wins);
    const ln = whole.lnStrengths[i]!;
    return { player: names[p]!, ln, elo: elo(ln), interval, games, wins };
  });
  players.sort((x, y) => y.ln - x.ln);
  const dropped = draws.length - good.length;
  return { ...nothing, players, ties: whole.ties, rounds, dropped, problem: "" };
}

/** A fit with each item counted as often as its weight says; null = once each. */
type Fitter = (weights: readonly number[] | null) => LuceFit | null;

function pairFitter(items: readonly ItemData[], players: number, prior: number): Fitter {
  let start: readonly number[] | undefined;
  return (weights) => {
    const options = start === undefined ? { prior } : { prior, start };
    const lnStrengths = bradleyTerry(winsOf(items, weights, players), options);
    start ??= lnStrengths ?? undefined;
    return lnStrengths === null ? null : { lnStrengths, ties: [] };
  };
}

function luceFitter(items: readonly ItemData[], players: number, prior: number): Fitter {
  const rows = items.flatMap(({ groups }, item) =>
    groups.flatMap(choicesOf).map((choice) => ({ item, choice })),
  );
  const fitted = new LuceModel(
    players,
    rows.map(({ choice }) => choice),
  );
  let start: LuceFit | undefined;
  return (weights) => {
    if (weights !== null && prior === 0 && !stronglyConnected(winsOf(items, weights, players))) {
      return null;
    }
    const fit = fitted.fit({
      prior,
      ...(weights === null ? {} : { weights: rows.map(({ item }) => weights[item] ?? 0) }),
      ...(start === undefined ? {} : { start }),
    });
    start ??= fit ?? undefined;
    return fit;
  };
}

function itemData(rankings: readonly Ranked[], index: ReadonlyMap<string, number>): ItemData {
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
function renumber({ games, groups }: ItemData, kept: readonly number[]): ItemData {
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

function winsOf(
  items: readonly ItemData[],
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
