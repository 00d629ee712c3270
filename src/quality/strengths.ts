// Strengths of the models whose answers were ranked, with bootstrap intervals over items.
import { bootstrap } from "./bootstrap.ts";
import { bradleyTerry, elo, stronglyConnected } from "./bradley-terry.ts";
import { percentileInterval } from "./distributions.ts";
import type { Interval } from "./distributions.ts";
import type { Ranked } from "./items.ts";
import { choicesOf } from "./choices.ts";
import { gamesOf, winsOf } from "./games.ts";
import type { ItemGames } from "./games.ts";
import { LuceModel } from "./plackett-luce.ts";
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

const FEW = "Strengths need answers of two models in the same rankings: 0 so far.";
const APART =
  "Some models never lost, never won or never met the others, so their strengths have no bound; " +
  "rank more, or add half a win and half a loss to each.";

/** Fits one model. A step of the generator is one round of the bootstrap. */
export function* strengthsOf(
  rankings: readonly Ranked[],
  model: StrengthModel,
  options: StrengthOptions = {},
): Generator<void, Strengths> {
  const { prior = 0, rounds = 1000, seed = 1 } = options;
  const { names, items } = gamesOf(rankings);
  const nothing = {
    model,
    players: [],
    ties: [],
    items: items.length,
    rounds: 0,
    dropped: 0,
    prior,
  };
  if (names.length < 2) return { ...nothing, problem: FEW };
  const all = winsOf(items, null, names.length);
  if (prior === 0 && !stronglyConnected(all)) return { ...nothing, problem: APART };
  const fitter = (model === "bradley-terry" ? pairFitter : luceFitter)(items, names.length, prior);
  const whole = fitter(null);
  if (whole === null) return { ...nothing, problem: APART };
  const draws = yield* bootstrap(items.length, rounds, seed, fitter);
  const good = draws.filter((draw) => draw !== null);
  const players = names.map((player, i): Strength => {
    const interval = percentileInterval(good.map(({ lnStrengths }) => lnStrengths[i]!));
    const wins = all[i]!.reduce((sum, n) => sum + n, 0);
    const games = all.reduce((sum, row) => sum + row[i]!, wins);
    const ln = whole.lnStrengths[i]!;
    return { player, ln, elo: elo(ln), interval, games, wins };
  });
  players.sort((x, y) => y.ln - x.ln);
  const dropped = draws.length - good.length;
  return { ...nothing, players, ties: whole.ties, rounds, dropped, problem: "" };
}

/** A fit with each item counted as often as its weight says; null = once each. */
type Fitter = (weights: readonly number[] | null) => LuceFit | null;

function pairFitter(items: readonly ItemGames[], players: number, prior: number): Fitter {
  let start: readonly number[] | undefined;
  return (weights) => {
    const options = start === undefined ? { prior } : { prior, start };
    const lnStrengths = bradleyTerry(winsOf(items, weights, players), options);
    start ??= lnStrengths ?? undefined;
    return lnStrengths === null ? null : { lnStrengths, ties: [] };
  };
}

function luceFitter(items: readonly ItemGames[], players: number, prior: number): Fitter {
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
