// Importers of what annotation tools export: Label Studio, Potato, Prodigy and Argilla.
import { Refusal, code, found } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { answerText, broken, groupsByScore, pairRanking, pairStrengths } from "./importer.ts";
import type { Importer } from "./importer.ts";
import { newRanking, user } from "./new-records.ts";
import type { Candidate, Imported, Ranking } from "./records.ts";
import { isoTime } from "./rows.ts";

const PROMPT_NAMES = ["prompt", "question", "instruction", "text", "input", "context"];
/** Names that projects give to the two texts of a pair, first and second. */
const PAIR_NAMES = [
  ["answer1", "answer2"],
  ["answer_1", "answer_2"],
  ["answer_a", "answer_b"],
  ["response1", "response2"],
  ["response_1", "response_2"],
  ["response_a", "response_b"],
  ["text1", "text2"],
  ["left", "right"],
  ["A", "B"],
] as const;
const ITEM_NAMES = ["items", "options", "answers", "completions", "responses", "texts"];
const TEXT_NAMES = ["text", "body", "html", "title", "value"];

function firstKey(fields: Fields, names: readonly string[], what: string): string {
  const key = names.find((name) => fields.has(name));
  if (key === undefined) {
    throw new Refusal(
      `${code(fields.at(what))}: found ${found(fields.keys())}; expected one of ${names.join(", ")}.`,
    );
  }
  return key;
}

function promptOf(fields: Fields): string {
  return fields.text(firstKey(fields, PROMPT_NAMES, "prompt"));
}

function pairOf(fields: Fields): [Candidate, Candidate] {
  const names = PAIR_NAMES.find(([a, b]) => fields.has(a) && fields.has(b));
  if (names === undefined) {
    throw new Refusal(
      `${code(fields.at("answer1"))}: found ${found(fields.keys())}; expected two texts, such as answer1 and answer2.`,
    );
  }
  return [answerText(fields.text(names[0])), answerText(fields.text(names[1]))];
}

/** Answers with an id and a text each. */
function itemsOf(fields: Fields): { ids: string[]; candidates: Candidate[] } {
  const items = fields.objects(firstKey(fields, ITEM_NAMES, "items"), 2);
  return {
    ids: items.map((item) => item.name("id")),
    candidates: items.map((item) => answerText(item.text(firstKey(item, TEXT_NAMES, "text")))),
  };
}

function indexOf(ids: readonly string[], id: unknown, path: string): number {
  const at = typeof id === "string" || typeof id === "number" ? ids.indexOf(String(id)) : -1;
  if (at < 0) throw new Refusal(`${code(path)}: found ${found(id)}; expected the id of an answer.`);
  return at;
}

/** Refuses groups that hold an answer twice. */
function once(groups: number[][], path: string): number[][] {
  const all = groups.flat();
  if (new Set(all).size !== all.length) {
    throw new Refusal(`${code(path)}: found an answer twice; expected each at most once.`);
  }
  return groups.filter((group) => group.length > 0);
}

/** https://labelstud.io: one ranking for each annotation that was not cancelled. */
const LABEL_STUDIO: Importer = {
  name: "Label Studio",
  keys: ["data", "annotations"],
  read: (fields) => {
    const data = fields.object("data");
    const annotations = fields.objects("annotations", 1);
    const all = annotations.flatMap((annotation) =>
      annotation.objects("result").flatMap((result): Imported[] => {
        const seconds = annotation.has("lead_time") ? annotation.number("lead_time", 0, 1e9) : 0;
        const cancelled = annotation.raw("was_cancelled") === true;
        const known: Partial<Ranking> = {
          task: fields.name("id"),
          annotator: personOf(annotation),
          submitted: annotation.name("created_at"),
          // Label Studio counts idle time too.
          active_ms: Math.round(seconds * 1000),
          outcome: cancelled ? "skipped" : "ranked",
          skip_reason: cancelled ? "cancelled" : "",
        };
        if (result.raw("type") === "pairwise") return [pairwise(data, result, known)];
        return result.raw("type") === "ranker" ? [ranker(data, result, known)] : [];
      }),
    );
    if (all.length === 0) {
      const kinds = annotations.flatMap((one) => one.objects("result").map((result) => result.name("type"))); // prettier-ignore
      throw broken(fields.at("annotations"), `found results of the kinds ${found([...new Set(kinds)].join(", "))}; expected one of the kind pairwise or ranker.`); // prettier-ignore
    }
    return all;
  },
};

