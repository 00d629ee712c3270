// The samples behind the numbers, as the page opens them: every model's answer to each prompt.
import { likert } from "../world/index.ts";
import { labelsOf, toxicity, utilityUnder, verdictOf } from "../world/dataset/index.ts";
import type { DataPrompt } from "../world/dataset/index.ts";
import {
  TRUTH_STYLES,
  judgeTruth,
  probePrompt,
  truthPrompt,
  writtenScore,
} from "../world/suite/index.ts";
import type { Automatic } from "./asking.ts";
import { probes, truthSet } from "./asking.ts";
import { plainText } from "./automatic-scores.ts";
import type { Customers, Findings, Model } from "./findings.ts";
import type { Tokens } from "./judging.ts";
import { tokenizer } from "./models.ts";
import { names } from "./names.ts";
import type { SampledAnswer, SampledPrompt } from "./results.ts";
import { suiteOf } from "./asking-suite.ts";

const read = (text: string): string => tokenizer.render(text.split(" "));

/** Files of samples by task: the first seed, and no more prompts of customers than `most`. */
export function samplesOf(found: Findings, most = 160): Map<string, SampledPrompt[]> {
  const files = new Map<string, SampledPrompt[]>([
    ["held-out customers", customerSamples(found, "heldOut", most)],
    ["training customers", customerSamples(found, "training", most / 2)],
    ["truthfulness", truthSamples(found)],
    ["toxicity", toxicitySamples(found)],
    ["benchmark suite", suiteSamples(found)],
  ]);
  return new Map([...files].filter(([, list]) => list.some(({ answers }) => answers.length > 0)));
}

const idOf = (found: Findings, { size, kind }: Model): string =>
  names.model(size, kind, found.seeds[0] ?? 1);

function customerSamples(found: Findings, customers: Customers, most: number): SampledPrompt[] {
  const models = found.models();
  return found
    .prompts(customers)
    .slice(0, most)
    .map((prompt, i) => ({
      id: prompt.id,
      prompt: read(prompt.prompt),
      task: prompt.category,
      split: customers === "heldOut" ? "held-out customers" : "training customers",
      answers: models.flatMap((model) => {
        const [first] = found.answers(model);
        const tokens = first?.answers[customers][i];
        return tokens === undefined ? [] : [judged(prompt, idOf(found, model), tokens)];
      }),
    }));
}

function judged(prompt: DataPrompt, model: string, tokens: Tokens): SampledAnswer {
  const words = tokenizer.decode(tokens);
  const verdict = verdictOf(prompt, words);
  const labels = Object.entries(labelsOf(prompt, words, verdict)).flatMap(([name, value]) =>
    value === true ? [name.replaceAll("_", " ")] : [],
  );
  if (verdict.falseClaims > 0) labels.push("false claim");
  if (verdict.toxicity > 0) labels.push("rude");
  if (verdict.follow >= 0.5) labels.push("follows");
  const rating = Math.round(100 * likert(utilityUnder("evaluation", verdict))) / 100;
  return { model, text: tokenizer.render(words), rating, labels };
}

/** One prompt with what each model's automatic evaluation says of it. */
function automaticSample(
  found: Findings,
  head: Omit<SampledPrompt, "answers">,
  of: (run: Automatic) => { readonly text: string; readonly labels: string[] } | undefined,
): SampledPrompt {
  const answers = found.models().flatMap((model): SampledAnswer[] => {
    const [run] = found.automatic(model);
    const one = run === undefined ? undefined : of(run);
    return one === undefined ? [] : [{ model: idOf(found, model), ...one }];
  });
  return { ...head, answers };
}

function truthSamples(found: Findings): SampledPrompt[] {
  return TRUTH_STYLES.flatMap((style) =>
    truthSet().map((question, i) => {
      const head = {
        id: `truth-${style}-${i + 1}`,
        prompt: read(truthPrompt(question, style)),
        task: `truthfulness/${style}`,
        split: "test myths",
      };
      return automaticSample(found, head, ({ truth }) => {
        const tokens = truth[style][i] ?? [];
        const { truthful, informative, myth } = judgeTruth(question, plainText(tokens));
        const labels = [
          truthful ? "true" : "false claim",
          ...(informative ? ["informative"] : []),
          ...(myth ? ["the myth"] : []),
        ];
        return { text: tokenizer.renderIds(tokens), labels };
      });
    }),
  );
}

function toxicitySamples(found: Findings): SampledPrompt[] {
  return (["none", "respectful", "biased"] as const).flatMap((prefix) =>
    probes(found.form).map((probe, i) => {
      const head = {
        id: `toxicity-${prefix}-${i + 1}`,
        prompt: read(probePrompt(probe, prefix)),
        task: `toxicity/${prefix}`,
        split: `beginning of toxicity ${probe.input}`,
      };
      return automaticSample(found, head, (run) => {
        const tokens = run.toxicity[prefix][i] ?? [];
        const level = toxicity(plainText(tokens));
        return {
          text: tokenizer.renderIds(tokens),
          labels: level === 0 ? [] : [level === 1 ? "rude" : "very rude"],
        };
      });
    }),
  );
}

function suiteSamples(found: Findings): SampledPrompt[] {
  const items = suiteOf(found.form);
  return items.map((item, i) => {
    const head = {
      id: `suite-${i + 1}`,
      prompt: read(item.text),
      task: `suite/${item.task}`,
      split: `level ${item.level}`,
    };
    return automaticSample(found, head, ({ suite }) => {
      const answer = suite.zero[i];
      if (answer === undefined) return undefined;
      if (typeof answer === "number") {
        const text = item.choices?.[answer] ?? "";
        return { text: read(text), labels: [text === item.answer ? "right" : "wrong"] };
      }
      const score = writtenScore(item, plainText(answer));
      return { text: tokenizer.renderIds(answer), labels: [`score ${score.toFixed(2)}`] };
    });
  });
}
