// Importer of answers that nobody has judged: a prompt and a list of completions, or numbered columns.
import { Refusal, code } from "./errors.ts";
import { Fields } from "./fields.ts";
import type { Importer } from "./importer.ts";
import { assistant, candidate, newItem, user } from "./new-records.ts";
import type { Candidate, Message } from "./records.ts";

/** Names that files use for a list of answers, and for the text inside one. */
const LISTS = ["completions", "responses", "answers", "outputs", "candidates", "generations"];
const MODELS = ["model", "model_name"];
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
  const [model = ""] = MODELS.map((name) => fields.name(name)).filter((name) => name !== "");
  return { ...one, model, checkpoint: fields.name("checkpoint") };
}

/** What an answer or a message says beside its text, or null: a score, an author, a source. */
function besideOf(value: unknown): Record<string, unknown> | null {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) {
    const messages = value.map(besideOf);
    return messages.some((one) => one !== null) ? { messages } : null;
  }
  const { role: _, ...members } = value as Record<string, unknown>;
  const text = TEXTS.find((name) => (members[name] ?? null) !== null);
  const model = MODELS.find((name) => (members[name] ?? "") !== "");
  const known = [text, model, "checkpoint"];
  const left = Object.entries(members).filter(
    ([key, member]) => member !== null && !known.includes(key),
  );
  const conversation = text === undefined ? null : besideOf(asList(members[text]));
  const all = [...left, ...Object.entries(conversation ?? {})];
  return all.length === 0 ? null : Object.fromEntries(all);
}

const asList = (value: unknown): unknown => (Array.isArray(value) ? value : null);

/** Everything that has no place of its own; what stands beside answers and messages, under the name of their list. */
function extraOf(fields: Fields, used: readonly string[], lists: readonly string[]): string {
  const left = Object.entries(fields.whole()).filter(([key]) => !used.includes(key));
  const beside = lists.flatMap((key) => {
    const value = fields.raw(key);
    const all = Array.isArray(value) ? value.map(besideOf) : [];
    return all.some((one) => one !== null) ? [[key, all] as const] : [];
  });
  return new Fields(Object.fromEntries([...left, ...beside])).rest();
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

/** Names under which files keep what somebody said about the answers. */
const VERDICT = /^(?:better|best|prefer|winner|choice|chosen|rank|vote|verdict|comparison|safer|overall_pref)/i; // prettier-ignore

export const ITEMS: Importer = {
  name: "prompts with answers to judge",
  keys: ["prompt"],
  test: (fields) => listOf(fields) !== undefined || columnsOf(fields).length > 1,
  remark: (fields) => {
    const list = listOf(fields);
    const answers = list === undefined ? columnsOf(fields) : [list];
    const keys = fields.keys().filter((key) => VERDICT.test(key) && !answers.includes(key));
    const names = keys.map(code).join(", ");
    return keys.length === 0
      ? null
      : `${names}: this looks like a judgement of a kind that is not known here. It is kept beside the answers and counts for nothing.`;
  },
  read: (fields) => {
    const list = listOf(fields);
    const answers = answersOf(fields, list);
    if (answers.length === 0) {
      throw new Refusal(`${code("prompt")}: found no answer beside it; expected at least one.`);
    }
    const used = ["prompt", "id", ...(list === undefined ? columnsOf(fields) : [list])];
    const { context, format } = contextOf(fields);
    const id = fields.name("id");
    const lists = list === undefined ? ["prompt"] : ["prompt", list];
    const known = { format, extra: extraOf(fields, used, lists), ...(id === "" ? {} : { id }) };
    return [newItem(context, answers, known)];
  },
};
