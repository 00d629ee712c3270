// Importers of published comparison data: OpenAI's summaries and WebGPT, Nectar, SHP, UltraFeedback.
import { Refusal } from "./errors.ts";
import type { Fields } from "./fields.ts";
import { answerText, groupsByScore, pairRanking, pairStrengths, strengthOf } from "./importer.ts";
import type { Importer } from "./importer.ts";
import { hhTurns } from "./import-trl.ts";
import { assistant, newLabelled, newRanking, user } from "./new-records.ts";
import type { Candidate, Rating } from "./records.ts";

/** The prompt as TRL's conversion of the data set spells it. */
function summaryPrompt(fields: Fields): string {
  const info = fields.object("info");
  if (info.has("article")) {
    const article = info.text("article").replaceAll("\n\n", "\n");
    return `TITLE: ${info.name("title")}\n\n${article}\n\nTL;DR:`;
  }
  const post = info.text("post").replaceAll("\n\n", "\n");
  const subreddit = info.name("subreddit");
  return `SUBREDDIT: r/${subreddit}\n\nTITLE: ${info.name("title")}\n\nPOST: ${post}\n\nTL;DR:`;
}

/** https://github.com/openai/summarize-from-feedback; confidence from 1 to 9 becomes a strength. */
const COMPARISONS: Importer = {
  name: "OpenAI summarize, comparisons",
  keys: ["info", "summaries", "choice"],
  read: (fields) => {
    const summaries = fields.objects("summaries", 2);
    if (summaries.length !== 2) throw fields.refuse("summaries", "two summaries");
    const [one, other] = summaries.map((summary) =>
      answerText(summary.text("text"), {
        model: summary.name("policy"),
        note: summary.name("note"),
      }),
    );
    const extra = fields.has("extra") ? fields.object("extra") : null;
    const confidence = extra?.has("confidence") === true ? extra.integer("confidence", 1, 9) : 0;
    const order = fields.integer("choice", 0, 1) === 0 ? -1 : 1;
    const known = {
      task: fields.object("info").name("id"),
      annotator: fields.name("worker"),
      confidence,
      strengths: [strengthOf(confidence, 3, 6)],
      extra: fields.rest("summaries", "choice", "worker"),
    };
    return [pairRanking(summaryPrompt(fields), two(one, other), order, known)];
  },
};

/** https://github.com/PKU-Alignment/safe-rlhf: the more helpful answer; which is safer stays in `extra`. */
const SAFE_RLHF: Importer = {
  name: "PKU-SafeRLHF",
  keys: ["prompt", "response_0", "response_1", "better_response_id"],
  read: (fields) => {
    const answers = [
      answerText(fields.text("response_0")),
      answerText(fields.text("response_1")),
    ] as const;
    const order = fields.integer("better_response_id", 0, 1) === 0 ? -1 : 1;
    const extra = fields.rest("prompt", "response_0", "response_1", "better_response_id");
    return [pairRanking(fields.text("prompt"), answers, order, { extra })];
  },
};

const AXES = ["overall", "accuracy", "coverage", "coherence"] as const;

const AXIS_EVALS: Importer = {
  name: "OpenAI summarize, axis evaluations",
  keys: ["info", "summary"],
  read: (fields) => {
    const summary = fields.object("summary");
    const axes = summary.object("axes");
    const ratings = AXES.flatMap((key): Rating[] =>
      axes.has(key) ? [{ key, value: axes.integer(key, 1, 7) }] : [],
    );
    const known = {
      task: fields.object("info").name("id"),
      annotator: fields.name("worker"),
      ratings,
      note: summary.name("note"),
      extra: fields.rest("worker"),
    };
    const prompt = [user(summaryPrompt(fields))];
    return [newLabelled(prompt, [assistant(summary.text("text"))], known)];
  },
};

