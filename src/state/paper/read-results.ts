// Reads results.json and sample files of `npm run reproduce`, which may be a person's own or somebody else's.
import { code, found, FormatError } from "../../formats/errors.ts";
import type {
  Claim,
  Figure,
  FigurePoint,
  FigureSeries,
  ModelRow,
  Results,
  ResultTable,
  SampledAnswer,
  SampledPrompt,
} from "../../reproduce/results.ts";
import { readJson } from "../../storage/json.ts";
import { Place } from "./place.ts";

/** A file of the committed size is below 1 MiB; this leaves room and still protects the page. */
const MOST_BYTES = 64 * 2 ** 20;
const FORMAT: Results["format"] = "nudge-reproduce-1";

/** The JSON of a file. @throws FormatError with one sentence */
export function jsonOf(text: string, name: string): unknown {
  if (text.length > MOST_BYTES) {
    throw new FormatError(
      `${code(name)}: found ${text.length.toLocaleString("en-US")} characters; expected at most ${MOST_BYTES.toLocaleString("en-US")}. Nothing was opened.`,
    );
  }
  const json = readJson(text);
  if (json.ok) return json.value;
  throw new FormatError(
    `${code(name)}: ${json.reason}; expected the JSON of npm run reproduce. Nothing was opened.`,
  );
}

const text = (place: Place): string => place.text();
const number = (place: Place): number => place.number();
const texts = (place: Place): string[] => place.list(text);

/** True if a value says that it is a results file, of whatever version. */
export function isResults(value: unknown): boolean {
  const format: unknown =
    typeof value === "object" && value !== null ? Reflect.get(value, "format") : null;
  return typeof format === "string" && format.startsWith("nudge-reproduce");
}

/** @throws FormatError with one sentence when it is not such a file */
export function readResults(value: unknown, name: string): Results {
  const file = new Place(value, name);
  if (isResults(value) && Reflect.get(value as object, "format") !== FORMAT) {
    throw new FormatError(
      `${code(name)} was written by another version (${found(Reflect.get(value as object, "format"))}; this page reads ${FORMAT}). Nothing was opened.`,
    );
  }
  return {
    format: file.at("format").oneOf([FORMAT]),
    form: file.at("form").oneOf(["quick", "full"]),
    finished: file.at("finished").text(),
    engine: file.at("engine").text(),
    adapter: file.at("adapter").text(),
    seeds: file.at("seeds").list(number),
    seconds: file.at("seconds").number(),
    flops: file.at("flops").number(),
    ...file.optional("judgements", text),
    models: file.at("models").list(model),
    claims: file.at("claims").list(claim),
    tables: file.at("tables").list(table),
    figures: file.at("figures").list(figure),
    samples: file.at("samples").list((one) => ({
      task: one.at("task").text(),
      file: one.at("file").text(),
      bytes: one.at("bytes").number(),
    })),
  };
}

function model(one: Place): ModelRow {
  return {
    id: one.at("id").text(),
    kind: one.at("kind").text(),
    size: one.at("size").text(),
    parameters: one.at("parameters").number(),
    seed: one.at("seed").number(),
    recipe: one.at("recipe").text(),
  };
}

function claim(one: Place): Claim {
  return {
    id: one.at("id").text(),
    paper: one.at("paper").text(),
    section: one.at("section").text(),
    bar: one.at("bar").text(),
    measured: one.at("measured").text(),
    holds: one.at("holds").oneOf(["yes", "no", "partly", "not measured"]),
    ...one.optional("tried", text),
    ...one.optional("caveat", text),
  };
}

function table(one: Place): ResultTable {
  return {
    id: one.at("id").text(),
    title: one.at("title").text(),
    section: one.at("section").text(),
    columns: texts(one.at("columns")),
    rows: one.at("rows").list(texts),
    ...one.optional("note", text),
  };
}

function figure(one: Place): Figure {
  return {
    id: one.at("id").text(),
    title: one.at("title").text(),
    section: one.at("section").text(),
    kind: one.at("kind").oneOf(["bars", "lines"]),
    x: one.at("x").text(),
    y: one.at("y").text(),
    series: one.at("series").list(series),
    ...one.optional("task", text),
    ...one.optional("note", text),
  };
}

function series(one: Place): FigureSeries {
  return {
    name: one.at("name").text(),
    source: one.at("source").oneOf(["ours", "paper"]),
    points: one.at("points").list(point),
  };
}

function point(one: Place): FigurePoint {
  return {
    x: one.at("x").textOrNumber(),
    ...one.optional("y", number),
    ...one.optional("low", number),
    ...one.optional("high", number),
    ...one.optional("models", texts),
  };
}

/** The prompts of a samples file. @throws FormatError with one sentence when it is not such a file */
export function readSamples(value: unknown, name: string): SampledPrompt[] {
  return new Place(value, name).list((one) => ({
    id: one.at("id").text(),
    prompt: one.at("prompt").text(),
    task: one.at("task").text(),
    split: one.at("split").text(),
    answers: one.at("answers").list(answer),
  }));
}

function answer(one: Place): SampledAnswer {
  return {
    model: one.at("model").text(),
    text: one.at("text").text(),
    ...one.optional("rating", number),
    ...one.optional("labels", texts),
  };
}
