// What a model is asked in the evaluations, as stages: customers' prompts, probes, questions, the benchmark suite.
import { gptSpecs } from "../model/gpt.ts";
import { layOut } from "../model/parameters.ts";
import type { GptConfig } from "../model/gpt.ts";
import { LmTrainer } from "../rlhf/session/lm-trainer.ts";
import type { DataPrompt } from "../world/dataset/index.ts";
import { EOS } from "../world/index.ts";
import {
  TOXICITY_PREFIXES,
  TRUTH_STYLES,
  biasPairs,
  probePrompt,
  toxicityProbes,
  truthPrompt,
  truthQuestions,
} from "../world/suite/index.ts";
import type { ToxicityPrefix, TruthStyle } from "../world/suite/index.ts";
import { promptTokens, worldData } from "./data.ts";
import type { Form } from "./forms.ts";
import type { Tokens } from "./judging.ts";
import { CONTEXT, GREEDY, PROMPT_COLUMNS, Scorer, openSampler, tokenizer } from "./models.ts";
import type { Artefact, Json, Work } from "./stage.ts";
import { POSITIONS, corpusLoss } from "./training.ts";
import { SEED, SHORT, askSuite, firstLine } from "./asking-suite.ts";
import type { SuiteAnswers } from "./asking-suite.ts";

/** Answers to the prompts of customers. */
export interface CustomerAnswers {
  readonly heldOut: readonly Tokens[];
  readonly training: readonly Tokens[];
}

/** What the automatic evaluations found of a model. */
export interface Automatic {
  readonly corpusLoss: number;
  readonly truth: Readonly<Record<TruthStyle, readonly Tokens[]>>;
  readonly toxicity: Readonly<Record<ToxicityPrefix, readonly Tokens[]>>;
  /** log-probabilities of both completions of each pair, in nats, by prefix */
  readonly bias: Readonly<Record<ToxicityPrefix, readonly (readonly [number, number])[]>>;
  readonly suite: SuiteAnswers;
}

/** The few-shot prefix of "prompted": worked examples, each ready to stand before a prompt. */
export type Prefix = readonly (readonly number[])[];

/** A prompt behind as many of the prefix's examples as fit. */
export function prefixed(prefix: Prefix, prompt: Int32Array): number[] {
  const rest = Array.from(prompt).slice(1);
  for (let first = 0; first <= prefix.length; first++) {
    const before = prefix.slice(first).flat();
    if (1 + before.length + rest.length <= PROMPT_COLUMNS) return [EOS, ...before, ...rest];
  }
  return Array.from(prompt);
}

/** Asks the prompts of customers at temperature 1. */
export async function askCustomers(
  work: Work,
  form: Form,
  config: GptConfig,
  model: Float32Array,
  prefix: Prefix | undefined,
): Promise<Artefact> {
  const { heldOut, training } = worldData(form);
  const sampler = await openSampler(work.engine, config, model);
  const ask = async (prompts: readonly DataPrompt[], stream: number): Promise<Tokens[]> => {
    const encoded = prompts.map((one) =>
      prefix === undefined ? promptTokens(one) : prefixed(prefix, promptTokens(one)),
    );
    const answers = await sampler.sample(encoded, SEED, stream);
    return answers.map(({ tokens }) => (prefix === undefined ? tokens : firstLine(tokens)));
  };
  const first = await ask(heldOut, 0);
  await work.progress(0.6);
  const data: CustomerAnswers = { heldOut: first, training: await ask(training, 10_000) };
  return { data: data as unknown as Json, tensors: {} };
}

/** The prompts of the truthfulness set by style, and of the toxicity probes by prefix. */
export const truthSet = truthQuestions;

export const probes = (form: Form) => toxicityProbes(form.probesPerLevel, SEED);

const PREFIXES = Object.keys(TOXICITY_PREFIXES) as ToxicityPrefix[];

/** Runs the automatic evaluations of one model. */
export async function askAutomatic(
  work: Work,
  form: Form,
  config: GptConfig,
  model: Float32Array,
): Promise<Artefact> {
  const { engine } = work;
  const sampler = await openSampler(engine, config, model);
  const short = await openSampler(engine, config, model, { P: CONTEXT - SHORT, G: SHORT });
  const truth = {} as Record<TruthStyle, Tokens[]>;
  for (const style of TRUTH_STYLES) {
    const asked = truthQuestions().map((one) => tokenizer.encodePrompt(truthPrompt(one, style)));
    truth[style] = (await short.sample(asked, SEED, 0, GREEDY)).map(({ tokens }) =>
      firstLine(tokens),
    );
  }
  await work.progress(0.2, "truthfulness");
  const toxicity = {} as Record<ToxicityPrefix, Tokens[]>;
  for (const prefix of PREFIXES) {
    const asked = probes(form).map((one) => tokenizer.encodePrompt(probePrompt(one, prefix)));
    toxicity[prefix] = (await sampler.sample(asked, SEED)).map(({ tokens }) => firstLine(tokens));
  }
  await work.progress(0.5, "toxicity");
  const scorer = await Scorer.create(engine, config, model);
  const bias = await askBias(scorer);
  await work.progress(0.6, "bias");
  const suite = await askSuite(form, scorer, short);
  const data: Automatic = {
    corpusLoss: await lossOf(work, config, model),
    truth,
    toxicity,
    bias,
    suite,
  };
  return { data: data as unknown as Json, tensors: {} };
}

/** The suite and the loss on documents alone: what the sweeps are measured by. */
export async function askSuiteAlone(
  work: Work,
  form: Form,
  config: GptConfig,
  model: Float32Array,
): Promise<Artefact> {
  const { engine } = work;
  const scorer = await Scorer.create(engine, config, model);
  const short = await openSampler(engine, config, model, { P: CONTEXT - SHORT, G: SHORT });
  const data = {
    suite: await askSuite(form, scorer, short),
    corpusLoss: await lossOf(work, config, model),
  };
  return { data: data as unknown as Json, tensors: {} };
}

async function lossOf(work: Work, config: GptConfig, model: Float32Array): Promise<number> {
  const parameters = layOut("measured", gptSpecs(config), true);
  work.engine.memory.write(parameters.values, model);
  return corpusLoss(new LmTrainer(work.engine, config, parameters, POSITIONS));
}

async function askBias(scorer: Scorer): Promise<Automatic["bias"]> {
  const found = {} as Record<ToxicityPrefix, [number, number][]>;
  for (const prefix of PREFIXES) {
    const items = biasPairs().flatMap(({ context, completions }) => {
      const prompt = tokenizer.encodePrompt(probePrompt({ context, input: 0 }, prefix));
      return completions.map((text) => ({ prompt, tokens: Array.from(tokenizer.encode(text)) }));
    });
    const sums = await scorer.sums(items);
    found[prefix] = biasPairs().map((_, i) => [sums[2 * i] ?? NaN, sums[2 * i + 1] ?? NaN]);
  }
  return found;
}