/** https://openaipublic.blob.core.windows.net/webgpt-answer-viewer: scores from -1 to 1, sum 0. */
const WEBGPT: Importer = {
  name: "WebGPT comparisons",
  keys: ["question", "answer_0", "answer_1", "score_0", "score_1"],
  read: (fields) => {
    const question = fields.object("question");
    const [a, b] = [fields.number("score_0", -1, 1), fields.number("score_1", -1, 1)];
    if (Math.abs(a + b) > 1e-6) throw fields.refuse("score_1", `the negative of score_0, ${-a}`);
    const used = ["question", "answer_0", "answer_1", "score_0", "score_1"];
    const known = {
      task: question.name("id"),
      strengths: pairStrengths(a, strengthOf(Math.abs(a), 1 / 3, 2 / 3)),
      extra: fields.rest(...used.slice(1)),
    };
    const answers = two(answerText(fields.text("answer_0")), answerText(fields.text("answer_1")));
    return [pairRanking(question.text("full_text"), answers, Math.sign(-a), known)];
  },
};

/** Answers of several models with ratings per aspect; the ranking is by `overall_score`. */
const ULTRAFEEDBACK: Importer = {
  name: "UltraFeedback",
  keys: ["instruction", "completions"],
  read: (fields) => {
    const answers = fields.objects("completions", 2);
    const scores = answers.map((one) => one.number("overall_score"));
    const candidates = answers.map((one) =>
      answerText(one.text("response"), { model: one.name("model"), ratings: aspects(one) }),
    );
    const context = [user(fields.text("instruction"))];
    const known = { extra: fields.rest("instruction", "completions") };
    return [newRanking(context, candidates, groupsByScore(scores), known)];
  },
};

/** Ratings are texts such as "4"; "N/A" is none. */
function aspects(answer: Fields): Rating[] {
  if (!answer.has("annotations")) return [];
  const annotations = answer.object("annotations");
  return annotations.keys().flatMap((key): Rating[] => {
    const value = Number(annotations.object(key).name("Rating") || Number.NaN);
    return Number.isFinite(value) ? [{ key, value }] : [];
  });
}

/** Seven answers with ranks; the prompt is a transcript that ends where the answer begins. */
const NECTAR: Importer = {
  name: "Nectar",
  keys: ["prompt", "answers"],
  // Answers without ranks are to be judged (import-items.ts).
  test: (fields) => fields.objects("answers", 1)[0]?.has("rank") ?? false,
  read: (fields) => {
    const answers = fields.objects("answers", 2);
    const ranks = answers.map((one) => one.number("rank", 0, 1000));
    const candidates: Candidate[] = answers.map((one) =>
      answerText(one.text("answer"), { model: one.name("model") }),
    );
    const turns = hhTurns(fields.text("prompt"), "`prompt`");
    const context = turns.at(-1)?.content.trim() === "" ? turns.slice(0, -1) : turns;
    if (context.length === 0) throw fields.refuse("prompt", "a transcript with a question");
    const known = { format: "chat", extra: fields.rest("prompt", "answers") } as const;
    return [newRanking(context, candidates, groupsByScore(ranks, -1), known)];
  },
};

/** `labels` is 1 when A is preferred, which is easy to invert. */
const SHP: Importer = {
  name: "SHP",
  keys: ["history", "human_ref_A", "human_ref_B", "labels"],
  read: (fields) => {
    const order = fields.integer("labels", 0, 1) === 1 ? -1 : 1;
    const answers = two(
      answerText(fields.text("human_ref_A"), { author: "person" }),
      answerText(fields.text("human_ref_B"), { author: "person" }),
    );
    const used = ["history", "human_ref_A", "human_ref_B", "labels", "post_id"];
    const known = { task: fields.name("post_id"), extra: fields.rest(...used) };
    return [pairRanking(fields.text("history"), answers, order, known)];
  },
};

function two(a: Candidate | undefined, b: Candidate | undefined): [Candidate, Candidate] {
  if (a === undefined || b === undefined) throw new Refusal("found one answer; expected two.");
  return [a, b];
}

export const RESEARCH: readonly Importer[] = [
  SAFE_RLHF,
  COMPARISONS,
  AXIS_EVALS,
  WEBGPT,
  ULTRAFEEDBACK,
  NECTAR,
  SHP,
];
