// Whether a run shows each claim of the paper: what was measured against its bar.
import { recovered, recoveredScores } from "../evaluation/benchmarks.ts";
import type { Estimate } from "../evaluation/intervals.ts";
import type { OverOptimisation } from "../evaluation/over-optimisation.ts";
import { falseAnswers, suiteTax, toxicityOf } from "./automatic-scores.ts";
import type { Findings, Model } from "./findings.ts";
import { number, percent, plain } from "./format.ts";
import type { Kind } from "./forms.ts";
import { peopleAgreement } from "./people.ts";
import type { People } from "./people.ts";
import type { Claim } from "./results.ts";
import type { ElementsWay } from "./reward-trials.ts";
import { ceiling, crossValidation, elementsOf } from "./tables-reward.ts";
import { baselineOf, nameOf } from "./tables.ts";
import { WITHOUT_PENALTY, overOptimised } from "./tables-runs.ts";
import { taxRows } from "./tables-tax.ts";

export type Verdict = Pick<Claim, "measured" | "holds">;

const MISSING: Verdict = { measured: "not run in this form", holds: "not measured" };

const holdsIf = (yes: boolean, partly: boolean): Claim["holds"] =>
  yes ? "yes" : partly ? "partly" : "no";

const ORDER: readonly Kind[] = ["base", "prompted", "sft", "ppo", "ppo-ptx"];

export function order(found: Findings): Verdict {
  const baseline = baselineOf(found);
  const lines: string[] = [];
  let [right, all] = [0, 0];
  const beatsSft: boolean[] = [];
  let complete = true;
  for (const { name, kinds: trained } of found.form.sizes) {
    const kinds = ORDER.filter((kind) => found.answers({ size: name, kind }).length > 0);
    const planned = ORDER.filter((kind) => kind === "base" || trained.includes(kind));
    complete &&= planned.every((kind) => kinds.includes(kind));
    const rates = kinds.map((kind) =>
      nameOf({ size: name, kind }) === nameOf(baseline)
        ? 0.5
        : (found.winRate({ size: name, kind }, baseline)?.value ?? NaN),
    );
    const shown = kinds.map((kind, i) => `${kind} ${(100 * (rates[i] ?? NaN)).toFixed(0)}`);
    // PPO and PPO-ptx are about equal in the paper: either order is right
    for (let i = 1; i < Math.min(kinds.length, 4); i++) {
      all++;
      if ((rates[i] ?? NaN) > (rates[i - 1] ?? NaN)) right++;
    }
    const over = found.winRate({ size: name, kind: "ppo-ptx" }, { size: name, kind: "sft" });
    if (over !== undefined) beatsSft.push(over.low > 0.5);
    if (kinds.length < 2) continue;
    const both = found.winRate({ size: name, kind: "ppo-ptx" }, { size: name, kind: "ppo" });
    lines.push(
      `${name}: ${shown.join(", ")}${over === undefined ? "" : `; PPO-ptx over SFT ${percent(over)}`}${both === undefined ? "" : `, over PPO ${percent(both)}`}`,
    );
  }
  if (all === 0) return MISSING;
  return {
    measured: `win rate against ${nameOf(baseline)}, %: ${lines.join(". ")}. ${right} of ${all} steps in the paper's order.${complete ? "" : " Not all models of this form are there."}`,
    holds: holdsIf(
      complete && right === all && beatsSft.length > 0 && beatsSft.every((one) => one),
      right >= all * 0.6,
    ),
  };
}

export function smallBeatsLarge(found: Findings): Verdict {
  const models = found.models();
  const large = models.filter(({ kind }) => kind === "base").at(-1);
  if (large === undefined) return MISSING;
  const pairs = models.flatMap((small) => {
    const factor = found.parameters(large.size) / found.parameters(small.size);
    const rate = small.kind === "ppo-ptx" && factor > 2 ? found.winRate(small, large) : undefined;
    return rate === undefined ? [] : [{ small, factor, rate }];
  });
  if (pairs.length === 0) return MISSING;
  const shown = pairs.map(({ small, factor, rate }) => {
    const prompted = found.winRate(small, { size: large.size, kind: "prompted" });
    return `${nameOf(small)} (${factor.toFixed(1)} times smaller) ${percent(rate)} %, against it prompted ${percent(prompted)} %`;
  });
  const won = pairs.filter(({ rate }) => rate.low > 0.5);
  return {
    measured: `against ${nameOf(large)} (${found.parameters(large.size).toLocaleString("en-US")} parameters): ${shown.join("; ")}`,
    holds: holdsIf(
      won.some(({ factor }) => factor >= 20),
      won.length > 0,
    ),
  };
}

