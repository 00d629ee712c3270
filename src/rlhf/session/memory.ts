// What a session will take of a device, known before the device is touched.
import type { RunConfig } from "../../config.ts";
import type { GptConfig } from "../../model/gpt.ts";
import { checkColumns } from "../../model/limits.ts";
import { DryEngine } from "../../plan/dry-engine.ts";
import { checkBatch } from "../../plan/fits.ts";
import type { Limits } from "../../plan/fits.ts";
import type { Demand } from "../../plan/memory-plan.ts";
import type { Weights } from "./saved-run.ts";
import { Session } from "./session.ts";
import { ANSWER_COLUMNS, PROMPT_COLUMNS, PTX_LENGTH } from "./state.ts";

/** Minibatches of a multiple of 8 rows of 24 or 48 columns start where a buffer can be bound. */
const ROWS = 8;

/** Everything that opening a session makes, as Session.create asks for it. Later wishes (other methods) come on top. */
export async function sessionDemand(
  model: GptConfig,
  config: RunConfig,
  sft: Weights,
): Promise<Demand> {
  const engine = new DryEngine();
  await Session.create(engine, model, config, sft);
  return engine.demand();
}

/**
 * Refuses a session that cannot run on a device.
 * @throws RangeError with one sentence that names the largest batch that fits, if one does
 */
export async function checkSession(
  model: GptConfig,
  config: RunConfig,
  sft: Weights,
  limits: Limits,
): Promise<void> {
  checkColumns("session", model, Math.max(PROMPT_COLUMNS + ANSWER_COLUMNS, PTX_LENGTH));
  const describe = (batch: number): Promise<Demand> =>
    sessionDemand(model, { ...config, batch }, sft);
  await checkBatch(config.batch, describe, limits, ROWS * config.minibatches);
}
