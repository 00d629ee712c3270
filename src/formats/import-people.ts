// Importers of published data with several people per item: HelpSteer, MultiPref, Open Assistant.
import type { Fields } from "./fields.ts";
import { answerText, chatRanking, groupsByScore, pairRanking, pairStrengths } from "./importer.ts";
import type { Importer } from "./importer.ts";
import { assistant, newLabelled, newRanking, user } from "./new-records.ts";
import type { Candidate, Imported, Message, Ranking } from "./records.ts";

const ATTRIBUTES = ["helpfulness", "correctness", "coherence", "complexity", "verbosity"] as const;

const HELPSTEER2: Importer = {
  name: "HelpSteer2",
  keys: ["prompt", "response", "helpfulness"],
  read: (fields) => {
    const ratings = ATTRIBUTES.filter((key) => fields.given(key)).map((key) => ({
      key,
      value: fields.number(key, 0, 4),
    }));
    const known = { ratings, extra: fields.rest("prompt", "response", ...ATTRIBUTES) };
    const context = [user(fields.text("prompt"))];
    return [newLabelled(context, [assistant(fields.text("response"))], known)];
  },
};

/** -3 the first answer is much better … 3 the second is. */
const HELPSTEER2_PREFERENCE: Importer = {
  name: "HelpSteer2 preference",
  keys: ["prompt", "response_1", "response_2", "preference_strength"],
  read: (fields) => {
    const order = fields.integer("preference_strength", -3, 3);
    const used = ["prompt", "response_1", "response_2", "preference_strength"];
    const answers = [
      answerText(fields.text("response_1")),
      answerText(fields.text("response_2")),
    ] as const;
    const known = {
      strengths: pairStrengths(order, Math.abs(order)),
      extra: fields.rest(...used),
    };
    return [pairRanking(fields.text("prompt"), answers, order, known)];
  },
};

/** One ranking for each person; the published overall preference stays in `extra`. */
const HELPSTEER3: Importer = {
  name: "HelpSteer3",
  keys: ["context", "response1", "response2", "overall_preference"],
  read: (fields) => {
    const context = fields.messages("context");
    const answers = [
      answerText(fields.text("response1")),
      answerText(fields.text("response2")),
    ] as const;
    const one = (order: number, known: Partial<Ranking>): Imported => {
      const strengths = pairStrengths(order, Math.abs(order));
      return chatRanking(context, answers, order, { strengths, ...known });
    };
    const overall = fields.integer("overall_preference", -3, 3);
    const extra = fields.rest("context", "response1", "response2", "individual_preference");
    const people = fields.has("individual_preference")
      ? fields.objects("individual_preference")
      : [];
    if (people.length === 0) return [one(overall, { extra })];
    return people.map((person, i) =>
      one(person.integer("score", -3, 3), {
        annotator: `person ${i + 1}`,
        note: person.name("reasoning"),
        extra,
      }),
    );
  },
};

const QUESTIONS = ["overall", "helpful", "truthful", "harmless"] as const;
const PREFERENCES = [
  "A-is-clearly-better",
  "A-is-slightly-better",
  "Tie",
  "B-is-slightly-better",
  "B-is-clearly-better",
] as const;
const CONFIDENCES = ["not-confident", "fairly-confident", "absolutely-confident"];

/** Four questions of each worker, each a ranking of its own. */
const MULTIPREF: Importer = {
  name: "MultiPref",
  keys: ["text", "completion_a", "completion_b", "normal_worker_annotations"],
  read: (fields) => {
    const answers = [
      answerText(fields.text("completion_a"), { model: fields.name("model_a") }),
      answerText(fields.text("completion_b"), { model: fields.name("model_b") }),
    ] as const;
    const groups = ["normal_worker_annotations", "expert_worker_annotations"];
    const workers = groups.flatMap((key) => (fields.has(key) ? fields.objects(key) : []));
    const used = ["text", "completion_a", "completion_b", "model_a", "model_b", ...groups];
    const known = { task: fields.name("comparison_id"), extra: fields.rest(...used) };
    return workers.flatMap((worker) =>
      QUESTIONS.filter((question) => worker.has(`${question}_pref`)).map((question) =>
        multiPref(fields.text("text"), answers, worker, question, known),
      ),
    );
  },
};