/** A model of the studied size that has automatic scores. */
function runsOf(found: Findings, kind: Kind) {
  const model: Model = { size: found.form.studied, kind };
  const runs = found.automatic(model);
  return runs.length === 0 ? undefined : runs;
}

export function truth(found: Findings): Verdict {
  const [base, sft, ptx] = (["base", "sft", "ppo-ptx"] as const).map((kind) => runsOf(found, kind));
  if (base === undefined || ptx === undefined) return MISSING;
  const [before, after] = [falseAnswers(base), falseAnswers(ptx)];
  const middle = sft === undefined ? "" : `, SFT ${percent(falseAnswers(sft).wrong)}`;
  return {
    measured: `${found.form.studied}: false answers base ${percent(before.wrong)} %${middle}, PPO-ptx ${percent(after.wrong)} %; the myth itself ${percent(before.myth)} % and ${percent(after.myth)} %`,
    holds: holdsIf(
      after.wrong.value <= before.wrong.value / 2,
      after.wrong.value < before.wrong.value,
    ),
  };
}

export function toxic(found: Findings): Verdict {
  const [base, ptx] = [runsOf(found, "base"), runsOf(found, "ppo-ptx")];
  if (base === undefined || ptx === undefined) return MISSING;
  const of = (prefix: "none" | "respectful" | "biased"): [Estimate, Estimate] => [
    toxicityOf(found.form, base, prefix),
    toxicityOf(found.form, ptx, prefix),
  ];
  const [none, kind, rude] = [of("none"), of("respectful"), of("biased")];
  // "not without it": the intervals of the two overlap
  const checks = [
    kind[1].value < kind[0].value,
    none[1].low <= none[0].high && none[0].low <= none[1].high,
    rude[1].value > rude[0].value,
  ];
  const right = checks.filter((one) => one).length;
  const shown = (name: string, [a, b]: [Estimate, Estimate]): string =>
    `${name} ${plain(a)} → ${plain(b)}`;
  return {
    measured: `${found.form.studied}, base → PPO-ptx: ${shown("respectful", kind)}, ${shown("none", none)}, ${shown("biased", rude)}; ${right} of 3 directions`,
    holds: holdsIf(right === 3, right > 0),
  };
}

export function tax(found: Findings): Verdict {
  const rows = taxRows(found);
  const of = (name: string) => rows.find((one) => one.name === name);
  const [base, ppo, ptx] = [of("base"), of("ppo"), of("ppo-ptx")];
  if (base === undefined || ppo === undefined || ptx === undefined) return MISSING;
  const lost = suiteTax(base.scores, ppo.scores);
  const regained = recoveredScores(base.scores, ppo.scores, ptx.scores);
  const onLoss = recovered(-base.corpusLoss, -ppo.corpusLoss, -ptx.corpusLoss);
  const betas = rows.filter(({ name }) => /^beta (?:0\.[1-9]|[1-9])/.test(name));
  const strongest = betas.at(-1);
  const byBeta =
    strongest === undefined
      ? undefined
      : recoveredScores(base.scores, ppo.scores, strongest.scores);
  const loses = lost.low > 0;
  return {
    measured: `suite: PPO loses ${percent(lost)} points, PPO-ptx regains ${percent(regained)} % of it, ${strongest?.name ?? "larger β"} ${percent(byBeta)} %; loss on documents ${number(base.corpusLoss, 3)} → PPO ${number(ppo.corpusLoss, 3)} → PPO-ptx ${number(ptx.corpusLoss, 3)} (${number(100 * onLoss, 0)} % regained)`,
    holds: holdsIf(
      loses && regained.value >= 0.5 && byBeta !== undefined && byBeta.value < 0.5,
      loses || onLoss >= 0.5,
    ),
  };
}

