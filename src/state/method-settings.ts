// The settings that belong to a method: their names, bounds and sentences, and which methods read them.
import { DPO_KINDS, isGrouped } from "../rlhf/method.ts";
import { isMethod, RECIPE } from "./methods.ts";
import type { Recipe } from "./methods.ts";

/** A number or a word of a recipe, and which choices read it. */
export type Setting = { readonly label: string; readonly sentence: string } & (
  | {
      readonly name: "answers" | "draws" | "dpoBeta" | "labelSmoothing";
      readonly min: number;
      readonly max: number;
      /** step of the field; whole numbers where it is 1 */
      readonly step: number;
    }
  | { readonly name: "dpoKind"; readonly values: readonly string[] }
);

export const SETTINGS: readonly Setting[] = [
  {
    name: "answers",
    label: "Answers to each prompt",
    min: 2,
    max: 16,
    step: 1,
    sentence: "The group that an answer is compared with.",
  },
  {
    name: "dpoKind",
    label: "Loss",
    values: DPO_KINDS,
    sentence: "DPO's own (sigmoid), IPO's, which stops at a margin, or a hinge.",
  },
  {
    name: "dpoBeta",
    label: "Leash",
    min: 0.01,
    max: 2,
    step: 0.01,
    sentence: "How strongly it holds to the copied model: beta of DPO.",
  },
  {
    name: "labelSmoothing",
    label: "Doubt",
    min: 0,
    max: 0.45,
    step: 0.05,
    sentence: "Share of your rankings taken to be mistaken; above 0 it is cDPO.",
  },
  {
    name: "draws",
    label: "Answers drawn",
    min: 2,
    max: 64,
    step: 1,
    sentence: "How many answers to each prompt the best is taken from.",
  },
];

/** The settings that a recipe reads. */
export function settingsOf({ choice, dpoKind: kind }: Recipe): readonly Setting[] {
  return SETTINGS.filter(({ name }) => {
    if (name === "draws") return choice === "best-of-n";
    if (name === "answers") return isMethod(choice) && isGrouped(choice);
    if (name === "labelSmoothing") return choice === "dpo" && kind === "sigmoid";
    return choice === "dpo";
  });
}

/** A setting's value within its bounds; the default where it is none. */
export function clampSetting(setting: Setting, value: unknown): Recipe[Setting["name"]] {
  if (setting.name === "dpoKind") {
    return DPO_KINDS.find((kind) => kind === value) ?? RECIPE.dpoKind;
  }
  const { name, min, max, step } = setting;
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (!Number.isFinite(number)) return RECIPE[name];
  const inside = Math.min(max, Math.max(min, number));
  return step === 1 ? Math.round(inside) : inside;
}