function multiPref(
  prompt: string,
  answers: readonly [Candidate, Candidate],
  worker: Fields,
  question: (typeof QUESTIONS)[number],
  known: Partial<Ranking>,
): Imported {
  const key = `${question}_pref`;
  const value = worker.string(key);
  const spelled = PREFERENCES.find((one) => one.toLowerCase() === value.toLowerCase());
  if (spelled === undefined) throw worker.refuse(key, PREFERENCES.join(", "));
  const order = PREFERENCES.indexOf(spelled) - 2;
  const seconds = worker.has("time_spent") ? worker.number("time_spent", 0, 1e9) : 0;
  return pairRanking(prompt, answers, order, {
    ...known,
    question,
    annotator: worker.name("evaluator"),
    strengths: pairStrengths(order, Math.abs(order)),
    confidence: 1 + CONFIDENCES.indexOf(worker.name(`${question}_confidence`)),
    submitted: worker.name("timestamp"),
    // The worker spent this time on all four questions; it is counted once.
    active_ms: question === "overall" ? Math.round(seconds * 1000) : 0,
  });
}

/** A tree of messages: every message with two replies or more is one ranking of them. */
const OASST: Importer = {
  name: "Open Assistant trees",
  keys: ["message_tree_id", "prompt"],
  test: (fields) => fields.object("prompt").has("message_id"),
  read: (fields) => {
    const tree = fields.name("message_tree_id");
    const rankings = oasstNode(fields.object("prompt"), [], tree);
    if (rankings.length === 0)
      throw fields.refuse("prompt", "a question with two ranked replies of an assistant");
    return rankings;
  },
};

/** Depth is bounded by the nesting that a line may have. */
function oasstNode(node: Fields, before: readonly Message[], tree: string): Imported[] {
  const role = node.oneOf("role", ["prompter", "assistant"]);
  const text = node.text("text");
  const context = [...before, role === "prompter" ? user(text) : assistant(text)];
  const replies = (node.has("replies") ? node.objects("replies") : []).filter(
    (reply) => reply.raw("deleted") !== true,
  );
  // replies of a person are prompts and no answers: nobody learns to write those
  const answers = role === "prompter" && replies.length > 1;
  const here = answers ? oasstRankings(node, replies, context, tree) : [];
  return [...here, ...replies.flatMap((reply) => oasstNode(reply, context, tree))];
}

function oasstRankings(
  node: Fields,
  replies: readonly Fields[],
  context: Message[],
  tree: string,
): Imported[] {
  const candidates = replies.map((reply) => ({
    ...answerText("", { author: reply.raw("synthetic") === true ? "model" : "person" }),
    completion: [assistant(reply.text("text"))],
  }));
  const known = { format: "chat", task: node.name("message_id"), project: tree } as const;
  const events = node.has("events") ? node.object("events") : null;
  const rankings = events?.has("ranking") === true ? events.objects("ranking") : [];
  if (rankings.length > 0) {
    return rankings.map((event) => {
      const groups = eventGroups(event, replies);
      const annotator = event.name("user_id");
      const all_bad = event.raw("not_rankable") === true;
      return newRanking(context, candidates, groups, { ...known, annotator, all_bad });
    });
  }
  const ranked = replies.flatMap((reply, i) => (reply.has("rank") ? [i] : []));
  if (ranked.length < 2) return [];
  const ranks = ranked.map((i) => replies[i]?.integer("rank", 0, 1e6) ?? 0);
  const groups = groupsByScore(ranks, -1).map((group) => group.map((i) => ranked[i] ?? 0));
  return [newRanking(context, candidates, groups, { ...known, annotator: "consensus" })];
}

/** Message ids, best first. */
function eventGroups(event: Fields, replies: readonly Fields[]): number[][] {
  const ids = replies.map((reply) => reply.name("message_id"));
  const groups = event.list("ranked_message_ids", 2).flatMap((id) => {
    const at = ids.indexOf(String(id));
    return at < 0 ? [] : [[at]];
  });
  const once = new Set(groups.flat()).size === groups.length;
  if (groups.length < 2 || !once) {
    throw event.refuse("ranked_message_ids", "ids of two or more of the replies, each once");
  }
  return groups;
}

export const PEOPLE: readonly Importer[] = [
  HELPSTEER2,
  HELPSTEER2_PREFERENCE,
  HELPSTEER3,
  MULTIPREF,
  OASST,
];
