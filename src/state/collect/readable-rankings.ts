// Which judgements the model in this tab can read: its tokens for them, and what share of the words it knows.
import type { Ranking as Judged } from "../../formats/records.ts";
import { plainText } from "../../formats/rows.ts";
import type { JudgementRow } from "../../storage/events.ts";
import type { Ranking } from "../../workers/protocol.ts";
import { EOS } from "../../world/tokenizer.ts";
import type { Tokenizer } from "../../world/tokenizer.ts";
import { count } from "../format.ts";
import { percent } from "../statistics.ts";
import { wholeRanking } from "./sets.ts";

/** Tokens of a prompt less the four marks around it, and of an answer, that the small model reads. */
const PROMPT_WORDS = 20;
const ANSWER_TOKENS = 24;
/** Largest share of unknown words with which a text still says something to the model. */
const MOST_UNKNOWN = 0.1;
/** Fewer held-out pairs than this say nothing. */
export const LEAST_PAIRS = 10;
const LEAST_RANKINGS = 4;

/** A judgement as the trainer takes it, with who gave it and about which prompt. */
export interface Readable {
  readonly ranking: Ranking;
  readonly annotator: string;
  /** the same for every judgement of the same answers */
  readonly set: string;
  readonly pairs: number;
}

export interface Reading {
  readonly rankings: readonly Readable[];
  /** judgements with an order, whether or not they can be read */
  readonly judged: number;
  /** words and marks of all of them, and how many of those the model knows */
  readonly words: number;
  readonly known: number;
  readonly vocabulary: number;
  /** judgements left out because of unknown words, length, or a conversation */
  readonly unknown: number;
  readonly long: number;
  readonly conversations: number;
  /** one sentence why nothing can be trained; "" when it can */
  readonly refusal: string;
  /** where the refusal sends people: to judge more, or to export what they have */
  readonly remedy: "judge" | "export";
}

/** Reads the judgements of a project as tokens. */
export function readRankings(rows: readonly JudgementRow[], tokenizer: Tokenizer): Reading {
  const found = { judged: 0, words: 0, known: 0, unknown: 0, long: 0, conversations: 0 };
  const rankings: Readable[] = [];
  for (const row of rows) {
    const ranking = wholeRanking(row);
    if (ranking === null || ranking.outcome !== "ranked" || ranking.ranking.length < 2) continue;
    found.judged++;
    const texts = textsOf(ranking);
    if (texts === null) {
      found.conversations++;
      continue;
    }
    const parsed = texts.map((text) => tokenizer.parse(text));
    const strange = parsed.map(({ ids, unknown }) => unknown.length / Math.max(1, ids.length));
    for (const { ids, unknown } of parsed) {
      found.words += ids.length;
      found.known += ids.length - unknown.length;
    }
    const [prompt, ...answers] = parsed.map(({ ids }) => ids);
    const long = (prompt?.length ?? 0) > PROMPT_WORDS || answers.some(({ length }) => length >= ANSWER_TOKENS + 1); // prettier-ignore
    if (Math.max(...strange) > MOST_UNKNOWN || answers.some(({ length }) => length === 0))
      found.unknown++; // prettier-ignore
    else if (long) found.long++;
    else rankings.push(readable(row, ranking, texts, answers));
  }
  const vocabulary = tokenizer.vocabulary.length;
  const cannotRead = found.unknown + found.long > 0 && found.judged >= LEAST_RANKINGS;
  return {
    ...found,
    rankings,
    vocabulary,
    refusal: refusalOf(found, rankings, vocabulary),
    remedy: cannotRead ? "export" : "judge",
  };
}

/** Prompt and answers as plain text; null for a conversation of several turns. */
function textsOf({ context, completions }: Judged): string[] | null {
  const all = [
    plainText(context, "user"),
    ...completions.map(({ completion }) => plainText(completion, "assistant")),
  ];
  return all.includes(null) ? null : all.map((text) => text ?? "");
}

function readable(
  row: JudgementRow,
  { ranking, completions }: Judged,
  [prompt = "", ...texts]: readonly string[],
  answers: readonly Int32Array[],
): Readable {
  const ranks = completions.map((_, i) => {
    const place = ranking.findIndex((group) => group.includes(i));
    return place < 0 ? null : place + 1;
  });
  const placed = ranks.filter((rank) => rank !== null);
  const untied = placed.flatMap((a, i) => placed.slice(i + 1).filter((b) => a !== b));
  return {
    // a cut answer has no end
    ranking: {
      id: row.event,
      prompt,
      completions: answers.map((ids, i) => completions[i]?.finish === "length" ? [...ids] : [...ids, EOS]), // prettier-ignore
      ranks,
    },
    annotator: row.annotator,
    set: JSON.stringify([prompt, ...texts.toSorted()]),
    pairs: untied.length,
  };
}

function refusalOf(
  { judged, words, known, unknown, long }: { judged: number; words: number; known: number; unknown: number; long: number }, // prettier-ignore
  rankings: readonly Readable[],
  vocabulary: number,
): string {
  const pairs = rankings.reduce((sum, one) => sum + one.pairs, 0);
  if (rankings.length >= LEAST_RANKINGS && pairs >= LEAST_PAIRS) return "";
  if (judged < LEAST_RANKINGS) {
    return `A reward model needs ${LEAST_RANKINGS} judgements that put one answer above another; this project has ${judged}.`;
  }
  if (unknown >= long && unknown > 0) {
    return `The small model in this tab knows ${vocabulary} words of its own small world, and ${percent(1 - known / Math.max(1, words))} of the words in these texts are not among them, so whatever it said about them would be a guess; export the pairs and train elsewhere.`;
  }
  if (long > 0) {
    return `The small model in this tab reads prompts of ${PROMPT_WORDS} words and answers of ${ANSWER_TOKENS}, and ${count(long, "judgement")} of ${judged} ${long === 1 ? "is" : "are"} longer, so too little is left to learn from; export the pairs and train elsewhere.`;
  }
  return `A reward model needs ${LEAST_PAIRS} pairs of answers of which one is better; these judgements have ${pairs}.`;
}
