// The zip of an export: data, a dataset card, checksums and always the lossless files; and back.
import type { Zippable } from "fflate";
import { sha256, sha256Async } from "../storage/sha256.ts";
import { Meter, concat } from "./bytes.ts";
import type { Limits } from "./bytes.ts";
import { features } from "./columns.ts";
import { FormatError, code, plural } from "./errors.ts";
import { jsonl } from "./exports.ts";
import type { Exported } from "./exports.ts";
import { losslessColumns, writeLossless } from "./lossless.ts";
import type { Collection, Imported } from "./records.ts";

/** One file of the zip. */
export interface BundleFile {
  path: string;
  bytes: Uint8Array;
}

/** An export and the name of its folder: `data/<name>/train.jsonl`. */
export interface BundlePart {
  name: string;
  exported: Exported;
  /** The Parquet form of the same rows, when it is wanted. */
  parquet?: ArrayBuffer;
  /** What was held out of `exported`: `data/<name>/test.jsonl`. */
  test?: { exported: Exported; parquet?: ArrayBuffer };
}

/** A text that goes with the data, and what the card says about it. */
export interface Companion {
  path: string;
  content: string;
  about: string;
}

const LOSSLESS = [
  ["rankings.jsonl", "prefs.ranking", "rankings"],
  ["labelled.jsonl", "prefs.labelled", "labelled"],
  ["demonstrations.jsonl", "prefs.demonstration", "demonstrations"],
  ["prompts.jsonl", "prefs.prompt", "prompts"],
  ["items.jsonl", "prefs.item", "items"],
] as const satisfies readonly (readonly [string, Imported["schema"], keyof Collection])[];
const SUMS = "SHA256SUMS";
const encoder = new TextEncoder();

/**
 * The files of a bundle: README.md, SHA256SUMS, the lossless files, then the exports. Equal input
 * gives equal bytes.
 * @param title heading of the dataset card
 * @param companions texts such as guidelines, listed in the card
 * @throws FormatError when a part's name is not made of letters, digits, dots, dashes, underscores, or is taken
 */
export function bundleFiles(
  all: Collection,
  parts: readonly BundlePart[],
  title: string,
  companions: readonly Companion[] = [],
): BundleFile[] {
  const bad = parts.find(({ name }) => !/^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name));
  if (bad !== undefined) {
    throw new FormatError(
      `${code(bad.name)}: expected a name of letters, digits, dots, dashes and underscores. Nothing was written.`,
    );
  }
  const taken = [...LOSSLESS.map(([, , kind]) => kind as string), ...parts.map(({ name }) => name)];
  const twice = taken.find((name, i) => taken.indexOf(name) < i);
  if (twice !== undefined) {
    throw new FormatError(
      `${code(twice)}: expected a name that no other file of the zip has in the card. Nothing was written.`,
    );
  }
  const lossless = LOSSLESS.filter(
    ([path, , kind]) => path === "rankings.jsonl" || all[kind].length > 0,
  );
  const files: BundleFile[] = [
    ...lossless.map(([path, , kind]) => ({
      path,
      bytes: encoder.encode(writeLossless(all[kind])),
    })),
    ...parts.flatMap(({ name, exported, parquet, test }) => [
      ...splitFiles(name, "train", exported, parquet),
      ...(test === undefined ? [] : splitFiles(name, "test", test.exported, test.parquet)),
    ]),
  ];
  for (const { path, content } of companions) files.push({ path, bytes: encoder.encode(content) });
  const text = card(all, parts, title, companions);
  const readme = { path: "README.md", bytes: encoder.encode(text) };
  const summed = [readme, ...files];
  const sums = summed.map(({ path, bytes }) => `${sha256(bytes)}  ${path}\n`).join("");
  return [readme, { path: SUMS, bytes: encoder.encode(sums) }, ...files];
}

function splitFiles(
  name: string,
  split: string,
  exported: Exported,
  parquet: ArrayBuffer | undefined,
): BundleFile[] {
  const lines = { path: `data/${name}/${split}.jsonl`, bytes: encoder.encode(jsonl(exported)) };
  if (parquet === undefined) return [lines];
  return [lines, { path: `parquet/${name}/${split}.parquet`, bytes: new Uint8Array(parquet) }];
}

