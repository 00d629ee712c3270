// Exports of single answers and prompts for TRL: unpaired preference, SFT and prompts only.
// https://huggingface.co/docs/trl/dataset_formats
import { columns } from "./columns.ts";
import type { Row } from "./columns.ts";
import { FormatError, plural } from "./errors.ts";
import { CHAT, glued, gluedSentence, lossSentence, spell, textType } from "./exports.ts";
import type { Exported, Losses, Shape } from "./exports.ts";
import { isEmpty, sameMessages } from "./pairs.ts";
import type { Candidate, Collection, Message, Ranking, Rating } from "./records.ts";

/** A rating of 5 or more is good, of 3 or less bad; so are the best and the worst group. */
const GOOD_RATING = 5;
const BAD_RATING = 3;

export interface UnpairedOptions {
  readonly shape: Shape;
  /** for measuring alone, where answers of one kind will do */
  readonly test?: boolean;
}

/**
 * Single answers with a thumb for KTO and BCO. Good: rated 5 to 7 or in the best group; bad: rated 1
 * to 3, in the worst group, or all were bad. The middle, and what is both, is left out and counted.
 * @throws FormatError when all thumbs of a file to train on would be the same, with which KTO cannot train
 */
export function exportUnpaired(
  all: Collection,
  { shape, test = false }: UnpairedOptions,
): Exported {
  const counts = { middle: 0, both: 0, empty: 0, conversations: 0 };
  const rows: Row[] = [];
  const add = (context: Message[], completion: Message[], thumb: boolean | "middle" | "both") => {
    const prompt = spell(context, shape, "user");
    const text = spell(completion, shape, "assistant");
    if (typeof thumb === "string") counts[thumb]++;
    else if (isEmpty({ completion })) counts.empty++;
    else if (prompt === null || text === null) counts.conversations++;
    else rows.push({ prompt, completion: text, label: thumb });
  };
  for (const ranking of all.rankings) {
    ranking.completions.forEach((one, i) =>
      add(ranking.context, one.completion, thumbOf(ranking, one, i)),
    );
  }
  for (const { context, completion, label, ratings } of all.labelled) {
    add(context, completion, label === -1 ? thumbByRating(ratings) : label === 1);
  }
  if (!test && new Set(rows.map(({ label }) => label)).size < 2) {
    const kind = rows[0]?.["label"] === true ? "good" : "bad";
    const only = rows.length === 0 ? "no answer that is good or bad" : `only ${kind} answers`;
    if (counts.conversations > 0) {
      throw new FormatError(
        `Unpaired export: found ${plural(counts.conversations, CHAT)}, and without them ${only}; expected both kinds to train on. Choose messages instead of plain text. Nothing was written.`,
      );
    }
    throw new FormatError(
      `Unpaired export: found ${only}; expected both kinds to train on, without which KTO cannot. Nothing was written.`,
    );
  }
  const losses: Losses = [
    [counts.middle, "answer of the middle"],
    [counts.both, "contradictory answer"],
    [counts.empty, "empty answer"],
    [counts.conversations, CHAT],
  ];
  const from = [all.rankings.length + all.labelled.length, "judgement"] as const;
  const rule = ` Good is rated ${GOOD_RATING} to 7 or in the best group, bad is rated 1 to ${BAD_RATING}, in the worst group or under "all bad".`;
  const always = "the order within good and bad, notes, times, the order shown";
  return {
    format: `TRL unpaired preference, ${shape}`,
    columns: [...columns(textType(shape), "prompt", "completion"), ...columns("bool", "label")],
    rows,
    loss: lossSentence(from, [rows.length, "line"], losses, always) + rule + gluedIn(rows),
  };
}

function gluedIn(rows: readonly Row[]): string {
  const number = rows.filter((row) => glued(row["prompt"], row["completion"])).length;
  return gluedSentence(number, rows.length);
}

