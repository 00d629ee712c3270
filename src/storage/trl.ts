// Rankings as preference pairs in TRL's standard format with an explicit prompt.
// https://huggingface.co/docs/trl/dataset_formats#preference
import type { Judgement } from "./judgement.ts";
import { jsonLine } from "./json.ts";

/** The file, and what the pairs could not carry, to be said before the file is saved. */
export interface PairsExport {
  text: string;
  pairs: number;
  left: {
    /** Pairs of answers that share a rank. */
    ties: number;
    /** Pairs with an answer that was not ranked. */
    unranked: number;
    /** Pairs ranked apart although their texts are equal. */
    identical: number;
    /** Pairs with an empty answer, which is no text to train on. */
    empty: number;
    /** Whole judgements of a person who could not tell. */
    cannotTell: number;
  };
}

/**
 * All C(K, 2) pairs of each judgement that are not tied, in the order of the judgements and of the
 * indices, one `{"prompt","chosen","rejected"}` a line. Prompts are explicit because TRL finds an
 * implicit one character by character and would cut inside words; there is no margin column.
 */
export function writeTrlPairs(judgements: readonly Judgement[]): PairsExport {
  const left = { ties: 0, unranked: 0, identical: 0, empty: 0, cannotTell: 0 };
  const lines: string[] = [];
  for (const judgement of judgements) {
    if (judgement.cannotTell) {
      left.cannotTell++;
      continue;
    }
    for (const [i, j] of indexPairs(judgement.completions.length)) {
      const outcome = pair(judgement, i, j);
      if (typeof outcome === "string") left[outcome]++;
      else lines.push(jsonLine({ prompt: judgement.prompt, ...outcome }));
    }
  }
  return { text: lines.map((line) => `${line}\n`).join(""), pairs: lines.length, left };
}

function indexPairs(k: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let i = 0; i < k; i++) for (let j = i + 1; j < k; j++) pairs.push([i, j]);
  return pairs;
}

function pair(
  { completions, ranks }: Judgement,
  i: number,
  j: number,
): { chosen: string; rejected: string } | "ties" | "unranked" | "identical" | "empty" {
  const [a, b] = [ranks[i] ?? null, ranks[j] ?? null];
  if (a === null || b === null) return "unranked";
  if (a === b) return "ties";
  const [chosen, rejected] = [completions[a < b ? i : j]!.text, completions[a < b ? j : i]!.text];
  if (chosen === rejected) return "identical";
  return chosen === "" || rejected === "" ? "empty" : { chosen, rejected };
}
