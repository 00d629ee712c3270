// The files that a project can leave the page as, and the zip that holds them.
import { exportArena, exportHh, exportLabels } from "../../formats/export-others.ts";
import { exportImplicit, exportPreference } from "../../formats/export-pairs.ts";
import { exportPrompts, exportSft, exportUnpaired } from "../../formats/export-trl.ts";
import type { Exported, Shape } from "../../formats/exports.ts";
import { glued, jsonl } from "../../formats/exports.ts";
import { writeEvents } from "../../formats/histories.ts";
import { writeParquet } from "../../formats/parquet.ts";
import type { Candidate, Collection, Message } from "../../formats/records.ts";
import { bundleFiles, zipFiles } from "../../formats/zip.ts";
import type { BundlePart, Companion } from "../../formats/zip.ts";
import type { StoredEvent } from "../../storage/events.ts";
import { isUuidV7 } from "../../storage/ids.ts";
import { canonicalJson } from "../../storage/json.ts";
import type { ProjectRow } from "../../storage/projects.ts";
import { sha256 } from "../../storage/sha256.ts";
import { PROJECT_FILE, writeProject } from "./project-file.ts";
import { questionsOf } from "./questions.ts";

export interface ExportOptions {
  readonly shape: Shape;
  /** `margin` on every line of pairs */
  readonly margin: boolean;
  /** columns that say which judgement a line comes from */
  readonly trace: boolean;
  readonly parquet: boolean;
  /** for `test.jsonl`, which nobody trains on */
  readonly test?: boolean;
  /** people whose judgements go into `test.jsonl` instead of `train.jsonl` */
  readonly heldOut?: readonly string[];
  /** the whole history as `events.jsonl`; left out of a zip without times */
  readonly events?: readonly StoredEvent[];
  /** sets, prompts and settings alone, for somebody else to judge */
  readonly unjudged?: boolean;
  /** leaves out notes, times and counts of moves, everywhere */
  readonly stripped?: boolean;
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
    name: "prompts-only",
    title: "TRL prompts only",
    for: "GRPOTrainer, RLOOTrainer",
    shaped: true,
    make: exportPrompts,
  },
  { name: "hh-rlhf", title: "HH-RLHF transcripts", for: "scripts for Anthropic's files", shaped: false, make: exportHh }, // prettier-ignore
  { name: "arena", title: "Arena battles", for: "rating scripts of Chatbot Arena", shaped: false, make: exportArena }, // prettier-ignore
  { name: "labels", title: "InstructGPT-like labels", for: "tables, one line per answer", shaped: false, make: exportLabels }, // prettier-ignore
];

/** What the given people said, or (false) what everybody else said; sets and prompts go with the latter. */
export function partOf(all: Collection, people: readonly string[], theirs: boolean): Collection {
  const mine = ({ annotator }: { annotator: string }): boolean =>
    people.includes(annotator) === theirs;
  const { rankings, labelled, demonstrations } = all;
  return {
    rankings: rankings.filter(mine),
    labelled: labelled.filter(mine),
    demonstrations: demonstrations.filter(mine),
    prompts: theirs ? [] : all.prompts,
    items: theirs ? [] : all.items,
  };
}

/**
 * The same without notes, times and counts of moves: what was said, not how it came about. Ids begin
 * with the time, so they are replaced by others that keep the order and are the same every time.
 */
export function strippedOf(all: Collection): Collection {
  const nothing = { started: "", submitted: "", active_ms: 0, idle_ms: 0, hidden_ms: 0 };
  const bare = (one: Candidate): Candidate => ({ ...one, note: "" });
  const ids = new Map(all.rankings.map(({ id }, i) => [id, isUuidV7(id) ? timelessId(id, i) : id]));
  const renamed = (id: string): string => ids.get(id) ?? id;
  return {
    ...all,
    rankings: all.rankings.map((ranking) => ({
      ...ranking,
      ...nothing,
      id: renamed(ranking.id),
      supersedes: "",
      session: "",
      moves: 0,
      undos: 0,
      note: "",
      extra: timeless(ranking.extra),
      completions: ranking.completions.map(bare),
    })),
    labelled: all.labelled.map((one) => ({ ...one, active_ms: 0, note: "" })),
    demonstrations: all.demonstrations.map((one) => {
      const of = one.id.startsWith("d_") ? ids.get(one.id.slice(2)) : undefined;
      return { ...one, id: of === undefined ? one.id : `d_${of}`, submitted: "" };
    }),
    items: all.items.map((item) => ({ ...item, completions: item.completions.map(bare) })),
  };
}

