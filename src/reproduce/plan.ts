// Every stage of a form in the order of their inputs: models, then what they are asked.
import type { GptConfig } from "../model/gpt.ts";
import { NL, Rng } from "../world/index.ts";
import { askAutomatic, askCustomers, askSuiteAlone, firstLine, prefixed } from "./asking.ts";
import type { Prefix } from "./asking.ts";
import { unitCosts } from "./costs.ts";
import type { UnitCosts } from "./costs.ts";
import { corpusRows, promptTokens, publicRows, worldData } from "./data.ts";
import { variation } from "./forms.ts";
import type { Form, Kind, Size, Variation } from "./forms.ts";
import { compareElements, foldReward } from "./reward-trials.ts";
import { bestOfMany } from "./best-of.ts";
import { configOf, openSampler } from "./models.ts";
import { reinforce } from "./reinforce.ts";
import { makeRankings, makeReward, openJudge } from "./reward.ts";
import type { Rankings } from "./reward.ts";
import { jsonOf } from "./stage.ts";
import type { Artefact, Stage, Work } from "./stage.ts";
import { fineTune, pretrain, stepsOf } from "./training.ts";

export const FOLDS = 5;

/** Names of stages, so that nobody spells them twice. */
export const names = {
  base: (size: string, seed: number) => `${size}/base/${seed}`,
  init: (size: string, seed: number) => `${size}/init/${seed}`,
  epochs: (size: string, seed: number) => `${size}/sft-epochs/${seed}`,
  rankings: (size: string, seed: number) => `${size}/rankings/${seed}`,
  reward: (size: string, seed: number) => `${size}/reward/${seed}`,
  model: (size: string, kind: Kind, seed: number) => `${size}/${kind}/${seed}`,
  customers: (size: string, kind: Kind, seed: number) => `${size}/${kind}/${seed}/customers`,
  automatic: (size: string, kind: Kind, seed: number) => `${size}/${kind}/${seed}/automatic`,
  variation: (size: string, name: string, seed: number) => `${size}/${name}/${seed}`,
  variationSuite: (size: string, name: string, seed: number) => `${size}/${name}/${seed}/suite`,
  fold: (size: string, fold: number, seed: number) => `${size}/reward-fold-${fold}/${seed}`,
  elements: (size: string, seed: number) => `${size}/reward-elements/${seed}`,
  best: (size: string, seed: number) => `${size}/best-of-n/${seed}`,
};

const values = (artefact: Artefact): Float32Array => {
  const found = artefact.tensors["values"];
  if (found === undefined) throw new Error("reproduce: a model without weights");
  return found;
};

/** Everything that stages of one size and seed share. */
interface Scope {
  readonly form: Form;
  readonly size: Size;
  readonly seed: number;
  readonly cost: UnitCosts;
  readonly shipped: () => Uint8Array;
}

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
    for (const scope of own) stages.push(...(await sizeStages(scope)));
    const studied = own.filter(({ size }) => size.name === form.studied);
    for (const scope of studied) stages.push(...(await studiedStages(scope)));
  }
  return stages;
}

async function sizeStages(scope: Scope): Promise<Stage[]> {
  const { form, size, seed } = scope;
  const stages = [baseStage(scope), customerStage(scope, "base"), automaticStage(scope, "base")];
  const has = (kind: Kind): boolean => size.kinds.includes(kind);
  if (has("public")) stages.push(publicStage(scope));
  if (size.judge === undefined) {
    stages.push(initStage(scope), rankingsStage(scope), await rewardStage(scope));
  }
  if (has("sft")) stages.push(epochsStage(scope));
  if (has("sft")) stages.push(selectStage(scope));
  if (has("prompted")) stages.push(promptedStage(scope));
  const mains: [Kind, Partial<Variation>][] = [
    ["ppo", {}],
    ["ppo-ptx", { ptxCoefficient: form.ptxCoefficient }],
  ];
  for (const [kind, changes] of mains) {
    if (!has(kind)) continue;
    const { iterations, klCoefficient, rewardLimit } = form;
    const run = variation(kind, { iterations, klCoefficient, rewardLimit, ...changes });
    stages.push(await runStage(scope, names.model(size.name, kind, seed), run));
  }
  for (const kind of size.kinds) {
    stages.push(customerStage(scope, kind));
    if (kind !== "prompted") stages.push(automaticStage(scope, kind));
  }
  return stages;
}

