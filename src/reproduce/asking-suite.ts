// The benchmark suite as a model is asked: plain text, choices by log-probability, the rest written.
import { EOS, NL, Rng } from "../world/index.ts";
import { fewShot, suiteItems, trainingItem } from "../world/suite/index.ts";
import type { SuiteItem } from "../world/suite/index.ts";
import type { Form } from "./forms.ts";
import type { Tokens } from "./judging.ts";
import type { Scorer, openSampler } from "./models.ts";
import { CONTEXT, GREEDY, tokenizer } from "./models.ts";

/** Seed of everything that is asked: the same for every model. */
export const SEED = 4711;

export const SHORT = 16;

/** By number of shots, in the order of `suiteItems`: the index of a choice, or written tokens. */
export type SuiteAnswers = Readonly<Record<"zero" | "few", readonly (number | Tokens)[]>>;

/** An answer up to the first line break, as if it had ended there: how few-shot prompts are read. */
export function firstLine(tokens: Tokens): Tokens {
  const end = tokens.indexOf(NL);
  return end < 0 ? tokens : [...tokens.slice(0, end), EOS];
}

export const suiteOf = (form: Form): SuiteItem[] => suiteItems(form.suitePerLevel, SEED);

/** A suite item as plain text behind as many worked examples as fit. */
function suitePrompt(item: SuiteItem, shots: "zero" | "few", i: number): number[] {
  const rng = new Rng(9000 + i);
  const examples = Array.from({ length: shots === "zero" ? 0 : 4 }, () =>
    trainingItem(rng, item.task),
  );
  for (let n = examples.length; n >= 0; n--) {
    const { text } = fewShot(item, examples.slice(0, n));
    const tokens = [EOS, ...tokenizer.encode(text)];
    if (tokens.length <= CONTEXT - SHORT) return tokens;
  }
  return [EOS, ...tokenizer.encode(item.text)].slice(-(CONTEXT - SHORT));
}

export async function askSuite(
  form: Form,
  scorer: Scorer,
  short: Awaited<ReturnType<typeof openSampler>>,
): Promise<SuiteAnswers> {
  const items = suiteOf(form);
  const result = { zero: [] as (number | Tokens)[], few: [] as (number | Tokens)[] };
  for (const shots of ["zero", "few"] as const) {
    const prompts = items.map((item, i) => suitePrompt(item, shots, i));
    const written = items.flatMap(({ choices }, i) => (choices === null ? [i] : []));
    const greedy = await short.sample(
      written.map((i) => prompts[i] ?? []),
      SEED,
      0,
      GREEDY,
    );
    const answers = new Map(written.map((i, n) => [i, firstLine(greedy[n]?.tokens ?? [])]));
    const scored = items.flatMap(({ choices }, i) =>
      (choices ?? []).map((text) => ({
        i,
        prompt: prompts[i] ?? [],
        tokens: [...tokenizer.encode(text)],
      })),
    );
    const sums = await scorer.sums(scored);
    result[shots] = items.map((_, i) => {
      const own = scored.flatMap((one, at) =>
        one.i === i ? [(sums[at] ?? NaN) / one.tokens.length] : [],
      );
      return answers.get(i) ?? own.indexOf(Math.max(...own));
    });
  }
  return result;
}