/** A number, or an object with an address, of which only the number is kept. */
function personOf(annotation: Fields): string {
  const by = annotation.raw("completed_by");
  return typeof by === "object"
    ? annotation.object("completed_by").name("id")
    : annotation.name("completed_by");
}

function pairwise(data: Fields, result: Fields, known: Partial<Ranking>): Imported {
  const side = result.object("value").oneOf("selected", ["left", "right"]);
  return pairRanking(promptOf(data), pairOf(data), side === "left" ? -1 : 1, known);
}

/** One bucket is an order; of several, each is a group in the order of the file; "_" is unranked. */
function ranker(data: Fields, result: Fields, known: Partial<Ranking>): Imported {
  const { ids, candidates } = itemsOf(data);
  const buckets = result.object("value").object("ranker");
  const names = buckets.keys().filter((name) => name !== "_");
  const groups = names.map((name) =>
    buckets.list(name).map((id) => indexOf(ids, id, buckets.at(name))),
  );
  const [only, ...more] = groups;
  const order = only !== undefined && more.length === 0 ? only.map((i) => [i]) : groups;
  return newRanking([user(promptOf(data))], candidates, once(order, result.at("value")), known);
}

const POTATO_KEYS = ["rank_order", "selection", "scale_value"];

/** https://github.com/davidjurgens/potato: the answer stands in the record or below its schema. */
const POTATO: Importer = {
  name: "Potato",
  keys: [],
  test: (fields) => potatoAnswer(fields) !== null,
  read: (fields) => {
    const answer = potatoAnswer(fields);
    if (answer === null) throw fields.refuse("rank_order", "rank_order, selection or scale_value");
    const known = { task: fields.name("id"), annotator: fields.name("user_id") };
    if (answer.has("rank_order")) return [potatoOrder(fields, answer, known)];
    const pair = pairOf(fields);
    if (answer.has("selection")) {
      const side = answer.oneOf("selection", ["A", "B", "tie"]);
      const order = side === "tie" ? 0 : side === "A" ? -1 : 1;
      return [pairRanking(promptOf(fields), pair, order, known)];
    }
    const order = answer.integer("scale_value", -3, 3); // negative = A
    const strengths = pairStrengths(order, Math.abs(order));
    return [pairRanking(promptOf(fields), pair, order, { ...known, strengths })];
  },
};

function potatoAnswer(fields: Fields): Fields | null {
  if (POTATO_KEYS.some((key) => fields.has(key))) return fields;
  if (!fields.has("label_annotations")) return null;
  const schemas = fields.object("label_annotations");
  const name = schemas.keys().find((key) => {
    const below = schemas.object(key);
    return POTATO_KEYS.some((one) => below.has(one));
  });
  return name === undefined ? null : schemas.object(name);
}

/** "B,D=A,C": best first, "=" between ties; letters are places in the list of answers. */
function potatoOrder(fields: Fields, answer: Fields, known: Partial<Ranking>): Imported {
  const texts = fields.list(firstKey(fields, ITEM_NAMES, "items"), 2);
  const candidates = texts.map((text, i) => {
    if (typeof text === "string" && text !== "") return answerText(text);
    throw new Refusal(`${code(`items[${i}]`)}: found ${found(text)}; expected text, not empty.`);
  });
  const letters = texts.map((_, i) => String.fromCharCode(65 + i));
  const groups = answer
    .text("rank_order")
    .split(",")
    .map((part) => part.split("=").map((id) => indexOf(letters, id.trim(), "rank_order")));
  const context = [user(promptOf(fields))];
  return newRanking(context, candidates, once(groups, "rank_order"), known);
}

