// Importers of TRL's dataset types and of HH-RLHF.
// https://huggingface.co/docs/trl/dataset_formats
import { withExtra } from "./lossless.ts";
import { Refusal, code } from "./errors.ts";
import { ASSISTANT, HUMAN } from "./export-others.ts";
import { commonPrefix } from "./export-pairs.ts";
import type { Fields } from "./fields.ts";
import { answerText, chatRanking, divergence, divide, pairRanking, split } from "./importer.ts";
import type { Importer } from "./importer.ts";
import { isEmpty, sameMessages } from "./pairs.ts";
import {
  assistant,
  candidate,
  newDemonstration,
  newLabelled,
  newPrompt,
  user,
} from "./new-records.ts";
import type { Message, Ranking } from "./records.ts";

const TRACE = ["margin", "group_id"];

/** Columns beside the pair: `margin` in thirds is a strength, others are kept in `extra`. */
function pairKnown(fields: Fields, ...used: string[]): Partial<Ranking> {
  const known = { task: fields.name("group_id"), annotator: fields.name("annotator") };
  if (!fields.given("margin")) {
    return { ...known, extra: fields.rest(...used, "margin", "group_id", "annotator") };
  }
  const thirds = 3 * fields.number("margin");
  const strength = Math.round(thirds);
  const fits = Math.abs(thirds - strength) < 1e-5 && strength >= 0 && strength <= 3;
  const left = fits ? TRACE : ["group_id"];
  return {
    ...known,
    strengths: [fits ? strength : 0],
    extra: fields.rest(...used, ...left, "annotator"),
  };
}

const SYSTEM = ["system", "system_prompt"];

/** The system message that stands beside a prompt, if one does. */
function systemOf(fields: Fields): { key: string; message: Message } | null {
  const key = SYSTEM.find((name) => fields.given(name));
  const content = key === undefined ? "" : fields.text(key);
  return key === undefined ? null : { key, message: { role: "system", content } };
}

/** A prompt with the system message beside it, and which members that took. */
function contextOf(
  fields: Fields,
  prompt: Message[],
  ...used: string[]
): { context: Message[]; format: "text" | "chat"; used: string[] } {
  const system = prompt.some(({ role }) => role === "system") ? null : systemOf(fields);
  const chat = system !== null || Array.isArray(fields.raw("prompt"));
  return {
    context: system === null ? prompt : [system.message, ...prompt],
    format: chat ? "chat" : "text",
    used: system === null ? used : [...used, system.key],
  };
}

/** A prompt or an answer in either shape. */
function texts(fields: Fields, key: string, role: "user" | "assistant"): Message[] {
  if (Array.isArray(fields.raw(key))) {
    const messages = fields.messages(key);
    if (isEmpty({ completion: messages })) throw fields.refuse(key, "text that is not empty");
    return messages;
  }
  return [{ role, content: fields.text(key) }];
}

function preference(
  fields: Fields,
  context: Message[],
  answers: readonly [Message[], Message[]],
  known: Partial<Ranking>,
): Ranking {
  const [chosen, rejected] = answers;
  if (sameMessages(chosen, rejected)) {
    throw fields.refuse("rejected", "another text than chosen has");
  }
  return chatRanking(context, [candidate(chosen), candidate(rejected)], -1, known);
}

const PREFERENCE: Importer = {
  name: "TRL preference, explicit prompt",
  keys: ["prompt", "chosen", "rejected"],
  read: (fields) => {
    // UltraFeedback's binarized form repeats the prompt inside both conversations.
    const nested = typeof fields.raw("prompt") === "string" && Array.isArray(fields.raw("chosen"));
    if (nested && startsWithUser(fields)) return IMPLICIT.read(fields);
    const prompt = texts(fields, "prompt", "user");
    return [explicit(fields, contextOf(fields, prompt, "prompt", "chosen", "rejected"))];
  },
};

/** A pair under its prompt. A prompt of messages that both sides repeat is taken off them. */
function explicit(
  fields: Fields,
  { context, format, used }: ReturnType<typeof contextOf>,
): Ranking {
  const sides = (["chosen", "rejected"] as const).map((key) => texts(fields, key, "assistant"));
  const repeated = sides.every((side) => side.length > context.length && sameMessages(side.slice(0, context.length), context)); // prettier-ignore
  const [chosen = [], rejected = []] = repeated
    ? sides.map((side) => side.slice(context.length))
    : sides;
  return preference(fields, context, [chosen, rejected], { ...pairKnown(fields, ...used), format });
}