/** What is varied at one size alone: sweeps, other methods, the reward model's trials. */
async function studiedStages(scope: Scope): Promise<Stage[]> {
  const { form, size, seed } = scope;
  const stages: Stage[] = form.bestPrompts > 0 ? [bestStage(scope)] : [];
  for (const run of form.variations) {
    const name = names.variation(size.name, run.name, seed);
    stages.push(await runStage(scope, name, run));
    if (run.suite) stages.push(variationSuite(scope, run.name));
  }
  if (form.pairRankings > 0) stages.push(await elementsStage(scope));
  if (form.foldRankings > 0) {
    for (let fold = 0; fold < FOLDS; fold++) stages.push(await foldStage(scope, fold));
  }
  return stages;
}

/** Settings that every stage of a size depends on. */
function sizeSettings({ size, seed }: Scope): object {
  const { width, layers, heads } = size;
  return { width, layers, heads, seed };
}

function baseStage(scope: Scope): Stage {
  const { size, seed, cost, shipped } = scope;
  const { start, steps, rate } = size;
  return {
    name: names.base(size.name, seed),
    settings: jsonOf({ ...sizeSettings(scope), start, steps, rate }),
    inputs: [],
    flops: steps * cost.update + 12 * cost.loss,
    run: (work) => pretrain(work, size, seed, shipped),
  };
}

function tuneStage(
  scope: Scope,
  name: string,
  { rows, settings, epochs, checkpoints = [] }: TuneSettings,
): Stage {
  const { size, seed, cost } = scope;
  const base = names.base(size.name, seed);
  return {
    name,
    settings: jsonOf({
      ...sizeSettings(scope),
      ...settings,
      epochs,
      checkpoints,
      rate: size.sftRate,
    }),
    inputs: [base],
    flops: epochs * stepsOf(rows()) * cost.update + 12 * cost.loss,
    run: (work) => {
      const tuning = { epochs, rate: size.sftRate, seed: seed + 78, checkpoints };
      return fineTune(work, configOf(size), values(work.input(base)), rows(), tuning);
    },
  };
}

interface TuneSettings {
  readonly rows: () => ReturnType<typeof publicRows>;
  readonly settings: object;
  readonly epochs: number;
  readonly checkpoints?: readonly number[];
}

function dataSettings({ scale, demonstrations, answers, columns }: Form): object {
  return { scale, demonstrations, answers, columns };
}

function initStage(scope: Scope): Stage {
  const { form, size, seed } = scope;
  const { initEpochs: epochs, initMix } = form;
  const rows = () => {
    const demonstrations = worldData(form).demonstrations;
    const corpus = corpusRows(3000 + seed);
    const mixed = Math.round(demonstrations.length * initMix);
    return [...demonstrations, ...Array.from({ length: mixed }, () => corpus.next().value)];
  };
  const settings = { ...dataSettings(form), initMix };
  return tuneStage(scope, names.init(size.name, seed), { rows, settings, epochs });
}

function epochsStage(scope: Scope): Stage {
  const { form, size, seed } = scope;
  const { sftEpochs: epochs } = size;
  const checkpoints = [...new Set([Math.ceil(epochs / 4), Math.ceil(epochs / 2), epochs])];
  const rows = () => [...worldData(form).demonstrations];
  const settings = dataSettings(form);
  return tuneStage(scope, names.epochs(size.name, seed), { rows, settings, epochs, checkpoints });
}

function publicStage(scope: Scope): Stage {
  const { form, size, seed } = scope;
  const rows = () => publicRows(4000 + seed, form.publicRows);
  const settings = { rows: form.publicRows };
  const name = names.model(size.name, "public", seed);
  return tuneStage(scope, name, { rows, settings, epochs: form.publicEpochs });
}

function rankingsStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const { rankings, validationRankings, answers } = form;
  const init = names.init(size.name, seed);
  return {
    name: names.rankings(size.name, seed),
    settings: jsonOf({ ...dataSettings(form), rankings, validationRankings, seed }),
    inputs: [init],
    flops: (rankings + validationRankings) * answers[1] * cost.rankedAnswer,
    run: (work) => makeRankings(work, form, configOf(size), values(work.input(init)), seed),
  };
}

async function rewardStage(scope: Scope): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const { rankings, validationRankings, answers, rewardEpochs } = form;
  const [init, ranked] = [names.init(size.name, seed), names.rankings(size.name, seed)];
  const judged = validationRankings * answers[1] + 200;
  return {
    name: names.reward(size.name, seed),
    settings: jsonOf({ rewardEpochs, head: "all rankings", seed }),
    inputs: [init, ranked],
    flops: rankings * rewardEpochs * (await cost.ranking(answers[1])) + judged * cost.judged,
    run: (work) => {
      const found = work.input(ranked).data as unknown as Rankings;
      return makeReward(work, form, configOf(size), values(work.input(init)), found, seed);
    },
  };
}

/** Who chooses for a size: its config, and the names of its reward model and of what that began with. */
function judgeOf({ form, size, seed }: Scope): { config: GptConfig; inputs: [string, string] } {
  const judge = form.sizes.find(({ name }) => name === size.judge) ?? size;
  const inputs: [string, string] = [names.init(judge.name, seed), names.reward(judge.name, seed)];
  return { config: configOf(judge), inputs };
}

/** The SFT checkpoint whose samples the reward model likes best (C.1). */
function selectStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const by = judgeOf(scope);
  const inputs = [names.epochs(size.name, seed), ...by.inputs];
  return {
    name: names.model(size.name, "sft", seed),
    settings: jsonOf({ prompts: VALIDATED, seed }),
    inputs,
    flops: 3 * VALIDATED * (cost.answer + cost.judged),
    run: async (work) => {
      const [tuned, init, reward] = inputs.map((name) => work.input(name)) as [
        Artefact,
        Artefact,
        Artefact,
      ];
      const judge = await openJudge(work.engine, by.config, values(init), reward);
      const scores: Record<string, number> = {};
      for (const [name, weights] of Object.entries(tuned.tensors)) {
        if (name === "values") continue;
        scores[name] = await meanReward(work, { form, size }, weights, judge, undefined);
        await work.progress(Object.keys(scores).length / 3, `${name}: ${scores[name].toFixed(2)}`);
      }
      const [chosen = "values"] = Object.keys(scores).sort(
        (a, b) => (scores[b] ?? 0) - (scores[a] ?? 0),
      );
      const weights = tuned.tensors[chosen] ?? values(tuned);
      return { data: jsonOf({ scores, chosen }), tensors: { values: weights } };
    },
  };
}

/** Validation prompts by which checkpoints and prefixes are chosen. */
const VALIDATED = 64;
const PREFIXES = 4;

async function meanReward(
  work: Work,
  { form, size }: Pick<Scope, "form" | "size">,
  weights: Float32Array,
  judge: Awaited<ReturnType<typeof openJudge>>,
  prefix: Prefix | undefined,
): Promise<number> {
  const prompts = worldData(form).validation.slice(0, VALIDATED).map(promptTokens);
  const sampler = await openSampler(work.engine, configOf(size), weights);
  const asked = prefix === undefined ? prompts : prompts.map((one) => prefixed(prefix, one));
  const answers = await sampler.sample(asked, 99);
  const items = answers.map(({ tokens }, i) => ({
    prompt: prompts[i] as Int32Array,
    tokens: prefix === undefined ? tokens : firstLine(tokens),
  }));
  const rewards = await judge(items);
  return rewards.reduce((sum, one) => sum + one, 0) / rewards.length;
}

