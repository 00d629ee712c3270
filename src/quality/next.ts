// What to label next: scores of unlabelled items, and a seeded draw that knows its own probabilities.
import { Rng } from "../world/rng.ts";
import { Design, pairsOf } from "./design.ts";

/** Names as the file's column `select_policy` has them. */
export const POLICIES = ["gap_ucb", "bald", "d_opt", "random"] as const;
export type Policy = (typeof POLICIES)[number];

/** An item that could be labelled next. */
export interface Candidate {
  readonly id: string;
  /** (M, K) reward of each answer from each head of an ensemble; for gap_ucb and bald, and as weights of d_opt. */
  readonly scores?: readonly (readonly number[])[];
  /** (K, d) features of each answer, for instance the last hidden state; for d_opt. */
  readonly features?: readonly (readonly number[])[];
}

/** One chosen item, with what its judgement must log so that policies can be compared later. */
export interface Pick {
  readonly id: string;
  /** The arm that drew it: the policy, or `random`. */
  readonly policy: Policy;
  /** Its score under the policy, whichever arm drew it; 0 when it has none. */
  readonly score: number;
  /** Probability of this item at this draw, over both arms. */
  readonly propensity: number;
}

export interface PickOptions {
  readonly count: number;
  readonly seed: number;
  readonly policy?: Policy;
  /** Share of the draws that are uniformly random. */
  readonly explore?: number;
  /** Weight of the ensemble's spread in gap_ucb. */
  readonly beta?: number;
  /** (K, d) features of the answers of each item that is labelled already; for d_opt. */
  readonly labelled?: readonly (readonly (readonly number[])[])[];
}

/** The default mix: 80 % policy, 20 % random, so that the policy can be compared with chance. */
export const EXPLORE = 0.2;
export const DEFAULT_POLICY: Policy = "gap_ucb";

/**
 * Draws items one after the other without putting any back. With probability `explore` an item is
 * drawn at random, otherwise the best by the policy (at random among equals). An item without what
 * the policy needs can only be drawn at random; when no item has it, all are.
 * @returns at most `count` picks, in the order drawn
 * @throws RangeError with one sentence for shapes or shares that cannot be
 */
export function pickNext(candidates: readonly Candidate[], options: PickOptions): Pick[] {
  const { count, seed, policy = DEFAULT_POLICY, explore = EXPLORE, beta = 1 } = options;
  checkShare(explore);
  candidates.forEach(checkCandidate);
  const rng = new Rng(seed);
  const design = policy === "d_opt" ? new Design(dimension(candidates)) : null;
  for (const features of options.labelled ?? []) {
    design?.add(
      features,
      pairsOf(features.length).map(() => 0.25),
    );
  }
  const fixed = new Map(
    design === null ? candidates.map((one) => [one.id, scoreOf(one, policy, beta)]) : [],
  );
  const left = [...candidates];
  const picks: Pick[] = [];
  while (picks.length < count && left.length > 0) {
    const scores = left.map((one) =>
      design === null ? (fixed.get(one.id) ?? null) : designGain(design, one),
    );
    const { index, greedy, propensity } = draw(scores, explore, rng);
    const [chosen] = left.splice(index, 1);
    if (chosen === undefined) break;
    if (chosen.features !== undefined) design?.add(chosen.features, pairWeights(chosen));
    const arm = greedy ? policy : "random";
    picks.push({ id: chosen.id, policy: arm, score: scores[index] ?? 0, propensity });
  }
  return picks;
}

/** One draw over the scores; null = without a score. */
function draw(
  scores: readonly (number | null)[],
  explore: number,
  rng: Rng,
): { index: number; greedy: boolean; propensity: number } {
  const known = scores.filter((score) => score !== null);
  const most = Math.max(...known);
  const best = scores.flatMap((score, i) => (score !== null && score === most ? [i] : []));
  const chance = best.length === 0 ? 1 : explore;
  // Both numbers are always drawn, so that a draw never shifts those after it.
  const greedy = rng.next() >= chance;
  const index = greedy ? rng.pick(best) : rng.int(scores.length);
  const share = best.includes(index) ? (1 - chance) / best.length : 0;
  return { index, greedy, propensity: share + chance / scores.length };
}