/** Names that published pairs give to a prompt in a column of its own. */
const PROMPT_NAMES = ["question", "instruction", "query", "input"];

/** Pairs whose prompt has another name: Orca's, Alpaca's and LLaMA-Factory's. */
const NAMED: Importer = {
  name: "preference pairs with a question or an instruction",
  keys: ["chosen", "rejected"],
  test: (fields) => {
    const named = PROMPT_NAMES.some((key) => typeof fields.raw(key) === "string" && fields.given(key)); // prettier-ignore
    return named && !(Array.isArray(fields.raw("chosen")) && startsWithUser(fields));
  },
  read: (fields) => {
    const key = PROMPT_NAMES.find((name) => fields.given(name)) ?? "question";
    // Alpaca's instruction is about an input
    const parts = key === "instruction" && fields.given("input") ? [key, "input"] : [key];
    const prompt = [user(parts.map((part) => fields.text(part)).join("\n\n"))];
    return [explicit(fields, contextOf(fields, prompt, ...parts, "chosen", "rejected"))];
  },
};

function startsWithUser(fields: Fields): boolean {
  const role = fields.messages("chosen")[0]?.role;
  return role === "user" || role === "system";
}

const IMPLICIT: Importer = {
  name: "TRL preference, implicit prompt",
  keys: ["chosen", "rejected"],
  read: (fields) => {
    const known = pairKnown(fields, "chosen", "rejected");
    if (!Array.isArray(fields.raw("chosen"))) return [implicitText(fields, known)];
    const [chosen, rejected] = [fields.messages("chosen"), fields.messages("rejected")];
    const parts = divide(chosen, rejected);
    if (parts === null) throw fields.refuse("rejected", "the messages of a prompt as in chosen");
    const { context, answers, diverges } = parts;
    const extra = divergence(known.extra ?? "", context, diverges);
    return [preference(fields, context, answers, { ...known, format: "chat", extra })];
  },
};

/**
 * The prompt of two texts is what they share, cut back to the last white space so that no word is
 * cut; without any, where they part.
 */
function implicitText(fields: Fields, known: Partial<Ranking>): Ranking {
  const [chosen, rejected] = [fields.text("chosen"), fields.text("rejected")];
  if (chosen === rejected) throw fields.refuse("rejected", "another text than chosen has");
  const most = Math.min(commonPrefix(chosen, rejected), chosen.length - 1, rejected.length - 1);
  const shared = chosen.slice(0, most);
  const space = shared.search(/\s\S*$/);
  let at = space > 0 ? space : most;
  if (/[\ud800-\udbff]$/.test(chosen.slice(0, at))) at--;
  if (at < 1) throw fields.refuse("rejected", "a text that begins like chosen, with the prompt");
  const answers = [answerText(chosen.slice(at)), answerText(rejected.slice(at))] as const;
  return pairRanking(chosen.slice(0, at), answers, -1, known);
}

/** https://github.com/anthropics/hh-rlhf: whole transcripts, parted by turns. */
const HH: Importer = {
  name: "HH-RLHF",
  keys: ["chosen", "rejected"],
  test: (fields) => fields.string("chosen").startsWith(HUMAN),
  read: (fields) => {
    const sides = [turns(fields, "chosen"), turns(fields, "rejected")] as const;
    const parts = divide(...sides);
    if (parts === null) {
      throw new Refusal(
        "has no `\\n\\nAssistant:` in common. The two texts share no prompt, so they cannot be compared.",
        HH.name,
      );
    }
    const { context, answers, diverges } = parts;
    for (const [i, key] of (["chosen", "rejected"] as const).entries()) {
      const last = answers[i]?.at(-1);
      if (last?.role !== "assistant" || last.content === "") {
        throw fields.refuse(key, "a transcript that ends with an answer");
      }
    }
    const extra = divergence(fields.rest("chosen", "rejected"), context, diverges);
    return [preference(fields, context, answers, { format: "chat", extra })];
  },
};

