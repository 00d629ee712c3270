// Importers of Arena battles: the cleaned release, the raw vote log and the CSV of 55,000.
// https://github.com/lm-sys/FastChat
import { readJson } from "../storage/json.ts";
import type { Fields } from "./fields.ts";
import { broken, chatRanking, divergence, divide } from "./importer.ts";
import type { Importer, Order } from "./importer.ts";
import { assistant, candidate, user } from "./new-records.ts";
import type { Imported, Message, Ranking } from "./records.ts";
import { isoTime } from "./rows.ts";

/** Every spelling of an outcome that a release used; null is "both are bad". */
const WINNERS: ReadonlyMap<string, Order | null> = new Map([
  ["model_a", -1],
  ["model_b", 1],
  ["tie", 0],
  ["tie (bothbad)", null],
  ["both_bad", null],
  ["bothbad", null],
  ["leftvote", -1],
  ["rightvote", 1],
  ["tievote", 0],
  ["bothbad_vote", null],
]);

function winnerOf(fields: Fields, key: string): Order | null {
  const order = WINNERS.get(fields.string(key));
  if (order === undefined) throw fields.refuse(key, "model_a, model_b, tie or tie (bothbad)");
  return order;
}

interface Battle {
  a: Message[];
  b: Message[];
  models: readonly [string, string];
  order: Order | null;
  known: Partial<Ranking>;
}

/** Both bad is a tie with a mark of its own. */
function battle(fields: Fields, { a, b, models, order, known }: Battle): Imported {
  const parts = divide(a, b);
  if (parts === null) {
    throw broken(fields.at("conversation_b"), "found no prompt that both conversations share.");
  }
  const { context, answers, diverges } = parts;
  const sides = answers.map((answer, i) => {
    const last = answer.at(-1);
    if (last?.role !== "assistant" || last.content === "") {
      throw broken(fields.at(`conversation_${"ab"[i] ?? ""}`), "found no answer at its end.");
    }
    return candidate(answer, { model: models[i] ?? "" });
  });
  const [one, other] = sides;
  if (one === undefined || other === undefined) throw broken("conversation_a", "found no answers.");
  const tie = order === null || sameTexts(answers[0], answers[1]);
  return chatRanking(context, [one, other], tie ? 0 : order, {
    shown: [0, 1],
    all_bad: order === null,
    ...known,
    extra: divergence(known.extra ?? "", context, diverges),
  });
}

function sameTexts(a: readonly Message[], b: readonly Message[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const CLEAN: Importer = {
  name: "Arena battles",
  keys: ["model_a", "model_b", "winner", "conversation_a", "conversation_b"],
  read: (fields) => {
    const seconds = fields.has("tstamp") ? fields.number("tstamp", 0, 8.64e12) : 0;
    const used = ["question_id", "model_a", "model_b", "winner", "judge", "tstamp", "anony"];
    const known = {
      task: fields.name("question_id"),
      annotator: fields.name("judge").replace(/^arena_user_/, ""),
      blind: fields.has("anony") ? fields.boolean("anony") : false,
      submitted: seconds === 0 ? "" : isoTime(Math.round(seconds * 1000)),
      extra: fields.rest(...used, "conversation_a", "conversation_b"),
    };
    return [
      battle(fields, {
        a: fields.messages("conversation_a"),
        b: fields.messages("conversation_b"),
        models: [fields.name("model_a"), fields.name("model_b")],
        order: winnerOf(fields, "winner"),
        known,
      }),
    ];
  },
};

/** One line of the vote log. The address of the person is not kept. */
const LOG: Importer = {
  name: "Arena vote log",
  keys: ["type", "states"],
  read: (fields) => {
    const states = fields.objects("states", 2);
    const [left, right] = states;
    if (left === undefined || right === undefined || states.length !== 2) {
      throw fields.refuse("states", "two states");
    }
    const seconds = fields.has("tstamp") ? fields.number("tstamp", 0, 8.64e12) : 0;
    const known = {
      task: left.name("conv_id"),
      submitted: seconds === 0 ? "" : isoTime(Math.round(seconds * 1000)),
      extra: fields.rest("type", "states", "tstamp", "ip"),
    };
    return [
      battle(fields, {
        a: logMessages(left),
        b: logMessages(right),
        models: [left.name("model_name"), right.name("model_name")],
        order: winnerOf(fields, "type"),
        known,
      }),
    ];
  },
};

/** Messages are pairs of role and text, from `offset` on; the first is the person's. */
function logMessages(state: Fields): Message[] {
  const offset = state.has("offset") ? state.integer("offset", 0, 1e6) : 0;
  return state
    .list("messages")
    .slice(offset)
    .map((pair, i) => {
      const content: unknown = Array.isArray(pair) ? pair[1] : undefined;
      if (typeof content !== "string") {
        throw broken(
          `${state.at("messages")}[${offset + i}]`,
          "found no text; expected [role, text].",
        );
      }
      return i % 2 === 0 ? user(content) : assistant(content);
    });
}

/** Columns `winner_*` hold one 1; prompt and responses are lists in JSON, one item a turn. */
const CSV: Importer = {
  name: "Arena 55k (CSV)",
  keys: ["prompt", "response_a", "response_b", "winner_model_a", "winner_model_b", "winner_tie"],
  read: (fields) => {
    const outcomes = [
      ["winner_model_a", -1],
      ["winner_model_b", 1],
      ["winner_tie", 0],
    ] as const;
    const won = outcomes.filter(([key]) => fields.integer(key, 0, 1) === 1);
    const [first] = won;
    if (first === undefined || won.length > 1) {
      throw fields.refuse("winner_tie", "exactly one of winner_model_a, winner_model_b and this");
    }
    const prompts = jsonTexts(fields, "prompt");
    const used = ["id", "model_a", "model_b", "prompt", "response_a", "response_b"];
    return [
      battle(fields, {
        a: interleaved(prompts, jsonTexts(fields, "response_a")),
        b: interleaved(prompts, jsonTexts(fields, "response_b")),
        models: [fields.name("model_a"), fields.name("model_b")],
        order: first[1],
        known: {
          task: fields.name("id"),
          extra: fields.rest(...used, ...outcomes.map(([key]) => key)),
        },
      }),
    ];
  },
};

function jsonTexts(fields: Fields, key: string): string[] {
  const value = fields.raw(key);
  const json = typeof value === "string" ? readJson(value) : null;
  const list: unknown = json?.ok === true ? json.value : value;
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) {
    throw fields.refuse(key, "a list of texts in JSON");
  }
  return list;
}

function interleaved(prompts: readonly string[], answers: readonly string[]): Message[] {
  return prompts.flatMap((prompt, i) => [user(prompt), assistant(answers[i] ?? "")]);
}

export const ARENA: readonly Importer[] = [CLEAN, LOG, CSV];
