// The files that a project can leave the page as, and the zip that holds them.
import { exportArena, exportHh, exportLabels } from "../../formats/export-others.ts";
import { exportImplicit, exportPreference } from "../../formats/export-pairs.ts";
import { exportPrompts, exportSft, exportUnpaired } from "../../formats/export-trl.ts";
import type { Exported, Shape } from "../../formats/exports.ts";
import { jsonl } from "../../formats/exports.ts";
import { writeParquet } from "../../formats/parquet.ts";
import type { Collection } from "../../formats/records.ts";
import { bundleFiles, zipFiles } from "../../formats/zip.ts";
import type { BundlePart, Companion } from "../../formats/zip.ts";
import type { ProjectRow } from "../../storage/projects.ts";
import { questionsOf } from "./questions.ts";

export interface ExportOptions {
  readonly shape: Shape;
  /** `margin` on every line of pairs */
  readonly margin: boolean;
  /** columns that say which judgement a line comes from */
  readonly trace: boolean;
  readonly parquet: boolean;
}

interface Form {
  /** folder in the zip */
  readonly name: string;
  readonly title: string;
  readonly for: string;
  /** whether the shape of prompts and answers can be chosen */
  readonly shaped: boolean;
  readonly make: (all: Collection, options: ExportOptions) => Exported;
}

export const FORMS: readonly Form[] = [
  {
    name: "preference",
    title: "TRL preference pairs",
    for: "RewardTrainer, DPOTrainer",
    shaped: true,
    make: exportPreference,
  },
  {
    name: "preference-implicit",
    title: "TRL preference pairs, implicit prompt",
    for: "trainers that ask for it",
    shaped: true,
    make: exportImplicit,
  },
  {
    name: "unpaired",
    title: "TRL unpaired preference",
    for: "KTOTrainer, BCOTrainer",
    shaped: true,
    make: exportUnpaired,
  },
  {
    name: "sft",
    title: "TRL prompt and completion",
    for: "SFTTrainer",
    shaped: true,
    make: (all, { shape }) => exportSft(all, { shape, best: true }),
  },
  {
    name: "prompts",
    title: "TRL prompts only",
    for: "GRPOTrainer, RLOOTrainer",
    shaped: true,
    make: exportPrompts,
  },
  { name: "hh-rlhf", title: "HH-RLHF transcripts", for: "scripts for Anthropic's files", shaped: false, make: exportHh }, // prettier-ignore
  { name: "arena", title: "Arena battles", for: "rating scripts of Chatbot Arena", shaped: false, make: exportArena }, // prettier-ignore
  { name: "labels", title: "InstructGPT-like labels", for: "tables, one line per answer", shaped: false, make: exportLabels }, // prettier-ignore
];

/** An export before it is saved: what it loses and its first lines, or why it cannot be made. */
export type Trial =
  | { readonly ok: true; readonly exported: Exported; readonly first: readonly string[] }
  | { readonly ok: false; readonly reason: string };

const SHOW = 3;

export function trial(form: Form, all: Collection, options: ExportOptions): Trial {
  try {
    const exported = form.make(all, options);
    const first = jsonl({ ...exported, rows: exported.rows.slice(0, SHOW) }).trimEnd();
    return { ok: true, exported, first: first === "" ? [] : first.split("\n") };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The zip of the chosen forms; the lossless files are always in it. @throws Error with one sentence */
export async function packed(
  all: Collection,
  names: readonly string[],
  options: ExportOptions,
  row: ProjectRow,
): Promise<Uint8Array> {
  const parts: BundlePart[] = [];
  for (const form of FORMS.filter(({ name }) => names.includes(name))) {
    const exported = form.make(all, options);
    const parquet = options.parquet ? { parquet: await writeParquet(exported) } : {};
    parts.push({ name: form.name, exported, ...parquet });
  }
  return zipFiles(bundleFiles(all, parts, row.name, companionsOf(row)));
}

/** What the judgements refer to: every version of the guideline, and the questions behind the ratings. */
function companionsOf({ guidelines, settings }: ProjectRow): Companion[] {
  const questions = questionsOf(settings).map(({ key, text, scale }) => ({ key, text, scale }));
  return [
    ...guidelines.map(({ version, text, preset, hash }) => ({
      path: `guidelines/v${version}.md`,
      content: `${text}\n`,
      about: `Version ${version} of the guideline (${preset}), sha256 of the text without the last line end ${hash}.`,
    })),
    {
      path: "labels.json",
      content: `${JSON.stringify({ questions, strengths: settings.strength }, null, 2)}\n`,
      about:
        "The questions behind the keys in `ratings`; yes is 1, no is 0, and what is not there was not answered.",
    },
  ];
}
