// npm run reproduce -- --model NAME --export DIR: a trained stage's weights as files, nothing trained.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportedFiles } from "../src/reproduce/export.ts";
import type { Form } from "../src/reproduce/forms.ts";
import { configOf } from "../src/reproduce/models.ts";
import type { Made } from "../src/reproduce/runner.ts";
import { UsageError } from "./options.ts";

/**
 * Writes the model of a finished stage below `folder`.
 * @throws UsageError with one sentence when there is none of this name
 */
export function exportModel(
  form: Form,
  { artefact, records }: Pick<Made, "artefact" | "records">,
  { name, folder, command }: { name: string; folder: string; command: string },
): void {
  const record = records.get(name);
  if (record === undefined) {
    const known = [...records.keys()].filter((one) => one.split("/").length === 3).slice(0, 5);
    const have = known.length === 0 ? "none is" : `${known.join(", ")} … are`;
    throw new UsageError(
      `--model: the stage ${name} is not in the cache (${have}), expected one that was run with the same options; nothing was written.`,
    );
  }
  const size = form.sizes.find((one) => name.startsWith(`${one.name}/`));
  const flat = artefact(name).tensors["values"];
  if (size === undefined || flat === undefined) {
    throw new UsageError(
      `--model: the stage ${name} leaves no model, expected one such as ${form.studied}/ppo-ptx/1; nothing was written.`,
    );
  }
  const card = {
    ...{ config: configOf(size), command, adapter: record.engine, curve: [] },
    ...{ seed: Number(name.split("/")[2]), steps: 0, stage: name, seconds: record.seconds },
  };
  mkdirSync(folder, { recursive: true });
  for (const file of exportedFiles(card, flat)) writeFileSync(join(folder, file.name), file.bytes);
  console.log(
    `Written: ${name} as ${folder}/model.safetensors, with config.json and tokenizer.json.`,
  );
}
