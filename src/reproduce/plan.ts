// Every stage of a form in the order of their inputs: models, then what they are asked, then the trials.
import { unitCosts } from "./costs.ts";
import type { UnitCosts } from "./costs.ts";
import { judgeOf, servedBy, sizeRun, variationsOf } from "./forms.ts";
import type { Form, Kind, Size } from "./forms.ts";
import { FOLDS, names } from "./names.ts";
import type { Scope } from "./scope.ts";
import type { Stage } from "./stage.ts";
import { promptedStage, selectStage } from "./stages-choosing.ts";
import {
  automaticStage,
  bestStage,
  customerStage,
  elementsStage,
  foldStage,
  variationSuite,
} from "./stages-measuring.ts";
import {
  baseStage,
  epochsStage,
  initStage,
  publicStage,
  rankingsStage,
  rewardStage,
  roundStages,
  runStage,
} from "./stages-training.ts";

/** All stages of a form. `shipped` gives the bytes of the page's base model. */
export async function stagesOf(
  form: Form,
  seeds: readonly number[],
  shipped: () => Uint8Array,
): Promise<Stage[]> {
  const stages: Stage[] = [];
  // whose reward model others may need, then larger models first: they take longest
  const rank = (size: Size): number => (size.name === form.studied ? Infinity : size.width);
  const sizes = [...form.sizes].sort((a, b) => rank(b) - rank(a));
  const scopes = new Map<string, UnitCosts>();
  for (const size of sizes) scopes.set(size.name, await unitCosts(form, size));
  for (const seed of seeds) {
    const own = sizes.map((size): Scope => {
      return { form, size, seed, cost: scopes.get(size.name) as UnitCosts, shipped };
    });
    for (const scope of own) stages.push(...beginnings(scope));
    for (const scope of own) stages.push(...(await sizeStages(scope)));
    const studied = own.filter(({ size }) => size.name === form.studied);
    for (const scope of studied) stages.push(...(await studiedStages(scope)));
  }
  return stages;
}

/** What a reward model is made from, of whatever size: bases, initial models, and rankings of their answers. */
function beginnings(scope: Scope): Stage[] {
  const { form, size } = scope;
  const stages = [baseStage(scope)];
  const judge = judgeOf(form, size);
  const ranked = judge === size || servedBy(form, judge).includes(size);
  if (ranked || size.kinds.includes("init")) stages.push(initStage(scope));
  if (ranked) stages.push(rankingsStage(scope));
  return stages;
}

async function sizeStages(scope: Scope): Promise<Stage[]> {
  const { form, size, seed } = scope;
  const stages = [customerStage(scope, "base"), automaticStage(scope, "base")];
  const has = (kind: Kind): boolean => size.kinds.includes(kind);
  if (has("public")) stages.push(publicStage(scope));
  if (size.judge === undefined) {
    stages.push(...(await roundStages(scope)), await rewardStage(scope));
  }
  if (has("sft")) stages.push(epochsStage(scope));
  if (has("sft")) stages.push(selectStage(scope));
  if (has("prompted")) stages.push(promptedStage(scope));
  const mains: [Kind, ptxCoefficient: number][] = [
    ["ppo", 0],
    ["ppo-ptx", form.ptxCoefficient],
  ];
  for (const [kind, ptxCoefficient] of mains) {
    if (!has(kind)) continue;
    const run = sizeRun(form, size, kind, ptxCoefficient);
    stages.push(await runStage(scope, names.model(size.name, kind, seed), run));
  }
  for (const kind of size.kinds) {
    stages.push(customerStage(scope, kind));
    if (kind !== "prompted") stages.push(automaticStage(scope, kind));
  }
  return stages;
}

/** Another initial model, and the reward model that begins with it: both read words as their own model does. */
async function mixStages(scope: Scope, mix: number): Promise<Stage[]> {
  const { size, seed } = scope;
  const init = names.initMix(size.name, mix, seed);
  return [
    initStage(scope, init, mix),
    await rewardStage(scope, names.rewardMix(size.name, mix, seed), init),
  ];
}

/** SFT once more with another dropout, and its checkpoints' rewards. */
function dropoutStages(scope: Scope, p: number): Stage[] {
  const { name } = scope.size;
  const [tuned, chosen] = [
    names.dropout(name, p, scope.seed),
    names.dropoutChosen(name, p, scope.seed),
  ];
  return [epochsStage(scope, tuned, p), selectStage(scope, chosen, tuned)];
}

/** What is varied at one size alone: sweeps, other methods, the reward model's trials. */
async function studiedStages(scope: Scope): Promise<Stage[]> {
  const { form, size, seed } = scope;
  const stages: Stage[] = form.bestPrompts > 0 ? [bestStage(scope)] : [];
  for (const mix of form.initMixes) stages.push(...(await mixStages(scope, mix)));
  for (const run of variationsOf(form)) {
    const name = names.variation(size.name, run.name, seed);
    const { rewardRounds: rounds } = run;
    const against =
      rounds === undefined
        ? undefined
        : { reward: names.roundReward(size.name, rounds, seed), rounds };
    stages.push(await runStage(scope, name, run, against));
    if (run.suite) stages.push(variationSuite(scope, run.name));
  }
  for (const p of form.dropoutTrials) stages.push(...dropoutStages(scope, p));
  if (form.pairRankings > 0) stages.push(await elementsStage(scope));
  if (form.foldRankings > 0) {
    for (let fold = 0; fold < FOLDS; fold++) stages.push(await foldStage(scope, fold));
  }
  return stages;
}
