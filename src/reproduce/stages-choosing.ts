// Stages that choose by the reward model: the SFT checkpoint, and the few-shot prefix of "prompted".
import type { GptConfig } from "../model/gpt.ts";
import { NL, Rng } from "../world/index.ts";
import { prefixed } from "./asking.ts";
import type { Prefix } from "./asking.ts";
import { promptTokens, worldData } from "./data.ts";
import { judgeOf } from "./forms.ts";
import type { Form } from "./forms.ts";
import { configOf, openSampler } from "./models.ts";
import { names } from "./names.ts";
import { openJudge } from "./reward.ts";
import { values } from "./scope.ts";
import type { Scope } from "./scope.ts";
import { jsonOf } from "./stage.ts";
import type { Artefact, Stage, Work } from "./stage.ts";
import { firstLine } from "./asking-suite.ts";

/** Who chooses for a size: its config, and the names of its reward model and of what that began with. */
function rewardOf({ form, size, seed }: Scope): { config: GptConfig; inputs: [string, string] } {
  const judge = judgeOf(form, size);
  const inputs: [string, string] = [names.init(judge.name, seed), names.reward(judge.name, seed)];
  return { config: configOf(judge), inputs };
}

/** What is left of choosing a checkpoint besides its weights. */
export interface Chosen {
  /** mean reward of its samples, by checkpoint */
  readonly scores: Readonly<Record<string, number>>;
  readonly chosen: string;
}

/** The SFT checkpoint whose samples the reward model likes best (C.1). */
export function selectStage(
  scope: Scope,
  name: string = names.model(scope.size.name, "sft", scope.seed),
  from: string = names.epochs(scope.size.name, scope.seed),
): Stage {
  const { form, size, seed, cost } = scope;
  const by = rewardOf(scope);
  const inputs = [from, ...by.inputs];
  return {
    name,
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
export function promptedStage(scope: Scope): Stage {
  const { form, size, seed, cost } = scope;
  const by = rewardOf(scope);
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