/** The score of one item under a policy that looks at items alone; null when it has no scores. */
export function scoreOf(candidate: Candidate, policy: Policy, beta = 1): number | null {
  if (candidate.scores === undefined || candidate.scores.length === 0) return null;
  if (policy === "gap_ucb") return gapUcb(candidate.scores, beta);
  return policy === "bald" ? bald(candidate.scores) : null;
}

/**
 * Predicted gap with an upper bound, mean over pairs of |mean_m Δ_m| + β · sd_m(Δ_m), where Δ_m is
 * the difference of the two rewards under head m and sd divides by M.
 */
export function gapUcb(scores: readonly (readonly number[])[], beta = 1): number {
  return meanOverPairs(scores, (gaps) => {
    const middle = average(gaps);
    const spread = Math.sqrt(average(gaps.map((gap) => (gap - middle) ** 2)));
    return Math.abs(middle) + beta * spread;
  });
}

/**
 * Disagreement of the ensemble (BALD, Houlsby et al. 2011), mean over pairs of
 * H(mean_m p_m) − mean_m H(p_m) in nats, where p_m = σ(Δ_m).
 */
export function bald(scores: readonly (readonly number[])[]): number {
  return meanOverPairs(scores, (gaps) => {
    const p = gaps.map(sigmoid);
    return entropy(average(p)) - average(p.map(entropy));
  });
}

/**
 * ln det(I + M⁻¹ Σ w x xᵀ) over the pairs of an item: what its answer would add to the information,
 * where x is the difference of the features and w = p (1 − p) (¼ without scores). Null without features.
 */
function designGain(design: Design, candidate: Candidate): number | null {
  if (candidate.features === undefined) return null;
  return design.gain(candidate.features, pairWeights(candidate));
}

/** Information of a pair's answer under Bradley-Terry, w = p (1 − p) at the ensemble's mean p. */
function pairWeights({ scores, features }: Candidate): number[] {
  const pairs = pairsOf(features?.length ?? 0);
  if (scores === undefined || scores.length === 0) return pairs.map(() => 0.25);
  return pairs.map(([a, b]) => {
    const p = average(scores.map((head) => sigmoid(head[a]! - head[b]!)));
    return p * (1 - p);
  });
}

function meanOverPairs(
  scores: readonly (readonly number[])[],
  value: (gaps: readonly number[]) => number,
): number {
  const pairs = pairsOf(scores[0]?.length ?? 0);
  return average(pairs.map(([a, b]) => value(scores.map((head) => head[a]! - head[b]!))));
}

function average(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Entropy of a coin in nats. */
function entropy(p: number): number {
  const part = (q: number): number => (q <= 0 ? 0 : -q * Math.log(q));
  return part(p) + part(1 - p);
}

function dimension(candidates: readonly Candidate[]): number {
  const sizes = new Set(candidates.flatMap(({ features }) => features?.map((f) => f.length) ?? []));
  if (sizes.size > 1) {
    throw new RangeError(
      `features: found ${[...sizes].join(" and ")} numbers per answer; expected the same everywhere. Nothing was chosen.`,
    );
  }
  return [...sizes][0] ?? 0;
}

function checkShare(explore: number): void {
  if (explore >= 0 && explore <= 1) return;
  throw new RangeError(`explore: found ${explore}; expected 0 to 1. Nothing was chosen.`);
}

function checkCandidate({ id, scores, features }: Candidate): void {
  const answers = features?.length ?? scores?.[0]?.length ?? 0;
  const odd = scores?.findIndex((head) => head.length !== answers) ?? -1;
  if (odd >= 0) {
    throw new RangeError(
      `Item ${id}, scores[${odd}]: found ${scores?.[odd]?.length ?? 0} numbers; expected ${answers}, one per answer. Nothing was chosen.`,
    );
  }
  const all = [...(scores ?? []), ...(features ?? [])].flat();
  const wrong = all.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) {
    throw new RangeError(
      `Item ${id}: found ${wrong} among its numbers; expected finite ones. Nothing was chosen.`,
    );
  }
}