/** https://prodi.gy: accepted options before the others; "ignore" and "reject" are skips. */
const PRODIGY: Importer = {
  name: "Prodigy",
  keys: ["options", "answer"],
  read: (fields) => {
    const { ids, candidates } = itemsOf(fields);
    const answer = fields.oneOf("answer", ["accept", "reject", "ignore"]);
    const accept = fields.has("accept") ? fields.list("accept") : [];
    const chosen = accept.map((id) => indexOf(ids, id, "accept"));
    const rest = candidates.flatMap((_, i) => (chosen.includes(i) ? [] : [i]));
    const ranked = answer === "accept" && chosen.length > 0 && rest.length > 0;
    const seconds = fields.has("_timestamp") ? fields.number("_timestamp", 0, 8.64e12) : 0;
    const known: Partial<Ranking> = {
      task: fields.name("_task_hash"),
      annotator: fields.name("_annotator_id"),
      session: fields.name("_session_id"),
      submitted: seconds === 0 ? "" : isoTime(seconds * 1000),
      outcome: ranked ? "ranked" : "skipped",
      skip_reason: ranked ? "" : answer === "accept" ? "no choice" : answer,
    };
    const groups = ranked ? once([chosen, rest], "accept") : [];
    return [newRanking([user(promptOf(fields))], candidates, groups, known)];
  },
};

/** https://docs.argilla.io: answers are fields that the ranking names; equal ranks are ties. */
const ARGILLA: Importer = {
  name: "Argilla",
  keys: ["fields", "responses"],
  read: (fields) => {
    const texts = fields.object("fields");
    const answers = argillaResponses(fields).flatMap(({ value, annotator }): Imported[] => {
      const order = argillaOrder(value);
      if (order === null) return [];
      const candidates = order.names.map((name) => answerText(texts.text(name)));
      const known = { task: fields.name("id"), annotator };
      const groups = groupsByScore(order.ranks, -1);
      return [newRanking([user(promptOf(texts))], candidates, groups, known)];
    });
    if (answers.length === 0) throw fields.refuse("responses", "a ranking by at least one person");
    return answers;
  },
};

/** Responses by question (version 2) or a list with values by question (version 1). */
function argillaResponses(fields: Fields): { value: unknown; annotator: string }[] {
  if (Array.isArray(fields.raw("responses"))) {
    return fields.objects("responses").flatMap((response) => {
      const values = response.object("values");
      const annotator = response.name("user_id");
      return values.keys().map((key) => ({ value: values.object(key).raw("value"), annotator }));
    });
  }
  const questions = fields.object("responses");
  return questions.keys().flatMap((key) =>
    questions.objects(key).map((response) => ({
      value: response.raw("value"),
      annotator: response.name("user_id"),
    })),
  );
}

/** Names with ranks, or names in order; null when the answer is not to a ranking. */
function argillaOrder(value: unknown): { names: string[]; ranks: number[] } | null {
  if (!Array.isArray(value) || value.length < 2) return null;
  const items = (value as unknown[]).map((item, i): [unknown, unknown] => {
    if (typeof item !== "object" || item === null) return [item, i + 1];
    const { value: name, rank } = item as { value?: unknown; rank?: unknown };
    return [name, rank];
  });
  const names = items.map(([name]) => name).filter((name) => typeof name === "string");
  const ranks = items.map(([, rank]) => rank).filter((rank) => typeof rank === "number");
  const whole = names.length === items.length && ranks.length === items.length;
  return whole && new Set(names).size === names.length ? { names, ranks } : null;
}

export const TOOLS: readonly Importer[] = [LABEL_STUDIO, ARGILLA, PRODIGY, POTATO];
