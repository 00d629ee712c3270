// Exports beside TRL's: HH-RLHF transcripts, Arena battles and InstructGPT-like label records.
import { MESSAGES, columns } from "./columns.ts";
import type { Row } from "./columns.ts";
import { code } from "./errors.ts";
import { lossSentence } from "./exports.ts";
import type { Exported, Losses } from "./exports.ts";
import { indexPairs, pairsOf } from "./pairs.ts";
import { LABELS } from "./records.ts";
import type { Candidate, Collection, Labelled, Message, Rating, Ranking } from "./records.ts";
import { plainText } from "./rows.ts";

export const HUMAN = "\n\nHuman:";
export const ASSISTANT = "\n\nAssistant:";

/**
 * HH-RLHF: each side is the whole transcript. A text that holds a separator would be read back as
 * two turns, so such pairs are left out and the first of them is named.
 * https://github.com/anthropics/hh-rlhf
 */
export function exportHh(all: Collection): Exported {
  const { pairs, left } = pairsOf(all.rankings);
  const counts = { roles: 0, separator: 0 };
  let first = "";
  const rows = pairs.flatMap(({ ranking, chosen, rejected }): Row[] => {
    const sides = [chosen, rejected].map((i) => [
      ...ranking.context,
      ...(ranking.completions[i]?.completion ?? []),
    ]);
    if (!sides.every(alternates)) counts.roles++;
    else if (sides.flat().some(({ content }) => /\n\n(?:Human|Assistant):/.test(content))) {
      counts.separator++;
      first ||= ranking.id;
    } else return [{ chosen: transcript(sides[0] ?? []), rejected: transcript(sides[1] ?? []) }];
    return [];
  });
  const losses: Losses = [
    [left.ties, "tie"],
    [left.unranked, "unranked pair"],
    [left.identical, "pair of equal texts"],
    [left.empty, "pair with an empty answer"],
    [left.skipped, "skip"],
    [counts.roles, "pair with turns other than of a user and an assistant"],
    [counts.separator, 'pair with "\\n\\nHuman:" or "\\n\\nAssistant:" in a text'],
  ];
  const from = [all.rankings.length, "ranking"] as const;
  const always = "strengths, ratings, notes, times, the order shown";
  const named =
    first === "" ? "" : ` The first text with a separator is in ranking ${code(first)}.`;
  return {
    format: "HH-RLHF",
    columns: columns("string", "chosen", "rejected"),
    rows,
    loss: lossSentence(from, [rows.length, "pair"], losses, always) + named,
  };
}

function alternates(messages: readonly Message[]): boolean {
  const ends = messages[0]?.role === "user" && messages.at(-1)?.role === "assistant";
  return ends && messages.every(({ role }) => role === "user" || role === "assistant");
}

function transcript(messages: readonly Message[]): string {
  return messages
    .map(({ role, content }) => `${role === "user" ? HUMAN : ASSISTANT} ${content}`)
    .join("");
}

/**
 * Arena battles: every pair of ranked answers, ties and "both bad" included; `a` is the one that
 * stood first on the screen.
 */
export function exportArena(all: Collection): Exported {
  const counts = { unranked: 0, skipped: 0, empty: 0 };
  const rows = all.rankings.flatMap((ranking) => {
    if (ranking.outcome === "skipped") {
      counts.skipped++;
      return [];
    }
    return indexPairs(ranking.completions.length).flatMap(([i, j]): Row[] => {
      const [a, b] = asShown(ranking, i, j);
      const [one, other] = [ranking.completions[a], ranking.completions[b]];
      if (one === undefined || other === undefined) return [];
      if (!ranking.all_bad && (ranking.unranked.includes(i) || ranking.unranked.includes(j))) {
        counts.unranked++;
        return [];
      }
      if ([one, other].some(({ completion }) => completion.every((m) => m.content === ""))) {
        counts.empty++;
        return [];
      }
      return [battle(ranking, one, other)];
    });
  });
  const losses: Losses = [
    [counts.unranked, "unranked pair"],
    [counts.skipped, "skip"],
    [counts.empty, "pair with an empty answer"],
  ];
  const from = [all.rankings.length, "ranking"] as const;
  const always = "strengths, ratings, notes, the place among more than two, the language";
  return {
    format: "Arena battles",
    columns: [
      ...columns("string", "question_id", "model_a", "model_b", "winner", "judge"),
      ...columns(MESSAGES, "conversation_a", "conversation_b"),
      ...columns("int64", "turn"),
      ...columns("bool", "anony"),
      ...columns("string", "language"),
      ...columns("float64", "tstamp"),
    ],
    rows,
    loss: lossSentence(from, [rows.length, "battle"], losses, always),
  };
}

