// The data of a run: prompts of each set, demonstrations as rows, labelers; made once per process.
import type { Row } from "../rlhf/language-model.ts";
import { buildDataset, labelerGroups } from "../world/dataset/index.ts";
import type { DataPrompt, Dataset, Labeler } from "../world/dataset/index.ts";
import { Rng } from "../world/index.ts";
import { corpusDocumentTwo, trainingItem } from "../world/suite/index.ts";
import type { Form } from "./forms.ts";
import { CONTEXT, tokenizer } from "./models.ts";

/** What a run learns from and is asked. */
export interface WorldData {
  readonly dataset: Dataset;
  readonly labelers: {
    readonly training: readonly Labeler[];
    readonly heldOut: readonly Labeler[];
  };
  readonly demonstrations: readonly Row[];
  /** of customers and labelers that training does not know; their loss is measured */
  readonly heldOutDemonstrations: readonly Row[];
  /** prompts whose answers are ranked, for training and for validation */
  readonly ranked: readonly DataPrompt[];
  readonly rankedValidation: readonly DataPrompt[];
  readonly reinforced: readonly DataPrompt[];
  /** prompts of held-out customers, and of training customers, that every model answers */
  readonly heldOut: readonly DataPrompt[];
  readonly training: readonly DataPrompt[];
  readonly validation: readonly DataPrompt[];
}

const made = new Map<string, WorldData>();

/** The data of a form; the same form gives the same data. */
export function worldData(form: Form): WorldData {
  const { scale, answers, columns, demonstrations, rankings, validationRankings } = form;
  const sizes = [demonstrations, rankings, validationRankings, form.heldOutPrompts];
  const key = JSON.stringify([scale, answers, columns, sizes, form.trainingPrompts]);
  const known = made.get(key) ?? make(form);
  made.set(key, known);
  return known;
}

export const promptTokens = (prompt: DataPrompt): Int32Array =>
  tokenizer.encodePrompt(prompt.prompt);

/** One labeler per ranking is drawn, and answers, from generators that hang on the prompt alone. */
function make(form: Form): WorldData {
  const dataset = buildDataset({ scale: form.scale, answers: form.answers });
  const of = (stage: DataPrompt["stage"], part: DataPrompt["part"]): DataPrompt[] => {
    const all = dataset.prompts.filter((one) => one.stage === stage && one.part === part);
    return new Rng(77).shuffle(all);
  };
  const short = (one: DataPrompt): boolean => promptTokens(one).length <= form.columns.P;
  const rm = of("rm", "train").filter(short);
  return {
    dataset,
    labelers: labelerGroups(),
    demonstrations: demonstrationRows(dataset, "train", form.demonstrations),
    heldOutDemonstrations: demonstrationRows(dataset, "valid", MEASURED),
    ranked: rm.slice(0, form.rankings),
    rankedValidation: of("rm", "valid").filter(short).slice(0, form.validationRankings),
    reinforced: of("ppo", "train").filter(short),
    heldOut: of("test", "test").slice(0, form.heldOutPrompts),
    training: of("ppo", "train").slice(0, form.trainingPrompts),
    validation: of("ppo", "valid").slice(0, 64),
  };
}

/** Most demonstrations whose loss is measured. */
const MEASURED = 200;

function demonstrationRows(dataset: Dataset, part: DataPrompt["part"], most: number): Row[] {
  const byId = new Map(dataset.prompts.map((one) => [one.id, one]));
  const rows = dataset.demonstrations.flatMap(({ promptId, response }): Row[] => {
    const prompt = byId.get(promptId);
    if (prompt?.part !== part) return [];
    return [rowOf(promptTokens(prompt), tokenizer.encodeResponse(response))];
  });
  return rows.slice(0, most);
}

/** Prompt and answer as one row whose loss counts the answer alone. */
function rowOf(prompt: Int32Array, answer: Int32Array): Row {
  return { tokens: [...prompt, ...answer], countFrom: prompt.length };
}

/** Rows of the benchmark-style tasks, asked as instructions: what FLAN and T0 were tuned on. */
export function publicRows(seed: number, n: number): Row[] {
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => {
    const { text, answer } = trainingItem(rng);
    return rowOf(tokenizer.encodePrompt(text), tokenizer.encodeResponse(answer));
  });
}

/** Pre-training documents of world 2, each a row of at most `limit` tokens. */
export function* corpusRows(seed: number, limit = CONTEXT + 1): Generator<Row, never> {
  const rng = new Rng(seed);
  for (;;) yield { tokens: tokenizer.encodeDocument(corpusDocumentTwo(rng), limit), countFrom: 1 };
}