/** The few-shot prefix whose answers the reward model likes best (the paper's GPT-3, prompted). */
function promptedStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const by = judgeOf(scope);
  const inputs = [names.base(size.name, seed), ...by.inputs];
  return {
    name: names.model(size.name, "prompted", seed),
    settings: jsonOf({ prompts: VALIDATED, prefixes: PREFIXES, seed }),
    inputs,
    flops: PREFIXES * VALIDATED * (cost.answer + cost.judged),
    run: async (work) => {
      const [base, init, reward] = inputs.map((name) => work.input(name)) as [
        Artefact,
        Artefact,
        Artefact,
      ];
      const judge = await openJudge(work.engine, by.config, values(init), reward);
      const tried: { prefix: Prefix; score: number }[] = [];
      for (let i = 0; i < PREFIXES; i++) {
        const prefix = candidatePrefix(form, i);
        tried.push({
          prefix,
          score: await meanReward(work, { form, size }, values(base), judge, prefix),
        });
        await work.progress((i + 1) / PREFIXES);
      }
      const best = tried.toSorted((a, b) => b.score - a.score)[0];
      const scores = tried.map(({ score }) => score);
      return {
        data: jsonOf({ prefix: best?.prefix ?? [], scores }),
        tensors: { values: values(base) },
      };
    },
  };
}

/** Two short demonstrations that can stand before a prompt. */
function candidatePrefix(form: Form, i: number): Prefix {
  const short = worldData(form).demonstrations.filter(({ tokens }) => tokens.length <= 22);
  const shown = new Rng(600 + i).sample(short, 2);
  return shown.map(({ tokens }) => [...Array.from(tokens).slice(1, -1), NL]);
}

async function runStage(scope: Scope, name: string, run: Variation): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const [init, reward, rankings] = [
    names.init(size.name, seed),
    names.reward(size.name, seed),
    names.rankings(size.name, seed),
  ];
  const { batch, minibatches, emaDecay } = form;
  const { policyRate } = size;
  return {
    name,
    settings: jsonOf({
      ...run,
      ...dataSettings(form),
      batch,
      minibatches,
      emaDecay,
      policyRate,
      seed,
    }),
    inputs: [init, reward, rankings],
    flops: await cost.run(run),
    run: (work) =>
      reinforce(work, form, size, run, {
        init: values(work.input(init)),
        reward: work.input(reward),
        rankings: work.input(rankings).data as unknown as Rankings,
        seed,
      }),
  };
}

function askedSettings(form: Form): object {
  const { heldOutPrompts, trainingPrompts, probesPerLevel, suitePerLevel } = form;
  return { ...dataSettings(form), heldOutPrompts, trainingPrompts, probesPerLevel, suitePerLevel };
}

function customerStage(scope: Scope, kind: Kind): Stage {
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

function automaticStage(scope: Scope, kind: Kind): Stage {
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

function variationSuite(scope: Scope, run: string): Stage {
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

async function foldStage(scope: Scope, fold: number): Promise<Stage> {
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

async function elementsStage(scope: Scope): Promise<Stage> {
  const { form, size, seed, cost } = scope;
  const [init, ranked] = [names.init(size.name, seed), names.rankings(size.name, seed)];
  const { pairRankings, pairEpochs, validationRankings, answers } = form;
  const [least, most] = answers;
  const K = (least + most) / 2;
  const kWay = await cost.ranking(most);
  const pairs = ((K * (K - 1)) / 2) * 0.8 * (await cost.ranking(2));
  return {
    name: names.elements(size.name, seed),
    settings: jsonOf({ pairRankings, pairEpochs, head: "all rankings", seed }),
    inputs: [init, ranked],
    flops:
      pairRankings * pairEpochs * (kWay + pairs) +
      2 * validationRankings * most * pairEpochs * cost.judged,
    run: (work) => {
      const rankings = work.input(ranked).data as unknown as Rankings;
      return compareElements(work, scope, values(work.input(init)), rankings);
    },
  };
}

function bestStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const [init, reward] = [names.init(size.name, seed), names.reward(size.name, seed)];
  const { bestPrompts, bestSamples } = form;
  return {
    name: names.best(size.name, seed),
    settings: jsonOf({ bestPrompts, bestSamples, seed }),
    inputs: [init, reward],
    flops: bestPrompts * bestSamples * (cost.rankedAnswer + cost.judged),
    run: (work) => bestOfMany(work, scope, values(work.input(init)), work.input(reward)),
  };
}
