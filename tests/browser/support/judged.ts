// A file of judgements by several people on answers of the shipped model, as another browser would have exported it.
import {
  assistant,
  candidate,
  newItem,
  newRanking,
  user,
} from "../../../src/formats/new-records.ts";
import { writeLossless } from "../../../src/formats/lossless.ts";
import type { Imported } from "../../../src/formats/records.ts";
import { createIds } from "../../../src/storage/ids.ts";
import { openTrainer, prompts } from "../../rlhf/support.ts";

export interface JudgedOptions {
  readonly sets: number;
  readonly people: readonly string[];
  /** higher is better */
  readonly taste: (text: string) => number;
  /** every how manyth judgement of everyone but the first is turned round */
  readonly contrary?: number;
}

export const cheer = (text: string): number => text.split("!").length * 100 - text.length;

/** Lines of the lossless file: items, then one ranking per person and item. */
export async function judgedFile({
  sets,
  people,
  taste,
  contrary = 4,
}: JudgedOptions): Promise<string> {
  const { trainer } = await openTrainer();
  const asked = prompts(100, sets);
  const samples = await trainer.sample(asked, 8, 31, "sft");
  const ids = createIds(() => 1.7e12);
  const records: Imported[] = [];
  asked.forEach(({ text: prompt }, n) => {
    const texts = [...new Set((samples[n] ?? []).map(({ text }) => text))].slice(0, 4);
    if (texts.length < 2) return;
    const answers = texts.map((text, i) =>
      candidate([assistant(text)], { model: `model ${i % 2}` }),
    );
    const item = newItem([user(prompt)], answers);
    records.push(item);
    people.forEach((annotator, p) => {
      const order = texts.map((_, i) => i).sort((a, b) => taste(texts[b] ?? "") - taste(texts[a] ?? "")); // prettier-ignore
      const groups = (p > 0 && n % contrary === 0 ? order.toReversed() : order).map((i) => [i]);
      const t = 1.7e12 + 60_000 * (n * people.length + p);
      records.push(
        newRanking([user(prompt)], item.completions, groups, {
          id: ids.next(),
          project: "elsewhere",
          task: item.id,
          annotator,
          session: "s",
          revision: 1,
          shown: texts.map((_, i) => (i + n) % texts.length),
          submitted: new Date(t).toISOString(),
          active_ms: 4000 + 900 * (n % 7) + 1000 * p,
        }),
      );
    });
  });
  return writeLossless(records);
}
