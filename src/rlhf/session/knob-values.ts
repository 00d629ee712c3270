// The live scalars of a run as kernels read them, out of its settings and options.
import type { RunConfig } from "../../config.ts";
import { KNOBS, KNOB_COUNT } from "../../kernels/knobs.ts";
import type { RunOptions } from "../method.ts";

/** Subtracted from the normalised reward of an answer that does not end. */
const MISSING_EOS = 1;

/** The contents of a knobs tensor (KNOB_COUNT). */
export function knobValues(config: RunConfig, options: RunOptions): Float32Array {
  const values = new Float32Array(KNOB_COUNT);
  values[KNOBS.temperature] = 1;
  values[KNOBS.beta] = options.method === "dpo" ? options.dpoBeta : config.klCoefficient;
  values[KNOBS.missingEos] = MISSING_EOS;
  values[KNOBS.gamma] = 1;
  values[KNOBS.lambda] = 0.95;
  values[KNOBS.clip] = config.clip;
  values[KNOBS.clipHigh] = config.clip;
  values[KNOBS.valueClip] = 0.2;
  values[KNOBS.valueCoefficient] = 1;
  values[KNOBS.ptxCoefficient] = config.ptxCoefficient;
  values[KNOBS.labelSmoothing] = options.labelSmoothing;
  return values;
}
