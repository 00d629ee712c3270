// What leaves the page because the person asked: rankings, pairs for TRL, the model, a link.
import { writeRankings } from "../storage/formats.ts";
import { writeTrlPairs } from "../storage/trl.ts";
import { download, fileName } from "./downloads.ts";
import type { RunConfig } from "../config.ts";
import type { Announcer } from "./announcer.svelte.ts";
import { count, sentenceOf } from "./format.ts";
import type { Recipe } from "./methods.ts";
import type { Persisted, Ranked } from "./persisted.svelte.ts";
import { encodeConfig } from "./url-codec.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** Every method announces what it did, or one sentence why it did not; none rejects. */
export class Files {
  #trainer: Trainer;
  #persisted: Persisted;
  #announcer: Announcer;

  constructor(trainer: Trainer, persisted: Persisted, announcer: Announcer) {
    this.#trainer = trainer;
    this.#persisted = persisted;
    this.#announcer = announcer;
  }

  /** The lossless rankings file. */
  rankings(): Promise<void> {
    return this.#told(async () => {
      const rows = await this.#persisted.rankings();
      download(writeRankings(rows), fileName("nudge-rankings", "jsonl"), "application/jsonl");
      return `Exported ${count(rows.length, "ranking")}.`;
    });
  }

  /** TRL preference pairs; the announcement says what pairs cannot carry. */
  pairs(): Promise<void> {
    return this.#told(async () => pairsFile(await this.#persisted.rankings()));
  }

  /** The trained model as a folder that transformers loads, zipped. */
  model(): Promise<void> {
    return this.#told(async () => {
      const bytes = await this.#trainer.ask((api) => api.exportModel("policy"));
      const { modelZip } = await import("./model-zip.ts");
      const zip = modelZip(new Uint8Array(bytes));
      download(zip.buffer, fileName("nudge-policy", "zip"), "application/zip");
      return `Exported the model, ${(zip.length / 2 ** 20).toFixed(1)} MiB: unpack it, then AutoModelForCausalLM.from_pretrained("nudge-policy").`;
    });
  }

  /** The address that gives the same run on the same adapter. */
  link(config: RunConfig, recipe: Recipe): string {
    const base = location.href.split("#")[0] ?? "";
    return `${base}${encodeConfig(config, null, recipe)}`;
  }

  async #told(work: () => Promise<string>): Promise<void> {
    try {
      this.#announcer.say(await work());
    } catch (error) {
      this.#announcer.alert(sentenceOf(error));
    }
  }
}

const JOINED =
  " Trainers put a plain prompt and its answer together as they are; Collect can export messages, which a chat template parts.";

function pairsFile(rows: readonly Ranked[]): string {
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
  return `Exported ${count(pairs, "pair")}.${rest}${pairs > 0 ? JOINED : ""}`;
}
