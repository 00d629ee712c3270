// What stages of one size and seed share, and the settings that their keys hang on.
import type { UnitCosts } from "./costs.ts";
import type { Form, Size } from "./forms.ts";
import type { Artefact } from "./stage.ts";

export const values = (artefact: Artefact): Float32Array => {
  const found = artefact.tensors["values"];
  if (found === undefined) throw new Error("reproduce: a model without weights");
  return found;
};

/** Everything that stages of one size and seed share. */
export interface Scope {
  readonly form: Form;
  readonly size: Size;
  readonly seed: number;
  readonly cost: UnitCosts;
  readonly shipped: () => Uint8Array;
}

/** Settings that every stage of a size depends on. */
export function sizeSettings({ size, seed }: Scope): object {
  const { width, layers, heads } = size;
  return { width, layers, heads, seed };
}

export function dataSettings({ scale, demonstrations, answers, columns }: Form): object {
  return { scale, demonstrations, answers, columns };
}

export function askedSettings(form: Form): object {
  const { heldOutPrompts, trainingPrompts, probesPerLevel, suitePerLevel } = form;
  return { ...dataSettings(form), heldOutPrompts, trainingPrompts, probesPerLevel, suitePerLevel };
}
