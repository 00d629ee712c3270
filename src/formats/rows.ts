// Between the rows that storage keeps and the records of files, without loss in either direction.
import type { RankedRow } from "../storage/formats.ts";
import { isUuidV7 } from "../storage/ids.ts";
import { judgementProblem, normalJudgement } from "../storage/judgement.ts";
import type { Completion, Judgement, JudgementSource } from "../storage/judgement.ts";
import { canonicalJson } from "../storage/json.ts";
import { assistant, candidate, newRanking, user } from "./new-records.ts";
import type { Message, Ranking } from "./records.ts";

/** Latest time that a date can say, in milliseconds since 1970. */
const LAST_TIME = 8.64e15;
const CANNOT_TELL = "cannot tell";

/** What a row holds and `prefs.ranking` has no column for; kept in `extra`. */
interface RowExtra {
  promptId: string;
  source: string;
  t: number;
  /** (K) Token ids of each answer, [] when its text came from elsewhere. */
  tokens: number[][];
}

/** The ranking of a stored row. A person who could not tell becomes a skip with that reason. */
export function rankingOf(row: RankedRow): Ranking {
  const { judgement } = row;
  const { active, idle, hidden } = judgement.milliseconds;
  const levels = Math.max(0, ...judgement.ranks.map((rank) => rank ?? 0));
  const groups = Array.from({ length: levels }, (_, level) =>
    judgement.ranks.flatMap((rank, i) => (rank === level + 1 ? [i] : [])),
  );
  const extra: RowExtra = {
    promptId: judgement.promptId,
    source: judgement.source,
    t: row.t,
    tokens: judgement.completions.map(({ tokens }) => tokens ?? []),
  };
  const candidates = judgement.completions.map(({ text, checkpoint, seed, tokens = [] }) =>
    candidate([assistant(text)], { checkpoint, seed, n_tokens: tokens.length }),
  );
  return newRanking([user(judgement.prompt)], candidates, groups, {
    id: row.event,
    project: row.project,
    task: row.task,
    annotator: row.annotator,
    session: row.session,
    outcome: judgement.cannotTell ? "skipped" : "ranked",
    skip_reason: judgement.cannotTell ? CANNOT_TELL : "",
    shown: [...judgement.shown],
    started: isoTime(row.t - active - idle - hidden),
    submitted: isoTime(row.t),
    active_ms: active,
    idle_ms: idle,
    hidden_ms: hidden,
    revision: row.revision,
    supersedes: row.supersedes,
    note: judgement.note ?? "",
    extra: canonicalJson({ nudge: extra }),
  });
}

/** ISO 8601 of milliseconds since 1970, "" outside of what a date can say. */
export function isoTime(t: number): string {
  return t >= 0 && t <= LAST_TIME ? new Date(t).toISOString() : "";
}

/** The stored row that a ranking came from, or null when it is from elsewhere. */
export function rowOf(ranking: Ranking): RankedRow | null {
  const extra = rowExtra(ranking.extra);
  const judgement = judgementOf(ranking);
  if (extra === null || judgement === null || !isUuidV7(ranking.id)) return null;
  const { id: event, project, task, annotator, session, revision, supersedes } = ranking;
  if (!Number.isSafeInteger(extra.t) || extra.t < 0) return null;
  const envelope = { event, project, task, annotator, session, t: extra.t, revision, supersedes };
  return { ...envelope, state: "submitted", judgement, reason: "" };
}

/**
 * The judgement of any ranking, for storing it here: null when it cannot be one (more than nine
 * answers, several messages, nothing ranked).
 */
export function judgementOf(ranking: Ranking): Judgement | null {
  const extra = rowExtra(ranking.extra);
  const prompt = plainText(ranking.context, "user");
  const texts = ranking.completions.map(({ completion }) => plainText(completion, "assistant"));
  if (prompt === null || texts.includes(null)) return null;
  const cannotTell = ranking.outcome === "skipped";
  const judgement: Judgement = {
    promptId: extra?.promptId ?? (ranking.task || ranking.id),
    prompt,
    completions: ranking.completions.map(({ checkpoint, seed }, i): Completion => {
      const tokens = extra?.tokens[i] ?? [];
      return { text: texts[i] ?? "", checkpoint, seed, ...(tokens.length > 0 ? { tokens } : {}) };
    }),
    ranks: ranking.completions.map((_, i) => {
      const place = ranking.ranking.findIndex((group) => group.includes(i));
      return place < 0 ? null : place + 1;
    }),
    shown: ranking.shown.length > 0 ? ranking.shown : ranking.completions.map((_, i) => i),
    cannotTell,
    milliseconds: {
      active: ranking.active_ms,
      idle: ranking.idle_ms,
      hidden: ranking.hidden_ms,
    },
    source: (extra?.source ?? "person") as JudgementSource,
    note: ranking.note,
  };
  return judgementProblem(judgement) === null ? normalJudgement(judgement) : null;
}

/** The text of one message of a role, or null for anything else. */
export function plainText(messages: readonly Message[], role: Message["role"]): string | null {
  const [only, ...more] = messages;
  return only?.role === role && more.length === 0 ? only.content : null;
}

/** Who ranked: "person", or "simulated:" and the name of a taste; a person where nothing is said. */
export function sourceOf({ extra }: Ranking): string {
  return rowExtra(extra)?.source ?? "person";
}

function rowExtra(extra: string): RowExtra | null {
  if (extra === "") return null;
  const { nudge } = JSON.parse(extra) as { nudge?: Partial<Record<keyof RowExtra, unknown>> };
  if (typeof nudge !== "object" || (nudge as unknown) === null) return null;
  const { promptId, source, t, tokens } = nudge;
  if (typeof promptId !== "string" || typeof source !== "string" || typeof t !== "number") {
    return null;
  }
  return { promptId, source, t, tokens: Array.isArray(tokens) ? (tokens as number[][]) : [] };
}