function turns(fields: Fields, key: string): Message[] {
  return hhTurns(fields.text(key), code(fields.at(key)));
}

/** The turns of a transcript; each starts with a blank line and "Human:" or "Assistant:". */
export function hhTurns(text: string, at: string): Message[] {
  if (!text.startsWith(HUMAN)) {
    throw new Refusal(`${at}: found no \`\\n\\nHuman:\` at the start; expected a transcript.`);
  }
  const parts = text.split(/\n\n(Human|Assistant):/).slice(1);
  const messages: Message[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const content = (parts[i + 1] ?? "").replace(/^ /, "");
    messages.push(`\n\n${parts[i] ?? ""}:` === ASSISTANT ? assistant(content) : user(content));
  }
  return messages;
}

const UNPAIRED: Importer = {
  name: "TRL unpaired preference",
  keys: ["prompt", "completion", "label"],
  read: (fields) => {
    const prompt = texts(fields, "prompt", "user");
    const { context, format, used } = contextOf(fields, prompt, "prompt", "completion", "label");
    const known = { format, label: thumbOf(fields), extra: fields.rest(...used) };
    return [newLabelled(context, texts(fields, "completion", "assistant"), known)];
  },
};

/** Some write a thumb as a number. */
function thumbOf(fields: Fields): 0 | 1 {
  const value = fields.raw("label");
  if (value === 1 || value === "1") return 1;
  if (value === 0 || value === "0") return 0;
  return fields.boolean("label") ? 1 : 0;
}

const SFT: Importer = {
  name: "TRL prompt-completion (SFT)",
  keys: ["prompt", "completion"],
  read: (fields) => {
    const prompt = texts(fields, "prompt", "user");
    const { context, format, used } = contextOf(fields, prompt, "prompt", "completion");
    const known = { format, extra: fields.rest(...used) };
    return [newDemonstration(context, texts(fields, "completion", "assistant"), known)];
  },
};

const MESSAGES: Importer = {
  name: "TRL conversations (SFT)",
  keys: ["messages"],
  read: (fields) => {
    const { context, answer } = split(fields.messages("messages"), fields.at("messages"));
    return [
      newDemonstration(context, [answer], { format: "chat", extra: fields.rest("messages") }),
    ];
  },
};

/** What may stand beside a prompt in a file of prompts alone. */
const BESIDE = ["prompt", ...SYSTEM, "id", "source", "metadata", "tag", "tags"];

const PROMPTS: Importer = {
  name: "TRL prompt-only",
  keys: ["prompt"],
  test: (fields) => fields.keys().every((key) => BESIDE.includes(key)),
  read: (fields) => {
    const { context, format, used } = contextOf(fields, texts(fields, "prompt", "user"), "prompt");
    return [newPrompt(context, { format, extra: fields.rest(...used) })];
  },
};

/** One answer in steps; the answer is good when every step is. */
const STEPWISE: Importer = {
  name: "TRL stepwise supervision",
  keys: ["prompt", "completions", "labels"],
  read: (fields) => {
    const steps = fields.list("completions", 1);
    const labels = fields.list("labels", 1);
    const bad = steps.findIndex((step) => typeof step !== "string" || step === "");
    if (bad >= 0) throw new Refusal(`${code(`completions[${bad}]`)}: expected text, not empty.`);
    if (labels.length !== steps.length || labels.some((label) => typeof label !== "boolean")) {
      throw fields.refuse("labels", `true or false for each of ${steps.length} steps`);
    }
    const rest = fields.rest("prompt", "labels"); // the steps stay in `extra`
    const known = {
      label: labels.every((label) => label === true) ? 1 : 0,
      ratings: labels.map((label, i) => ({ key: `step_${i + 1}`, value: label === true ? 1 : 0 })),
      extra: withExtra(rest, new Map()),
    };
    const prompt = [user(fields.text("prompt"))];
    return [newLabelled(prompt, [assistant(steps.join("\n"))], known)];
  },
};

/** The more keys identify a format, the earlier it is tried. */
export const TRL: readonly Importer[] = [STEPWISE, PREFERENCE, HH, NAMED, IMPLICIT, UNPAIRED, SFT];
/** Formats whose keys others have too. */
export const TRL_LAST: readonly Importer[] = [MESSAGES, PROMPTS];
