// Importers of our own formats and of the one that the lossless file extends (NeMo-RL).
import { RANKINGS_FORMAT, RANKINGS_VERSION, rowOfLine } from "../storage/formats.ts";
import { FormatError, Refusal, code } from "./errors.ts";
import { Fields } from "./fields.ts";
import type { Importer } from "./importer.ts";
import { groupsByScore } from "./importer.ts";
import { readLossless } from "./lossless.ts";
import { candidate, newLabelled, newRanking, assistant, user } from "./new-records.ts";
import { LABELS } from "./records.ts";
import type { Imported, Rating } from "./records.ts";
import { rankingOf } from "./rows.ts";

const SCHEMAS = [
  "prefs.ranking",
  "prefs.labelled",
  "prefs.demonstration",
  "prefs.prompt",
  "prefs.item",
];

/** One importer for all kinds of lossless lines, so that a file may hold several. */
const LOSSLESS: Importer = {
  name: "lossless rankings (prefs.ranking v1)",
  keys: ["schema", "v"],
  test: (fields) => SCHEMAS.includes(fields.string("schema")),
  read: (fields) => [readLossless(fields.whole())],
};

/** The header line of `nudge.rankings`: it announces a count and holds no record. */
function readHeader(fields: Fields): Imported[] {
  const version = fields.raw("version");
  if (version === RANKINGS_VERSION) return [];
  throw new FormatError(
    `This file was written by a newer version (${code(RANKINGS_FORMAT)} v${fields.name("version")}; this app reads v${RANKINGS_VERSION}). Nothing was changed. Reload the page to update.`,
  );
}

const NUDGE: Importer = {
  name: "Nudge rankings",
  keys: [],
  test: (fields) => isHeader(fields) || (fields.has("event") && fields.has("promptId")),
  announces: (fields) =>
    isHeader(fields) ? fields.integer("count", 0, Number.MAX_SAFE_INTEGER) : null,
  read: (fields) => {
    if (isHeader(fields)) return readHeader(fields);
    const row = rowOfLine(fields.whole());
    if (typeof row === "string") throw new Refusal(row);
    return [rankingOf(row)];
  },
};

function isHeader(fields: Fields): boolean {
  return fields.raw("format") === RANKINGS_FORMAT;
}

/** https://docs.nvidia.com/nemo/rl: lower rank is better, equal ranks are ties. */
const NEMO: Importer = {
  name: "NeMo-RL preferences",
  keys: ["context", "completions"],
  read: (fields) => {
    const answers = fields.objects("completions", 2);
    const ranks = answers.map((one) => one.integer("rank", 0, 1e6));
    const candidates = answers.map((one) => candidate(one.messages("completion")));
    const known = { format: "chat", extra: fields.rest("context", "completions") } as const;
    return [newRanking(fields.messages("context"), candidates, groupsByScore(ranks, -1), known)];
  },
};

/** One line per answer with InstructGPT's labels: -1 is "not asked" and becomes no rating. */
const LABEL: Importer = {
  name: "InstructGPT-like labels",
  keys: ["schema", "v"],
  test: (fields) => fields.raw("schema") === "prefs.label",
  read: (fields) => {
    if (fields.integer("v", 1, Number.MAX_SAFE_INTEGER) > 1) {
      throw new FormatError(
        `This file was written by a newer version (\`prefs.label\` v${fields.name("v")}; this app reads v1). Nothing was changed. Reload the page to update.`,
      );
    }
    const rating = (key: string, most: number): Rating[] => {
      const value = fields.integer(key, -1, most);
      return value === -1 ? [] : [{ key, value }];
    };
    if (fields.raw("overall") === 0) throw fields.refuse("overall", "-1 or a rating from 1 to 7");
    const context = [user(fields.text("prompt"))];
    return [
      newLabelled(context, [assistant(fields.string("completion"))], {
        id: fields.string("id"),
        task: fields.string("task"),
        cid: fields.string("cid"),
        ratings: [...rating("overall", 7), ...LABELS.flatMap((key) => rating(key, 1))],
        rank: fields.integer("rank", -1, 1e6),
        annotator: fields.string("annotator"),
        preset: fields.string("preset"),
        guideline: fields.string("guideline"),
        active_ms: fields.integer("active_ms", 0, Number.MAX_SAFE_INTEGER),
        note: fields.string("note"),
      }),
    ];
  },
};

export const OWN: readonly Importer[] = [LOSSLESS, LABEL, NUDGE, NEMO];
