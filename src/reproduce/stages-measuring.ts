// Stages that measure: what models are asked, and the trials of the studied size.
import { askAutomatic, askCustomers, askSuiteAlone } from "./asking.ts";
import type { Prefix } from "./asking.ts";
import { bestOfMany } from "./best-of.ts";
import type { UnitCosts } from "./costs.ts";
import type { Form, Kind } from "./forms.ts";
import { configOf } from "./models.ts";
import { names } from "./names.ts";
import { compareElements, elementsEpochs, foldReward } from "./reward-trials.ts";
import { askedSettings, values } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { jsonOf } from "./stage.ts";
import type { Stage } from "./stage.ts";
import type { Rankings } from "./rankings.ts";

export function customerStage(scope: Scope, kind: Kind): Stage {
  const { form, size, seed, cost } = scope;
  const model = names.model(size.name, kind, seed);
  return {
    name: names.customers(size.name, kind, seed),
    settings: jsonOf(askedSettings(form)),
    inputs: [model],
    flops: (form.heldOutPrompts + form.trainingPrompts) * cost.answer,
    run: (work) => {
      const found = work.input(model);
      const prefix = kind === "prompted" ? (found.data as { prefix: Prefix }).prefix : undefined;
      return askCustomers(work, form, configOf(size), values(found), prefix);
    },
  };
}

const suiteCost = ({ suitePerLevel }: Form, cost: UnitCosts): number =>
  2 * suitePerLevel * 4 * (4 * cost.shortAnswer + 11 * cost.scored) + 12 * cost.loss;

export function automaticStage(scope: Scope, kind: Kind): Stage {
  const { form, size, seed, cost } = scope;
  const model = names.model(size.name, kind, seed);
  const asked = 72 * cost.shortAnswer + 9 * form.probesPerLevel * cost.answer + 648 * cost.scored;
  return {
    name: names.automatic(size.name, kind, seed),
    settings: jsonOf(askedSettings(form)),
    inputs: [model],
    flops: asked + suiteCost(form, cost),
    run: (work) => askAutomatic(work, form, configOf(size), values(work.input(model))),
  };
}

export function variationSuite(scope: Scope, run: string): Stage {
  const { form, size, seed, cost } = scope;
  const model = names.variation(size.name, run, seed);
  return {
    name: names.variationSuite(size.name, run, seed),
    settings: jsonOf(askedSettings(form)),
    inputs: [model],
    flops: suiteCost(form, cost),
    run: (work) => askSuiteAlone(work, form, configOf(size), values(work.input(model))),
  };
}

export async function foldStage(scope: Scope, fold: number): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const [init, ranked] = [names.init(size.name, seed), names.rankings(size.name, seed)];
  const { foldRankings, validationRankings, answers } = form;
  return {
    name: names.fold(size.name, fold, seed),
    settings: jsonOf({ fold, foldRankings, head: "all rankings", seed }),
    inputs: [init, ranked],
    flops:
      foldRankings * (await cost.ranking(answers[1])) +
      validationRankings * answers[1] * cost.judged,
    run: (work) => {
      const rankings = work.input(ranked).data as unknown as Rankings;
      return foldReward(work, scope, values(work.input(init)), rankings, fold);
    },
  };
}

export async function elementsStage(scope: Scope): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const [init, ranked] = [names.init(size.name, seed), names.rankings(size.name, seed)];
  const { pairRankings, pairEpochs, validationRankings, answers } = form;
  const lengths = elementsEpochs(form);
  const epochs = lengths.reduce((sum, one) => sum + one, 0);
  const [least, most] = answers;
  const K = (least + most) / 2;
  const kWay = await cost.ranking(most);
  const pairs = ((K * (K - 1)) / 2) * 0.8 * (await cost.ranking(2));
  return {
    name: names.elements(size.name, seed),
    settings: jsonOf({ pairRankings, pairEpochs, head: "all rankings", counts: "each", seed }),
    inputs: [init, ranked],
    flops:
      pairRankings * epochs * (kWay + pairs) +
      2 * (pairRankings + validationRankings) * most * lengths.length * cost.judged,
    run: (work) => {
      const rankings = work.input(ranked).data as unknown as Rankings;
      return compareElements(work, scope, values(work.input(init)), rankings);
    },
  };
}

export function bestStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const [init, reward] = [names.init(size.name, seed), names.reward(size.name, seed)];
  const { bestPrompts, bestSamples } = form;
  return {
    name: names.best(size.name, seed),
    settings: jsonOf({ bestPrompts, bestSamples, padding: "left out", seed }),
    inputs: [init, reward],
    flops: bestPrompts * bestSamples * (cost.rankedAnswer + cost.judged),
    run: (work) => bestOfMany(work, scope, values(work.input(init)), work.input(reward)),
  };
}
