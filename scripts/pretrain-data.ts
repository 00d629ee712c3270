// What the shipped models learn from: batches of generated documents, and demonstrations.
import type { Row } from "../src/rlhf/language-model.ts";
import { Buckets } from "../src/rlhf/session/lm-trainer.ts";
import type { Batch, LmTrainer } from "../src/rlhf/session/lm-trainer.ts";
import {
  Rng,
  buildTokenizer,
  corpusStream,
  demonstration,
  liveDemonstration,
} from "../src/world/index.ts";

/** Longest sequence of the shipped models. */
export const CONTEXT = 96;
/** Row lengths that have plans. */
export const LENGTHS = [16, 32, 48, 96] as const;
/** Token positions of a batch, whatever the length of its rows. */
export const POSITIONS = 768;
const VALIDATION_SEED = 900_001;

/** Batches of documents without end. */
export function* corpusBatches(
  seed: number,
  rowsAt: (T: number) => number,
): Generator<Batch, never> {
  const tokenizer = buildTokenizer();
  const buckets = new Buckets(LENGTHS, rowsAt);
  for (const document of corpusStream(seed)) {
    const batch = buckets.add({
      tokens: tokenizer.encodeDocument(document, CONTEXT + 1),
      countFrom: 1,
    });
    if (batch !== undefined) yield batch;
  }
  throw new Error("the corpus ended");
}

/** Twelve batches of documents from a seed that training never uses. */
export function validation(trainer: LmTrainer): Batch[] {
  const batches = corpusBatches(VALIDATION_SEED, (T) => trainer.rowsAt(T));
  return Array.from({ length: 12 }, () => batches.next().value);
}

/** Prompts with the answers to learn, half of them of the live page. */
export function demonstrationRows(seed: number, n: number): Row[] {
  const tokenizer = buildTokenizer();
  const rng = new Rng(seed);
  return Array.from({ length: n }, () => {
    const demo = rng.next() < 0.5 ? demonstration(rng, "train") : liveDemonstration(rng, "train");
    const prompt = tokenizer.encodePrompt(demo.prompt);
    return {
      tokens: [...prompt, ...tokenizer.encodeResponse(demo.response)],
      countFrom: prompt.length,
    };
  });
}
