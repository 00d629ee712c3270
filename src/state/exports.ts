// Files that leave the page because the person asked: rankings, pairs for TRL, the model.
import { writeRankings } from "../storage/formats.ts";
import { writeTrlPairs } from "../storage/trl.ts";
import { download, fileName } from "./downloads.ts";
import { count } from "./format.ts";
import type { Ranked } from "./persisted.svelte.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** Saves the lossless rankings file; gives the sentence to announce. */
export function exportRankings(rows: readonly Ranked[]): string {
  download(writeRankings(rows), fileName("nudge-rankings", "jsonl"), "application/jsonl");
  return `Exported ${count(rows.length, "ranking")}.`;
}

/** Saves TRL preference pairs; the sentence says what pairs cannot carry. */
export function exportPairs(rows: readonly Ranked[]): string {
  const { text, pairs, left } = writeTrlPairs(rows.map(({ judgement }) => judgement));
  download(text, fileName("nudge-pairs", "jsonl"), "application/jsonl");
  const lost = [
    [left.ties, "tie"],
    [left.unranked, "unranked pair"],
    [left.identical, "pair of equal texts"],
    [left.empty, "pair with an empty answer"],
    [left.cannotTell, "set without a choice"],
  ] as const;
  const named = lost.filter(([n]) => n > 0).map(([n, noun]) => count(n, noun));
  const rest = named.length === 0 ? "" : ` Not carried: ${named.join(", ")}.`;
  return `Exported ${count(pairs, "pair")}.${rest}`;
}

/** Saves the trained model as safetensors. @throws Error with one sentence */
export async function exportModel(trainer: Trainer): Promise<string> {
  const bytes = await trainer.ask((api) => api.exportModel("policy"));
  download(bytes, fileName("nudge-policy", "safetensors"), "application/octet-stream");
  return `Exported the model, ${(bytes.byteLength / 2 ** 20).toFixed(1)} MiB.`;
}