/** `extra` with the time of a ranking of the first page as 0; what a file brought along stays. */
function timeless(extra: string): string {
  if (extra === "") return "";
  const all = JSON.parse(extra) as { nudge?: { t?: unknown } };
  return typeof all.nudge?.t === "number"
    ? canonicalJson({ ...all, nudge: { ...all.nudge, t: 0 } })
    : extra;
}

/** The first moment of 2020: before this page, so that nobody takes it for the time of a judgement. */
const EPOCH = Date.UTC(2020);

/** A UUID of version 7 whose time is a place in a list and whose rest follows from another id. */
function timelessId(id: string, place: number): string {
  const time = (EPOCH + place).toString(16).padStart(12, "0");
  const rest = sha256(id);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

/** Plain text where answers go on with their prompts, as a completion does; messages for everything else. */
export function usualShape({ rankings, labelled, demonstrations }: Collection): Shape {
  const parted = (context: readonly Message[], answer: readonly Message[]): boolean =>
    context.length === 1 && !glued(context[0]?.content, answer[0]?.content);
  const plain =
    rankings.every(({ context, completions }) => completions.every(({ completion }) => parted(context, completion))) &&
    [...labelled, ...demonstrations].every(({ context, completion }) => parted(context, completion)); // prettier-ignore
  return plain ? "standard" : "conversational";
}

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

/** Where the whole history is in a zip. */
export const HISTORY = "events.jsonl";

/** The zip of the chosen forms; the lossless files are always in it. @throws Error with one sentence */
export async function packed(
  whole: Collection,
  names: readonly string[],
  options: ExportOptions,
  row: ProjectRow,
): Promise<Uint8Array> {
  const all = shownOf(whole, options);
  const heldOut = options.heldOut ?? [];
  const train = heldOut.length === 0 ? all : partOf(all, heldOut, false);
  const parts: BundlePart[] = [];
  for (const form of FORMS.filter(({ name }) => names.includes(name))) {
    const one = await split(form, train, options);
    if (heldOut.length === 0) parts.push({ name: form.name, ...one });
    else {
      const test = await split(form, partOf(all, heldOut, true), { ...options, test: true });
      parts.push({ name: form.name, ...one, test });
    }
  }
  const companions = companionsOf(row);
  if (options.events !== undefined) companions.push(historyOf(options.events));
  return zipFiles(bundleFiles(all, parts, row.name, companions));
}

/** What an export is made of under these options. */
export function shownOf(
  all: Collection,
  { stripped = false, unjudged = false }: Pick<ExportOptions, "stripped" | "unjudged">,
): Collection {
  const some = unjudged ? { ...all, rankings: [], labelled: [], demonstrations: [] } : all;
  return stripped ? strippedOf(some) : some;
}

function historyOf(events: readonly StoredEvent[]): Companion {
  return {
    path: HISTORY,
    content: writeEvents(events),
    about: "Every event of this project with its checksum: all versions of all judgements.",
  };
}

async function split(
  form: Form,
  all: Collection,
  options: ExportOptions,
): Promise<Pick<BundlePart, "exported" | "parquet">> {
  const exported = form.make(all, options);
  return options.parquet ? { exported, parquet: await writeParquet(exported) } : { exported };
}

/** What the judgements refer to: every version of the guideline, and the questions behind the ratings. */
function companionsOf(row: ProjectRow): Companion[] {
  const { guidelines, settings } = row;
  const questions = questionsOf(settings).map(({ key, text, scale }) => ({ key, text, scale }));
  return [
    ...guidelines.map(({ version, text, preset, hash }) => ({
      path: `guidelines/v${version}.md`,
      content: `${text}\n`,
      about: `Version ${version} of the guideline (${preset}), sha256 of the text without the last line end ${hash}.`,
    })),
    {
      path: PROJECT_FILE,
      content: writeProject(row),
      about: "The project's settings: questions, schedule, gold and guidelines, for this app.",
    },
    {
      path: "labels.json",
      content: `${JSON.stringify({ questions, strengths: settings.strength }, null, 2)}\n`,
      about:
        "The questions behind the keys in `ratings`; yes is 1, no is 0, and what is not there was not answered.",
    },
  ];
}
