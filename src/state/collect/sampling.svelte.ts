// Answers from the model in this tab: K different ones to each prompt, added to a project as one import.
import { assistant, candidate, newItem, user } from "../../formats/new-records.ts";
import type { Imported, Item } from "../../formats/records.ts";
import { plainText } from "../../formats/rows.ts";
import type { Sample } from "../../workers/protocol.ts";
import type { Announcer } from "../announcer.svelte.ts";
import type { PromptText } from "../first-prompt.ts";
import { count, sentenceOf } from "../format.ts";
import { checkPrompt } from "../own-prompt.ts";
import type { Trainer } from "../trainer.svelte.ts";
import type { Project } from "./project.svelte.ts";

/** Samples per answer wanted: the small model repeats itself. */
const DRAWS = 2;

export class Sampling {
  /** prompts answered so far, null when nothing runs */
  done = $state<number | null>(null);
  total = $state(0);
  failure = $state("");
  /** what the last writing brought */
  summary = $state("");
  readonly #project: Project;
  readonly #trainer: Trainer;
  readonly #announcer: Announcer;

  constructor(project: Project, trainer: Trainer, announcer: Announcer) {
    this.#project = project;
    this.#trainer = trainer;
    this.#announcer = announcer;
  }

  /**
   * Lets the model answer prompts: those of the project that have no answers, then the model's own.
   * All sets are added at the end, or none. Never rejects.
   */
  async write(wanted: number, model: readonly PromptText[]): Promise<void> {
    if (this.done !== null) return;
    this.failure = "";
    this.summary = "";
    this.done = 0;
    try {
      const prompts = (await this.#prompts(model)).slice(0, wanted);
      this.total = prompts.length;
      const items: Item[] = [];
      for (const prompt of prompts) {
        const item = await this.#answers(prompt, this.#project.items.length + this.done);
        if (item !== null) items.push(item);
        this.done++;
      }
      if (items.length > 0) {
        await this.#project.batches.add({ records: items, rows: [] }, "the model in this tab");
      }
      this.summary = summaryOf(prompts.length, items.length);
      this.#announcer.say(this.summary);
    } catch (error) {
      this.failure = sentenceOf(error);
      this.#announcer.alert(this.failure);
    } finally {
      this.done = null;
    }
  }

  /** Prompts without a set in the project: its own first, then the model's. */
  async #prompts(model: readonly PromptText[]): Promise<PromptText[]> {
    const records = (await this.#project.contents.records()).map(
      ({ record }) => record as unknown as Imported,
    );
    const textOf = ({ context }: Imported): string => plainText(context, "user") ?? "";
    const answered = new Set(
      records.filter(({ schema }) => schema === "prefs.item").map((record) => textOf(record)),
    );
    const own = records
      .filter(({ schema }) => schema === "prefs.prompt")
      .map((record) => ({ id: record.id, text: textOf(record) }));
    const open = [...own, ...model].filter(({ text }) => text !== "" && !answered.has(text));
    return [...new Map(open.map((prompt) => [prompt.text, prompt])).values()];
  }

  /** K different answers as a set; null when the model cannot read the prompt or always says the same. */
  async #answers(prompt: PromptText, seed: number): Promise<Item | null> {
    if (!(await checkPrompt(prompt.text)).usable) return null;
    const { k } = this.#project.row.settings;
    const ask = { id: prompt.id, text: prompt.text };
    const sets = await this.#trainer.ask((api) => api.sample([ask], k * DRAWS, seed, "sft"));
    const different = new Map((sets[0] ?? []).map((sample) => [sample.text, sample]));
    const samples = [...different.values()].filter(({ text }) => text !== "").slice(0, k);
    return samples.length < 2 ? null : newItem([user(prompt.text)], samples.map(answerOf));
  }
}

function summaryOf(asked: number, written: number): string {
  if (asked === 0) return "Every prompt has answers already.";
  const rest = asked - written;
  const why = "which the model cannot read or always answers alike";
  return `${count(written, "set")} written.${rest === 0 ? "" : ` Left out: ${count(rest, "prompt")}, ${why}.`}`;
}

function answerOf({ text, tokens, logprobs, seed, checkpoint, finished }: Sample) {
  return candidate([assistant(text)], {
    model: "nudge",
    checkpoint,
    seed,
    temperature: 1,
    n_tokens: tokens.length,
    logprob: (logprobs ?? []).reduce((sum, one) => sum + one, 0),
    finish: finished ? "eos" : "length",
    author: "model",
  });
}
