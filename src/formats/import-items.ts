// Importer of answers that nobody has judged: a prompt and a list of completions, or numbered columns.
import { Refusal, code } from "./errors.ts";
import { Fields } from "./fields.ts";
import type { Importer } from "./importer.ts";
import { assistant, candidate, newItem, user } from "./new-records.ts";
import type { Candidate, Message } from "./records.ts";

/** Names that files use for a list of answers, and for the text inside one. */
const LISTS = ["completions", "responses", "answers", "outputs", "candidates", "generations"];
const TEXTS = ["completion", "text", "content", "response", "answer", "output"];
/** `answer1`, `answer_1`, `response_b` … as columns of a table. */
const NUMBERED = /^(?:answer|response|completion|output)_?(?:\d{1,2}|[a-i])$/i;

function listOf(fields: Fields): string | undefined {
  return LISTS.find((key) => Array.isArray(fields.raw(key)));
}

function columnsOf(fields: Fields): string[] {
  return fields.keys().filter((key) => NUMBERED.test(key));
}

/** One answer: a text, a conversation, or an object with a text and perhaps the model's name. */
function answerOf(value: unknown, path: string): Candidate {
  if (typeof value === "string") return plain(new Fields({ text: value }, path), "text");
  const isList = Array.isArray(value);
  if (isList) return candidate(new Fields({ list: value }, path).messages("list"));
  const fields = new Fields(value, path);
  const key = TEXTS.find((name) => fields.has(name));
  if (key === undefined) throw fields.refuse("text", "the text of an answer");
  const one = Array.isArray(fields.raw(key)) ? candidate(fields.messages(key)) : plain(fields, key);
  const model = fields.name("model") || fields.name("model_name");
  return { ...one, model, checkpoint: fields.name("checkpoint") };
}

function plain(fields: Fields, key: string): Candidate {
  return candidate([assistant(fields.text(key))]);
}

function contextOf(fields: Fields): { context: Message[]; format: "text" | "chat" } {
  if (Array.isArray(fields.raw("prompt"))) {
    return { context: fields.messages("prompt"), format: "chat" };
  }
  return { context: [user(fields.text("prompt"))], format: "text" };
}

function answersOf(fields: Fields, list: string | undefined): Candidate[] {
  if (list !== undefined) {
    return fields.list(list, 1).map((one, i) => answerOf(one, `${fields.at(list)}[${i}]`));
  }
  // An empty cell of a table is an answer that this row does not have.
  return columnsOf(fields)
    .filter((key) => fields.raw(key) !== "")
    .map((key) => plain(fields, key));
}

export const ITEMS: Importer = {
  name: "prompts with answers to judge",
  keys: ["prompt"],
  test: (fields) => listOf(fields) !== undefined || columnsOf(fields).length > 1,
  read: (fields) => {
    const list = listOf(fields);
    const answers = answersOf(fields, list);
    if (answers.length === 0) {
      throw new Refusal(`${code("prompt")}: found no answer beside it; expected at least one.`);
    }
    const used = ["prompt", "id", ...(list === undefined ? columnsOf(fields) : [list])];
    const { context, format } = contextOf(fields);
    const id = fields.name("id");
    const known = { format, extra: fields.rest(...used), ...(id === "" ? {} : { id }) };
    return [newItem(context, answers, known)];
  },
};