/** By the rating alone, where no thumb was given. */
function thumbByRating(ratings: readonly Rating[]): boolean | "middle" {
  const rating = ratings.find(({ key }) => key === "overall")?.value;
  if (rating === undefined || (rating > BAD_RATING && rating < GOOD_RATING)) return "middle";
  return rating >= GOOD_RATING;
}

function thumbOf(ranking: Ranking, one: Candidate, i: number): boolean | "middle" | "both" {
  const rating = one.ratings.find(({ key }) => key === "overall")?.value;
  const groups = ranking.ranking.length;
  const placed = ranking.outcome !== "skipped" && groups > 1 && !ranking.unranked.includes(i);
  const good =
    (rating !== undefined && rating >= GOOD_RATING) ||
    (placed && one.rank === 0 && !ranking.all_bad);
  const bad =
    (rating !== undefined && rating <= BAD_RATING) ||
    (placed && one.rank === groups - 1) ||
    ranking.all_bad;
  if (good && bad) return "both";
  return good || bad ? good : "middle";
}

/**
 * Prompts with the answer to imitate: every demonstration, then the best answer of each ranking that
 * has one best answer and not "all bad".
 */
export function exportSft(
  all: Collection,
  { shape, best }: { shape: Shape; best: boolean },
): Exported {
  const counts = { none: 0, empty: 0, conversations: 0 };
  const tops = all.rankings.flatMap((ranking) => {
    const top = best ? bestOf(ranking) : null;
    if (top === null) counts.none++;
    return top === null ? [] : [{ context: ranking.context, completion: top }];
  });
  const rows = [...all.demonstrations, ...tops].flatMap(({ context, completion }) => {
    const prompt = spell(context, shape, "user");
    const text = spell(completion, shape, "assistant");
    if (isEmpty({ completion })) counts.empty++;
    else if (prompt === null || text === null) counts.conversations++;
    else return [{ prompt, completion: text }];
    return [];
  });
  const losses: Losses = [
    [counts.none, best ? "ranking without one best answer" : "ranking"],
    [counts.empty, "empty answer"],
    [counts.conversations, CHAT],
  ];
  const from = [all.rankings.length + all.demonstrations.length, "record"] as const;
  const always = "all but the best answer, who wrote it, notes, times";
  return {
    format: `TRL prompt-completion (SFT), ${shape}`,
    columns: columns(textType(shape), "prompt", "completion"),
    rows,
    loss: lossSentence(from, [rows.length, "line"], losses, always) + gluedIn(rows),
  };
}

function bestOf(ranking: Ranking): Message[] | null {
  const [group = []] = ranking.ranking;
  const [best, ...ties] = group.flatMap((i) => ranking.completions[i] ?? []);
  // the same text of two models is one answer
  const one = ties.every(({ completion }) => sameMessages(completion, best?.completion ?? []));
  if (best === undefined || !one || ranking.all_bad || ranking.outcome === "skipped") return null;
  return best.completion;
}

/** Every prompt once, in the order of its first appearance. */
export function exportPrompts(all: Collection, { shape }: { shape: Shape }): Exported {
  const { rankings, labelled, demonstrations, prompts, items } = all;
  const contexts = [...rankings, ...labelled, ...demonstrations, ...prompts, ...items].map(
    ({ context }) => context,
  );
  const seen = new Set<string>();
  const counts = { repeated: 0, conversations: 0 };
  const rows = contexts.flatMap((context) => {
    const prompt = spell(context, shape, "user");
    const key = JSON.stringify(prompt);
    if (prompt === null) counts.conversations++;
    else if (seen.has(key)) counts.repeated++;
    else {
      seen.add(key);
      return [{ prompt }];
    }
    return [];
  });
  const losses: Losses = [
    [counts.repeated, "repeated prompt"],
    [counts.conversations, CHAT],
  ];
  const always = "all answers and judgements";
  return {
    format: `TRL prompt-only, ${shape}`,
    columns: columns(textType(shape), "prompt"),
    rows,
    loss: lossSentence([contexts.length, "record"], [rows.length, "prompt"], losses, always),
  };
}