function asShown({ shown }: Ranking, i: number, j: number): [number, number] {
  return shown.indexOf(i) <= shown.indexOf(j) ? [i, j] : [j, i];
}

function battle(ranking: Ranking, a: Candidate, b: Candidate): Row {
  const order = a.rank < b.rank ? "model_a" : "model_b";
  const tie = ranking.all_bad ? "tie (bothbad)" : "tie";
  const chat = ({ completion }: Candidate) =>
    [...ranking.context, ...completion].map(({ role, content }) => ({ role, content }));
  return {
    question_id: ranking.task,
    model_a: modelName(a),
    model_b: modelName(b),
    winner: ranking.all_bad || a.rank === b.rank ? tie : order,
    judge: ranking.annotator === "" ? "" : `arena_user_${ranking.annotator}`,
    conversation_a: chat(a),
    conversation_b: chat(b),
    turn: Math.max(1, ranking.context.filter(({ role }) => role === "user").length),
    anony: ranking.blind,
    language: "unknown",
    tstamp: (Date.parse(ranking.submitted) || 0) / 1000,
  };
}

function modelName({ model, checkpoint }: Candidate): string {
  return [model, checkpoint].filter((part) => part !== "").join("@");
}

/**
 * One line per answer with the labels of InstructGPT's interface (paper, Table 3): 1 yes, 0 no, -1
 * not asked, which is not "no".
 */
export function exportLabels(all: Collection): Exported {
  const counts = { conversations: 0 };
  const rows = labelledOf(all).flatMap((one): Row[] => {
    const prompt = plainText(one.context, "user");
    const completion = plainText(one.completion, "assistant");
    if (prompt === null || completion === null) {
      counts.conversations++;
      return [];
    }
    const { id, task, cid, rank, annotator, preset, guideline, active_ms, note } = one;
    const labels = Object.fromEntries(LABELS.map((key) => [key, answer(one.ratings, key)]));
    const head = { schema: "prefs.label", v: 1, id, task, cid, prompt, completion };
    const overall = answer(one.ratings, "overall");
    const rest = { rank, annotator, preset, guideline, active_ms, note };
    return [{ ...head, overall, ...labels, ...rest }];
  });
  const losses: Losses = [[counts.conversations, "answer in a conversation of several turns"]];
  const from = [all.rankings.length + all.labelled.length, "judgement"] as const;
  const always = "strengths, questions of your own, the order shown, sampling settings";
  return {
    format: "InstructGPT-like labels",
    columns: [
      ...columns("string", "schema"),
      ...columns("int64", "v"),
      ...columns("string", "id", "task", "cid", "prompt", "completion"),
      ...columns("int64", "overall", ...LABELS, "rank"),
      ...columns("string", "annotator", "preset", "guideline"),
      ...columns("int64", "active_ms"),
      ...columns("string", "note"),
    ],
    rows,
    loss: lossSentence(from, [rows.length, "line"], losses, always),
  };
}

/** Ratings between the points of a scale are rounded: the column holds whole numbers. */
function answer(ratings: readonly Rating[], key: string): number {
  const value = ratings.find((rating) => rating.key === key)?.value;
  return value === undefined ? -1 : Math.round(value);
}

/** Every answer of every ranking as a judgement by itself, then those that were. */
function labelledOf(all: Collection): Labelled[] {
  const ranked = all.rankings.flatMap((ranking) =>
    ranking.completions.map((one, i): Labelled => ({
      schema: "prefs.labelled",
      v: 1,
      id: ranking.id === "" ? "" : `${ranking.id}/${i}`,
      task: ranking.task,
      cid: one.cid,
      format: ranking.format,
      context: ranking.context,
      completion: one.completion,
      label: -1,
      ratings: one.ratings,
      rank: ranking.unranked.includes(i) ? -1 : one.rank,
      annotator: ranking.annotator,
      preset: ranking.preset,
      guideline: ranking.guideline,
      active_ms: ranking.active_ms,
      note: one.note,
      extra: "",
    })),
  );
  return [...ranked, ...all.labelled];
}
