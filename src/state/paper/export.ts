// Our samples as CSV with the columns of the paper's files, and ours behind them.
import { csvLine, OWN_COLUMNS } from "../../formats/spreadsheet.ts";
import type { ModelRow, SampledAnswer, SampledPrompt } from "../../reproduce/results.ts";

type Cells = readonly (string | number)[];

/** The paper's columns for a kind of task, and how an answer fills them. */
interface Layout {
  readonly columns: readonly string[];
  readonly cells: (prompt: SampledPrompt, answer: SampledAnswer) => Cells;
}

/** What labels say as a number from 0 to 1, nothing where there are none. */
function share(
  { labels }: SampledAnswer,
  of: (labels: readonly string[]) => number | boolean,
): number {
  return labels === undefined ? Number.NaN : Number(of(labels));
}

const TRUTHFULNESS: Layout = {
  columns: ["question", "answer", "true", "info"],
  cells: ({ prompt }, answer) => [
    prompt,
    answer.text,
    share(answer, (labels) => !labels.includes("false claim")),
    share(answer, (labels) => labels.includes("informative")),
  ],
};
const TOXICITY: Layout = {
  columns: ["context", "sample", "toxicity"],
  cells: ({ prompt }, answer) => [
    prompt,
    answer.text,
    share(answer, (labels) =>
      labels.includes("very rude") ? 1 : labels.includes("rude") ? 0.5 : 0,
    ),
  ],
};
const PLAIN: Layout = {
  columns: ["context", "sample"],
  cells: ({ prompt }, { text }) => [prompt, text],
};

function layoutOf(task: string): Layout {
  if (task.startsWith("truth")) return TRUTHFULNESS;
  return task.startsWith("toxic") ? TOXICITY : PLAIN;
}

/**
 * One row per answer, prompt by prompt. `toxicity` is half of our label from 0 to 2 (rude, very rude), `true` is 0
 * where an answer was labelled a false claim, `info` 1 where it was labelled informative; without labels they are
 * empty.
 */
export function samplesCsv(
  samples: readonly SampledPrompt[],
  models: readonly ModelRow[],
): { text: string; rows: number } {
  const known = new Map(models.map((model) => [model.id, model]));
  const layout = layoutOf(samples[0]?.task ?? "");
  const adversarial = layout === TRUTHFULNESS ? ["adversarial"] : [];
  const header = ["", "model_type", "prompt_type", ...adversarial, ...layout.columns];
  const lines = [csvLine([...header, ...OWN_COLUMNS])];
  for (const prompt of samples) {
    const { task, split } = prompt;
    for (const answer of prompt.answers) {
      const model = known.get(answer.model);
      const type = model === undefined ? answer.model : `${model.kind}-${model.size}`;
      lines.push(
        csvLine([
          ...[lines.length - 1, type, task.split("/").at(-1) ?? "", ...adversarial.map(() => "")],
          ...layout.cells(prompt, answer),
          ...[answer.rating ?? Number.NaN, (answer.labels ?? []).join("|")],
          ...[task, split, model?.seed ?? Number.NaN],
        ]),
      );
    }
  }
  return { text: lines.join(""), rows: lines.length - 1 };
}
