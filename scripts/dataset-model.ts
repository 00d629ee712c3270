// Samples of a checkpoint as the answers that a data set's labelers rank.
import { existsSync, readFileSync } from "node:fs";
import { KNOBS, KNOB_COUNT } from "../src/kernels/knobs.ts";
import { gptSpecs } from "../src/model/gpt.ts";
import { flatten, layOut } from "../src/model/parameters.ts";
import { persistent } from "../src/plan/tensor.ts";
import { Generator } from "../src/rlhf/session/generator.ts";
import { sequences } from "../src/rlhf/sequences.ts";
import { readCheckpoint } from "../src/workers/weights.ts";
import type { DataPrompt, SampledAnswer } from "../src/world/dataset/index.ts";
import { MAX_PROMPT_WORDS, MAX_RESPONSE_TOKENS, buildTokenizer } from "../src/world/index.ts";
import { openEngine } from "./engine.ts";
import { UsageError } from "./options.ts";

const ROWS = 32;
const COLUMNS = MAX_PROMPT_WORDS + 5;

/** Samples at temperature 1 from the weights of a file. */
async function openModel(path: string): Promise<{
  readonly generator: Generator;
  readonly engine: string;
  readonly destroy: () => void;
}> {
  const { card, weights } = readCheckpoint(readFileSync(path), path);
  const { engine, destroy } = await openEngine(undefined);
  const parameters = layOut("sampled", gptSpecs(card.config), false);
  engine.memory.write(parameters.values, flatten(parameters, weights));
  const knobs = persistent("knobs", [KNOB_COUNT]);
  const values = new Float32Array(KNOB_COUNT);
  values[KNOBS.temperature] = 1;
  engine.memory.write(knobs, values);
  const rows = sequences("answers", { B: ROWS, P: COLUMNS, G: MAX_RESPONSE_TOKENS });
  const { config } = card;
  const generator = await Generator.create(engine, "answers", config, parameters, rows, knobs);
  return { generator, engine: engine.name, destroy };
}

/**
 * `k` answers at temperature 1 to the bare task of each prompt (what the shipped models were trained
 * on), by prompt id; identical ones are kept once.
 * @throws UsageError when there is no such checkpoint
 */
export async function modelAnswers(
  path: string,
  prompts: readonly DataPrompt[],
  k: number,
  seed: number,
): Promise<{ readonly answers: ReadonlyMap<string, SampledAnswer[]>; readonly engine: string }> {
  if (!existsSync(path)) {
    throw new UsageError(
      `--model: found no file ${path}, expected a checkpoint; nothing was made.`,
    );
  }
  const { generator, engine, destroy } = await openModel(path);
  const tokenizer = buildTokenizer();
  const encoded = prompts.flatMap(({ task }) =>
    Array.from({ length: k }, () => tokenizer.encodePrompt(task)),
  );
  const sampled = await generator.sample(encoded, seed);
  destroy();
  const answers = new Map<string, SampledAnswer[]>();
  for (const [i, prompt] of prompts.entries()) {
    const different = new Map<string, SampledAnswer>();
    for (const one of sampled.slice(i * k, (i + 1) * k)) {
      const tokens = tokenizer.decode(one.tokens);
      different.set(tokens.join(" "), { tokens, origin: "model" });
    }
    answers.set(prompt.id, [...different.values()]);
  }
  return { answers, engine };
}