/** The zip of these files. */
export async function zipFiles(files: readonly BundleFile[]): Promise<Uint8Array> {
  const { zipSync } = await import("fflate");
  // The same time in every zip, the earliest that the format can say: equal files, equal bytes.
  const mtime = new Date(1980, 0, 1);
  const entries: Zippable = {};
  for (const { path, bytes } of files) entries[path] = [bytes, { mtime }];
  return zipSync(entries, { level: 6 });
}

/** One configuration of the card; `splits` are those that have a row, as `datasets` reads no empty one. */
interface Config {
  name: string;
  path: string;
  columns: Parameters<typeof features>[0];
  text: string;
  splits: readonly { readonly split: string; readonly path: string }[];
}

/** A dataset card: what `datasets` needs to load each file with its types, and what is in it. */
function card(
  all: Collection,
  parts: readonly BundlePart[],
  title: string,
  companions: readonly Companion[],
): string {
  const configs: Config[] = [
    ...LOSSLESS.filter(([, , kind]) => all[kind].length > 0).map(([path, schema, kind]) => ({
      name: kind,
      path: path,
      splits: [{ split: "train", path }],
      columns: losslessColumns(schema),
      text: `Lossless, ${plural(all[kind].length, "record")}. Keep this file.`,
    })),
    ...parts.map(({ name, exported, test }) => ({
      name,
      path: `data/${name}/train.jsonl`,
      columns: exported.columns,
      text: `${exported.format}. ${exported.loss}${emptyOf(exported, test?.exported)}`,
      splits: [
        { split: "train", path: `data/${name}/train.jsonl`, rows: exported.rows },
        { split: "test", path: `data/${name}/test.jsonl`, rows: test?.exported.rows ?? [] },
      ].filter(({ rows }) => rows.length > 0),
    })),
  ];
  const loaded = configs.filter(({ splits }) => splits.length > 0);
  const info = loaded.map(
    (config) => `- config_name: ${config.name}\n  features:\n${features(config.columns)}`,
  );
  const usual = loaded.find(({ name }) => parts.some((part) => part.name === name)) ?? loaded[0];
  const data = loaded.map(
    ({ name, splits }) =>
      `- config_name: ${name}\n${name === usual?.name ? "  default: true\n" : ""}  data_files:\n${splits.map(({ split, path }) => `  - split: ${split}\n    path: ${path}\n`).join("")}`,
  );
  const yaml =
    loaded.length === 0 ? "" : `dataset_info:\n${info.join("")}configs:\n${data.join("")}`;
  const named = [...configs, ...companions.map(({ path, about }) => ({ path, text: about }))];
  const list = named.map(({ path, text }) => `- \`${path}\`: ${text}\n`).join("");
  const load =
    'Load one with `datasets.load_dataset("path/to/this/folder", "<name>")`; check the files with `sha256sum -c SHA256SUMS`.';
  return `---\n${yaml}---\n\n# ${oneLine(title)}\n\nPreferences collected with Nudge.\n\n${list}\n${load}\n`;
}

/** Which of the files have no line, and so no split. */
function emptyOf(train: Exported, test: Exported | undefined): string {
  if (train.rows.length === 0) return " No line to train on.";
  return test?.rows.length === 0 ? " No line was held out." : "";
}

function oneLine(title: string): string {
  return title.replace(/\s+/g, " ").trim() || "Preferences";
}

/** The lossless files of a zip, each checked against SHA256SUMS where the zip has one. */
export async function losslessOf(
  bytes: Uint8Array,
  name: string,
  limits: Limits,
): Promise<BundleFile[]> {
  const found = await checked(bytes, name, limits, LOSSLESS.map(([path]) => path)); // prettier-ignore
  if (found.length === 0) {
    throw new FormatError(
      `${code(name)}: found a zip without \`rankings.jsonl\`; expected one that this app wrote, or a single file unpacked from it. Nothing was imported.`,
    );
  }
  return found;
}

