// What a shipped checkpoint says about itself, and the model configuration inside.
import { check } from "../plan/tensor.ts";
import type { GptConfig } from "./gpt.ts";
import { checkModel } from "./limits.ts";

/** The model card stored in a checkpoint's metadata. */
export interface CheckpointCard {
  readonly config: GptConfig;
  readonly command: string;
  readonly seed: number;
  readonly adapter: string;
  readonly steps: number;
  /** [step, loss] */
  readonly curve: readonly (readonly [number, number])[];
  readonly validationLoss?: number;
  /** token positions of a training batch, padding included */
  readonly positionsPerStep?: number;
  /** of supervised fine-tuning: demonstrations, passes over them, tokens in all passes, wall time */
  readonly demonstrations?: number;
  readonly epochs?: number;
  readonly tokens?: number;
  readonly seconds?: number;
}

/** Reads the card of a checkpoint's metadata. @throws RangeError with one sentence when it has none. */
export function readCard(metadata: Readonly<Record<string, string>>, name: string): CheckpointCard {
  const text = metadata["card"];
  check(
    text !== undefined,
    `${name}: the file has no model card, so it is not a checkpoint of this project; nothing was loaded`,
  );
  const card = JSON.parse(text) as Partial<CheckpointCard>;
  check(
    card.config !== undefined,
    `${name}: the model card names no configuration; nothing was loaded`,
  );
  checkModel(name, card.config);
  return card as CheckpointCard;
}
