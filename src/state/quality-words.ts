// What the quality report says in words: a finding per chart, or what it still needs.
import type { PositionBias } from "../quality/position.ts";
import { POSITION_ALARM, POSITION_MINIMUM } from "../quality/position.ts";
import type { QualityReport, Share } from "../quality/report.ts";
import type { Strengths } from "../quality/strengths.ts";
import { GOLD_PASS } from "../quality/gold.ts";
import { compact, count } from "./format.ts";
import { percent } from "./statistics.ts";

/** InstructGPT's labelers among each other (Ouyang et al. 2022, §3.4). */
export const PAPER_AGREEMENT = 0.726;

/** Names that people gave themselves, by annotator id. */
export type Names = Readonly<Record<string, string>>;

/** How a person is called: their name, a simulated taste's, or the end of the pseudonym. */
export function personName(id: string, names: Names = {}): string {
  const own = Object.hasOwn(names, id) ? names[id] : undefined;
  if (own !== undefined && own !== "") return own;
  if (id.startsWith("simulated:")) return `${id.slice("simulated:".length)} (simulated)`;
  return id.length > 16 ? `…${id.slice(-6)}` : id;
}

/** How a checkpoint is called. */
export function modelName(checkpoint: string): string {
  return checkpoint === "" ? "unnamed model" : checkpoint;
}

/** "68% to 77%". */
export function span({ interval }: Share): string {
  return interval === null ? "" : `${percent(interval.low)} to ${percent(interval.high)}`;
}

/** A time a person says: "0.8 s", "24 s", "3.5 min". */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  return value < 90 ? `${compact(Number(value.toPrecision(2)))} s` : `${compact(Number((value / 60).toPrecision(2)))} min`; // prettier-ignore
}

/** A probability for a test: "0.034", "below 0.0001". */
export function pValue(p: number): string {
  return p < 0.0001 ? "below 0.0001" : compact(Number(p.toPrecision(2)));
}

export function agreementFinding({ agreement, people }: QualityReport): string {
  const { tiesOut, interval } = agreement.share;
  if (agreement.items === 0) return "Agreement needs two people on the same item: 0 so far";
  if (tiesOut === null) return "Nobody ordered a pair that somebody else ordered too";
  const who = people === 2 ? "The two people" : "People";
  const says = `${who} agree on ${percent(tiesOut)} of pairs`;
  if (interval === null) return says;
  if (interval.low > PAPER_AGREEMENT) return `${says}, more than InstructGPT's labelers`;
  if (interval.high < PAPER_AGREEMENT) return `${says}, less than InstructGPT's labelers`;
  return `${says}, about as InstructGPT's labelers`;
}

export function selfFinding({ repeats }: QualityReport): string {
  const { tiesOut } = repeats.share;
  if (repeats.raters.length === 0) {
    return "Self-agreement needs an item that one person ranked twice: 0 so far";
  }
  if (tiesOut === null) return "No repeated pair was ordered twice";
  return `${repeats.raters.length === 1 ? "This person repeats" : "People repeat"} themselves on ${percent(tiesOut)} of pairs`;
}

export function positionFinding({ n, test, groups }: PositionBias): string {
  if (test === null) {
    return n < POSITION_MINIMUM
      ? `Position bias needs ${POSITION_MINIMUM} rankings with one best answer: ${n} so far`
      : "Position bias needs more rankings of the same number of answers";
  }
  if (test.p >= POSITION_ALARM) return "No sign that the place on screen decides";
  const { places = [], answers = 1 } = groups[0] ?? {};
  const far = places
    .map(({ share }, i) => ({ i, share, far: Math.abs(share - 1 / answers) }))
    .sort((x, y) => y.far - x.far)[0];
  if (far === undefined) return "The place on screen decides";
  return `The place on screen decides: the ${ordinal(far.i + 1)} is best ${percent(far.share)} of the time, not ${percent(1 / answers)}`;
}

/** "1st", "2nd", "3rd", "4th". */
export function ordinal(n: number): string {
  return `${n}${["th", "st", "nd", "rd"][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? "th"}`;
}

export function strengthFinding({ players, problem }: Strengths): string {
  const [first, second] = players;
  if (problem !== "" || first === undefined || second === undefined) return problem;
  const leads = modelName(first.player);
  if (first.interval === null || second.interval === null) return `${leads} leads`;
  return first.interval.low > second.interval.high
    ? `${leads} is the strongest`
    : `${leads} leads, but ${modelName(second.player)} may be as strong`;
}

export function tieFinding({ habits }: QualityReport): string {
  if (habits.pairs === 0) return "Ties need a ranking: 0 so far";
  return `${percent(habits.tied / habits.pairs)} of pairs are tied`;
}

export function timeFinding({ timing }: QualityReport): string {
  if (timing.timed === 0) return "Times need a ranking made here: 0 so far";
  const medians = timing.raters.map(({ median }) => median);
  const [low, high] = [Math.min(...medians), Math.max(...medians)].map(seconds);
  const odd = timing.flags.length === 0 ? "no outliers" : count(timing.flags.length, "outlier");
  const takes = low === high ? `${low ?? ""} at the median` : `${low ?? ""} to ${high ?? ""} by person's median`; // prettier-ignore
  return `A ranking takes ${takes}, ${odd}`;
}

export function goldFinding({ gold }: QualityReport): string {
  const silent = gold.filter(({ kind }) => kind === "silent");
  const list = silent.length > 0 ? silent : gold;
  if (list.length === 0) return "Gold scores need an item whose answer is known: 0 so far";
  const good = list.filter(({ share }) => share >= GOLD_PASS).length;
  const which = silent.length > 0 ? "silent gold" : "worked gold";
  return `${good} of ${list.length} ${list.length === 1 ? "person" : "people"} reach ${percent(GOLD_PASS)} on ${which}`;
}