/** A text beside the data of a zip, checked like the data; null when the zip has none. */
export async function companionOf(
  bytes: Uint8Array,
  name: string,
  limits: Limits,
  path: string,
): Promise<string | null> {
  const [file] = await checked(bytes, name, limits, [path]);
  return file === undefined ? null : new TextDecoder().decode(file.bytes);
}

/** Files of a zip in the order of their paths here, each checked against SHA256SUMS where there is one. */
async function checked(
  bytes: Uint8Array,
  name: string,
  limits: Limits,
  paths: readonly string[],
): Promise<BundleFile[]> {
  const files = await unzip(bytes, name, limits, new Set([SUMS, ...paths]));
  const found = paths.flatMap((path) => files.filter((file) => file.path === path));
  const sums = files.find(({ path }) => path === SUMS);
  const listed = sums === undefined ? "" : new TextDecoder().decode(sums.bytes);
  for (const file of found) {
    const sum = await sha256Async(Uint8Array.from(file.bytes));
    if (sums !== undefined && !listed.split("\n").includes(`${sum}  ${file.path}`)) {
      throw new FormatError(
        `${code(name)}, ${code(file.path)}: found a checksum that SHA256SUMS does not list; expected the file as it was written. Nothing was imported.`,
      );
    }
  }
  return found;
}

/** Packed bytes given to the unpacker at a time: DEFLATE makes at most 1,032 times as much of them. */
const SLICE = 16 * 1024;
const MOST_ENTRIES = 10_000;
/** `FlateErrorCode.UnknownCompressionMethod` of fflate, which is not there when the program runs. */
const UNKNOWN_METHOD = 14;

async function unzip(
  bytes: Uint8Array,
  name: string,
  limits: Limits,
  wanted: ReadonlySet<string>,
): Promise<BundleFile[]> {
  const { Unzip, UnzipInflate } = await import("fflate");
  const meter = new Meter(name, limits);
  const open = new Map<string, { parts: Uint8Array[]; size: number; done: boolean }>();
  let entries = 0;
  const unpacker = new Unzip((entry) => {
    if (++entries > MOST_ENTRIES) throw tooMany(name);
    if (!wanted.has(entry.name)) return;
    if (open.has(entry.name)) throw twice(name, entry.name);
    const file = { parts: [] as Uint8Array[], size: 0, done: false };
    open.set(entry.name, file);
    entry.ondata = (error, part, final) => {
      if (error !== null) throw error;
      meter.add(part.length);
      file.size += part.length;
      if (file.size > limits.whole) throw new RangeError("too large");
      file.parts.push(part);
      file.done = final;
    };
    entry.start();
  });
  unpacker.register(UnzipInflate);
  try {
    for (let at = 0; at < bytes.length; at += SLICE) {
      const slice = bytes.subarray(at, at + SLICE);
      meter.packed(slice.length);
      unpacker.push(slice, at + SLICE >= bytes.length);
    }
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw (error as { code?: unknown }).code === UNKNOWN_METHOD ? otherMethod(name) : damaged(name);
  }
  if ([...open.values()].some(({ done }) => !done)) throw damaged(name);
  return [...open].map(([path, { parts, size }]) => ({ path, bytes: concat(parts, size) }));
}

function tooMany(name: string): FormatError {
  return new FormatError(
    `${code(name)}: found more than ${MOST_ENTRIES} files; expected fewer. Nothing was imported.`,
  );
}

function twice(name: string, entry: string): FormatError {
  return new FormatError(
    `${code(name)}: found ${code(entry)} twice; expected each file once. Nothing was imported.`,
  );
}

function otherMethod(name: string): FormatError {
  return new FormatError(
    `${code(name)}: found a zip packed in another way than DEFLATE, such as LZMA or Zstandard; expected the usual one. Pack it again or unpack it. Nothing was imported.`,
  );
}

function damaged(name: string): FormatError {
  return new FormatError(
    `${code(name)}: found a zip that is cut off or damaged; expected a whole one. Nothing was imported.`,
  );
}