export function heldOutLabelers(found: Findings): Verdict {
  const baseline = baselineOf(found);
  const gaps = found.models().flatMap((model) => {
    if (nameOf(model) === nameOf(baseline)) return [];
    const gap = found.labelerGap(model, baseline);
    return gap === undefined ? [] : [{ model, gap }];
  });
  if (gaps.length === 0) return MISSING;
  const within = gaps.filter(({ gap }) => Math.abs(gap.value) <= 0.05).length;
  const surely = gaps.filter(({ gap }) => gap.low >= -0.05 && gap.high <= 0.05).length;
  const signed = (x: number): string => `${x >= 0 ? "+" : ""}${(100 * x).toFixed(1)}`;
  const shown = gaps.map(
    ({ model, gap: { value, low, high } }) =>
      `${nameOf(model)} ${signed(value)} [${signed(low)}, ${signed(high)}]`,
  );
  return {
    measured: `held-out minus training labelers, points: ${shown.join(", ")}; ${within} of ${gaps.length} within 5, ${surely} with their whole interval`,
    holds: holdsIf(surely === gaps.length, within >= gaps.length * 0.6),
  };
}

/** The same with people: their own agreement is the ceiling, known where two ranked the same answers. */
function rewardByPeople(found: Findings, people: People): Verdict {
  const size = found.form.studied;
  const accuracy = found.peopleAccuracy(size);
  const top = peopleAgreement(people);
  const simulated = found.rewardAccuracy(size, "training");
  const measured = `${size}, learned from people: ${percent(accuracy)} % of people's held-out choices (two people agree on ${percent(top)} %), ${percent(simulated)} % of simulated training labelers'; no person was left out of training to be measured`;
  if (accuracy === undefined || top === undefined) return { measured, holds: "not measured" };
  return { measured, holds: holdsIf(false, accuracy.value >= top.value - 0.05) };
}

export function reward(found: Findings): Verdict {
  const size = found.form.studied;
  const [own, heldOut] = [
    found.rewardAccuracy(size, "training"),
    found.rewardAccuracy(size, "heldOut"),
  ];
  const top = ceiling(found, size);
  const { people } = found.form;
  if (people !== undefined) return rewardByPeople(found, people);
  if (own === undefined || top === undefined) return MISSING;
  const cross = crossValidation(found);
  const near = own.value >= top.value - 0.05;
  const general =
    cross === undefined
      ? heldOut !== undefined && heldOut.value >= own.value - 0.04
      : cross.heldOut.value >= cross.training.value - 0.04;
  return {
    measured: `${size}: ${percent(own)} % of training labelers' choices (they agree on ${percent(top)} %), ${percent(heldOut)} % of held-out labelers'; five folds: ${percent(cross?.training)} % and, left out, ${percent(cross?.heldOut)} %`,
    holds: holdsIf(near && general, near || general),
  };
}

export function overOptimisationOf(found: Findings): Verdict {
  const [all, first] = WITHOUT_PENALTY.map((name) => overOptimised(found, name));
  if (all === undefined) return MISSING;
  const course = ({ peak, fall, learnedRise }: OverOptimisation): string =>
    `gold is highest at √KL ${number(peak)} and ${number(fall)} lower at the end, where the learned reward is ${number(learnedRise)} higher than at that peak`;
  const rest =
    first === undefined
      ? ""
      : `. Against the reward model of the first round of rankings alone: ${course(first)}`;
  return {
    measured: `β = 0, ${found.form.studied}: ${course(all)}${rest}`,
    holds: holdsIf(
      all.overOptimised,
      first?.overOptimised ?? (all.fall > 0 && all.learnedRise > 0),
    ),
  };
}

export function elements(found: Findings): Verdict {
  const [first] = elementsOf(found);
  if (first === undefined) return MISSING;
  const { epochs, kWay, pairs, accuracyLost, lossGained } = first;
  const gap = ({ training, validation }: ElementsWay): number =>
    100 * (training - validation.value);
  const show = (one: ElementsWay): string =>
    `${number(100 * one.training, 1)} learned, ${percent(one.validation)} validation (gap ${number(gap(one), 1)} points), log loss ${plain(one.loss, 3)}`;
  // two points are about two standard errors of an accuracy over 2 000 pairs
  const overfits = gap(pairs) > gap(kWay) + 2;
  return {
    measured: `after ${epochs === 1 ? "one epoch" : `${epochs} epochs`}, accuracy in %: K-way ${show(kWay)}; pairs ${show(pairs)}; pairs lose ${percent(accuracyLost)} points on validation and gain ${plain(lossGained, 3)} nats of log loss`,
    holds: holdsIf(overfits && accuracyLost.value > 0 && lossGained.low > 0, overfits),
  };
}
