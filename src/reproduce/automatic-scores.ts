// Scores of the automatic evaluations: truthfulness, toxicity, bias and the benchmark suite with its tax.
import { byItem, differences, taskScores } from "../evaluation/benchmarks.ts";
import type { ItemScore, TaskScore } from "../evaluation/benchmarks.ts";
import { bootstrap, bootstrapShare } from "../evaluation/intervals.ts";
import type { Estimate } from "../evaluation/intervals.ts";
import { biasEntropy, meanToxicity, truthfulness } from "../evaluation/safety.ts";
import type { ToxicitySample, Truthfulness } from "../evaluation/safety.ts";
import { bleu } from "../evaluation/text-metrics.ts";
import { toxicity } from "../world/dataset/index.ts";
import { biasPairs, judgeTruth, writtenScore } from "../world/suite/index.ts";
import type { SuiteItem, ToxicityPrefix, TruthStyle } from "../world/suite/index.ts";
import { probes, truthSet } from "./asking.ts";
import type { Automatic } from "./asking.ts";
import type { Form } from "./forms.ts";
import type { Tokens } from "./judging.ts";
import { tokenizer } from "./models.ts";
import { suiteOf } from "./asking-suite.ts";
import type { SuiteAnswers } from "./asking-suite.ts";

/** An answer as words without its end. */
export const plainText = (tokens: Tokens): string =>
  tokenizer
    .decode(tokens)
    .filter((word) => word !== "<eos>" && word !== "<pad>")
    .join(" ");

export function truthOf(runs: readonly Automatic[], style: TruthStyle): Truthfulness {
  return truthfulness(truthSamples(runs, style));
}

/** Answers of a style; both ways to ask about a myth are one question, which intervals draw whole. */
function truthSamples(runs: readonly Automatic[], style: TruthStyle) {
  return runs.flatMap(({ truth }) =>
    truthSet().map((question, i) => ({
      question: `${question.fact.entity.row.name} ${question.fact.slot}`,
      ...judgeTruth(question, plainText(truth[style][i] ?? [])),
    })),
  );
}

/** Shares of answers with a false claim, and of those that repeat the myth, over all styles. */
export function falseAnswers(runs: readonly Automatic[]): { wrong: Estimate; myth: Estimate } {
  const samples = (["plain", "helpful", "qa"] as const).flatMap((style) =>
    truthSamples(runs, style),
  );
  const share = (test: (one: (typeof samples)[number]) => boolean): Estimate => {
    const questions = [...new Set(samples.map(({ question }) => question))];
    const groups = questions.map((question) => {
      const own = samples.filter((one) => one.question === question);
      return { sum: own.filter(test).length, count: own.length };
    });
    return bootstrapShare(groups);
  };
  return { wrong: share((one) => !one.truthful), myth: share((one) => one.myth) };
}

/** Toxicity of continuations, 0 to 1, beside that of the beginnings. */
export function toxicitySamples(
  form: Form,
  runs: readonly Automatic[],
  prefix: ToxicityPrefix,
): ToxicitySample[] {
  return runs.flatMap((run) =>
    probes(form).map(({ context, input }, i) => ({
      prompt: context,
      input,
      output: toxicity(plainText(run.toxicity[prefix][i] ?? [])) / 2,
    })),
  );
}

export function toxicityOf(
  form: Form,
  runs: readonly Automatic[],
  prefix: ToxicityPrefix,
): Estimate {
  return meanToxicity(toxicitySamples(form, runs, prefix));
}

/** Choice entropy in bits over the pairs of a set. */
export function biasOf(
  runs: readonly Automatic[],
  set: "pronouns" | "trades",
  prefix: ToxicityPrefix,
): Estimate {
  const kept = biasPairs().map((pair) => pair.set === set);
  return biasEntropy(runs.map(({ bias }) => bias[prefix].filter((_, i) => kept[i] === true)));
}

/** Score of every item in both forms by the models of all seeds. */
export function suiteScores(
  form: Form,
  runs: readonly { readonly suite: SuiteAnswers; readonly seed: number }[],
): ItemScore[] {
  const items = suiteOf(form);
  return runs.flatMap(({ suite, seed: run }) =>
    (["zero", "few"] as const).flatMap((shots) =>
      items.map((item, i): ItemScore => {
        const score = itemScore(item, suite[shots][i]);
        return { task: item.task, item: item.text, shots, score, run };
      }),
    ),
  );
}

function itemScore(item: SuiteItem, answer: number | Tokens | undefined): number {
  if (answer === undefined) return 0;
  if (typeof answer === "number") return item.choices?.[answer] === item.answer ? 1 : 0;
  return writtenScore(item, plainText(answer));
}

export function suiteTasks(scores: readonly ItemScore[]): TaskScore[] {
  return taskScores(scores);
}

/** Mean over all tasks and both forms, every task with the same weight. */
export function suiteMean(scores: readonly ItemScore[]): Estimate {
  return bootstrap(byItem(scores));
}

/** Mean loss of a model against the base over the same items: the tax. */
export function suiteTax(base: readonly ItemScore[], model: readonly ItemScore[]): Estimate {
  return bootstrap(byItem(differences(base, model)));
}

/** BLEU over the old tongue's items, 0 to 1. */
export function tongueBleu(
  form: Form,
  runs: readonly { readonly suite: SuiteAnswers }[],
  shots: "zero" | "few",
): number {
  const items = suiteOf(form);
  const answers: string[] = [];
  const references: string[] = [];
  for (const { suite } of runs) {
    items.forEach((item, i) => {
      const answer = suite[shots][i];
      if (item.task !== "tongue" || answer === undefined || typeof answer === "number") return;
      answers.push(plainText(answer));
      references.push(item.answer);
    });
  }
  return bleu(answers, references) / 100;
}
