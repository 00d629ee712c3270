// Results out of finished stages: models, claims, tables, figures and samples.
import { claimsOf } from "./claims.ts";
import { figuresOf } from "./figures.ts";
import { Findings } from "./findings.ts";
import type { Model } from "./findings.ts";
import type { Form } from "./forms.ts";
import { names } from "./names.ts";
import type { ModelRow, ResultTable, Results, SampledPrompt } from "./results.ts";
import { peopleSentence } from "./people.ts";
import type { Made } from "./runner.ts";
import { samplesOf } from "./samples.ts";
import { headTable, labelTable, preferenceTable } from "./tables.ts";
import { biasTable, suiteTable, toxicityTable, truthTable } from "./tables-automatic.ts";
import { methodTable, sweepTable } from "./tables-runs.ts";
import { sftTable } from "./tables-sft.ts";
import { episodesTable, initialTable } from "./tables-sweeps.ts";
import { elementsTable, rewardTable } from "./tables-reward.ts";
import { taxTable } from "./tables-tax.ts";

/** How a model was made, in words and numbers. */
function recipe({ form }: Findings, { size: name, kind }: Model, extra: string): string {
  const size = form.sizes.find((one) => one.name === name);
  if (size === undefined) return "";
  const start = {
    scratch: "random weights",
    shipped: "the page's base model (world 1)",
    grown: "the page's base model (world 1), grown to this size without changing what it computes",
  }[size.start];
  const run = `${size.iterations ?? form.iterations} iterations of ${form.batch} answers, β ${form.klCoefficient}`;
  return {
    base: `${size.steps} updates of 768 positions on world 2 from ${start}, peak rate ${size.rate}`,
    prompted: `the base behind the best of 4 few-shot prefixes by the reward model${extra}`,
    public: `base, ${form.publicRows} benchmark-style tasks as instructions, ${form.publicEpochs} epochs`,
    sft: `base, ${form.demonstrations} demonstrations, ${size.sftEpochs} epochs, cosine,${form.sftDropout > 0 ? ` dropout ${form.sftDropout},` : ""} checkpoint by the reward model${extra}`,
    init: `base, demonstrations and ${100 * form.initMix} % pre-training rows, ${size.initEpochs ?? form.initEpochs} epochs: the PPO initial model`,
    ppo: `PPO initial model, ${run}, average of weights ${form.emaDecay}`,
    "ppo-ptx": `as PPO, with ${form.ptxCoefficient} times the gradient on pre-training text`,
  }[kind];
}

function modelRows(found: Findings): ModelRow[] {
  return found.models().flatMap((model) =>
    found.answers(model).map(({ seed }): ModelRow => {
      const id = names.model(model.size, model.kind, seed);
      const data = found.data(id) as { chosen?: string } | undefined;
      const extra = data?.chosen === undefined ? "" : ` (${data.chosen})`;
      return {
        id,
        kind: model.kind,
        size: model.size,
        parameters: found.parameters(model.size),
        seed,
        recipe: recipe(found, model, extra),
      };
    }),
  );
}

/** Everything but the list of sample files, which their writer fills in. */
export function assemble(
  form: Form,
  seeds: readonly number[],
  made: Made,
  run: { readonly engine: string; readonly adapter: string; readonly finished: string },
): { results: Results; samples: Map<string, SampledPrompt[]> } {
  const found = new Findings(form, seeds, made);
  const records = [...made.records.values()];
  const total = (of: (one: (typeof records)[number]) => number): number =>
    records.reduce((sum, one) => sum + of(one), 0);
  const tables: ResultTable[] = [
    preferenceTable(found),
    headTable(found),
    labelTable(found),
    rewardTable(found),
    sftTable(found),
    truthTable(found),
    toxicityTable(found),
    biasTable(found),
    suiteTable(found),
    taxTable(found),
    sweepTable(found),
    episodesTable(found),
    initialTable(found),
    methodTable(found),
    elementsTable(found),
  ].filter(({ rows }) => rows.length > 0);
  const results: Results = {
    format: "nudge-reproduce-1",
    form: form.name,
    ...run,
    seeds,
    seconds: Math.round(total((one) => one.seconds)),
    flops: total((one) => one.flops),
    ...(form.people === undefined ? {} : { judgements: peopleSentence(form.people, form.columns) }),
    models: modelRows(found),
    claims: claimsOf(found),
    tables,
    figures: figuresOf(found),
    samples: [],
  };
  return { results, samples: samplesOf(found) };
}
