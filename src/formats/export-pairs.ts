// Exports of pairs for TRL: preferences with an explicit or an implicit prompt.
// https://huggingface.co/docs/trl/dataset_formats
import { columns } from "./columns.ts";
import type { Column, Row, Value } from "./columns.ts";
import { FormatError, plural } from "./errors.ts";
import { CHAT, glued, gluedSentence, lossSentence, spell, textType } from "./exports.ts";
import type { Exported, Losses, Shape } from "./exports.ts";
import { pairsOf } from "./pairs.ts";
import type { Pair, PairLosses } from "./pairs.ts";
import type { Candidate, Collection, Message, Ranking } from "./records.ts";
import { plainText } from "./rows.ts";

export interface PairOptions {
  shape: Shape;
  /** Adds `margin` on every line; RewardTrainer reads it when the first line has it. */
  margin: boolean;
  /** Adds group_id, pair, weight and judgement_id, which trainers ignore. */
  trace: boolean;
}

const ALWAYS = "ratings, notes, times, the order shown";

function pairColumns({ margin, trace }: PairOptions): Column[] {
  return [
    ...(margin ? columns("float64", "margin") : []),
    ...(trace ? columns("string", "group_id", "pair") : []),
    ...(trace ? columns("float64", "weight") : []),
    ...(trace ? columns("string", "judgement_id") : []),
  ];
}

function pairValues({ ranking, chosen, rejected, margin, weight }: Pair): Row {
  const pair = `${chosen}>${rejected}`;
  return { margin, group_id: ranking.task, pair, weight, judgement_id: ranking.id };
}

function pairLosses(left: PairLosses): Losses {
  return [
    [left.ties, "tie"],
    [left.unranked, "unranked pair"],
    [left.identical, "pair of equal texts"],
    [left.empty, "pair with an empty answer"],
    [left.skipped, "skip"],
  ];
}

/** Preference pairs with an explicit prompt: the file to use unless a trainer asks for another. */
export function exportPreference(all: Collection, options: PairOptions): Exported {
  const { pairs, left } = pairsOf(all.rankings);
  let conversations = 0;
  let echoes = 0;
  const rows = pairs.flatMap((pair) => {
    const [chosen, rejected] = sides(pair);
    const { context } = pair.ranking;
    const prompt = spell(context, options.shape, "user");
    const good = spell(chosen.completion, options.shape, "assistant");
    const bad = spell(rejected.completion, options.shape, "assistant");
    if (prompt === null || good === null || bad === null) conversations++;
    else if (good === prompt || bad === prompt) echoes++;
    else return [{ prompt, chosen: good, rejected: bad, ...pairValues(pair) }];
    return [];
  });
  const losses: Losses = [
    ...pairLosses(left),
    [conversations, `pair of a ${CHAT}`],
    [echoes, "pair whose answer repeats the prompt"],
  ];
  const file = columns(textType(options.shape), "prompt", "chosen", "rejected");
  return {
    format: `TRL preference, explicit prompt, ${options.shape}`,
    columns: [...file, ...pairColumns(options)],
    rows,
    loss:
      lossSentence([all.rankings.length, "ranking"], [rows.length, "pair"], losses, ALWAYS) +
      gluedSentence(rows.filter((row) => glued(row["prompt"], row["chosen"])).length, rows.length) +
      continuation(all.rankings, options.shape),
  };
}

/** TRL puts the answer behind as a turn of its own, so that two of an assistant follow each other. */
function continuation(rankings: readonly Ranking[], shape: Shape): string {
  const open = rankings.filter(({ context }) => {
    const last = context.at(-1)?.role;
    return last === "assistant" || last === "system";
  }).length;
  if (shape === "standard" || open === 0) return "";
  return ` The prompt of ${plural(open, "ranking")} does not end with a user or a tool: there the answer is a second turn of the assistant or follows the system alone, which some chat templates refuse.`;
}

function sides({ ranking, chosen, rejected }: Pair): [Candidate, Candidate] {
  const [a, b] = [ranking.completions[chosen], ranking.completions[rejected]];
  if (a === undefined || b === undefined) throw new FormatError("A pair names a missing answer.");
  return [a, b];
}

/**
 * Preference pairs in which each side repeats the prompt. As plain text TRL cuts the prompt off at
 * the first differing character, so pairs of which one side begins with the other are left out.
 */
export function exportImplicit(all: Collection, options: PairOptions): Exported {
  const { pairs, left } = pairsOf(all.rankings);
  const counts = { conversations: 0, prefixes: 0, cut: 0, glued: 0 };
  const rows = pairs.flatMap((pair) => {
    const texts = sides(pair).map(({ completion }) => whole(pair, completion, options.shape));
    const [chosen, rejected] = texts;
    if (chosen === undefined || chosen === null || rejected === undefined || rejected === null) {
      counts.conversations++;
    } else if (begins(chosen, rejected) || begins(rejected, chosen)) counts.prefixes++;
    else {
      if (cutsWord(chosen, rejected)) counts.cut++;
      const [prompt, answer] = [pair.ranking.context, sides(pair)[0].completion];
      if (options.shape === "standard" && glued(prompt.at(-1)?.content, answer[0]?.content)) {
        counts.glued++;
      }
      return [{ chosen, rejected, ...pairValues(pair) }];
    }
    return [];
  });
  const losses: Losses = [
    ...pairLosses(left),
    [counts.conversations, `pair of a ${CHAT}`],
    [counts.prefixes, "pair of which one side begins with the other"],
  ];
  const from = [all.rankings.length, "ranking"] as const;
  const always = `where the prompt ends, ${ALWAYS}`;
  return {
    format: `TRL preference, implicit prompt, ${options.shape}`,
    columns: [...columns(textType(options.shape), "chosen", "rejected"), ...pairColumns(options)],
    rows,
    loss:
      lossSentence(from, [rows.length, "pair"], losses, always) +
      (options.shape === "standard" ? implicitWarning(counts.cut, rows.length) : "") +
      gluedSentence(counts.glued, rows.length),
  };
}

function implicitWarning(cut: number, pairs: number): string {
  return ` TRL finds the prompt as the longest common prefix, character by character. ${cut} of ${plural(pairs, "pair")} would be cut inside a word. Use explicit prompts unless your trainer asks for this.`;
}

/** The context and an answer as one text or one conversation; null when it cannot be plain text. */
function whole({ ranking }: Pair, completion: readonly Message[], shape: Shape): Value | null {
  if (shape === "conversational") return spell([...ranking.context, ...completion], shape, "user");
  const [prompt, text] = [plainText(ranking.context, "user"), plainText(completion, "assistant")];
  return prompt === null || text === null ? null : prompt + text;
}

/** True when the first text or conversation begins with the second. */
function begins(a: Value, b: Value): boolean {
  if (typeof a === "string") return typeof b === "string" && a.startsWith(b);
  if (!Array.isArray(a) || !Array.isArray(b)) return false;
  return JSON.stringify(a.slice(0, b.length)) === JSON.stringify(b);
}

/** True when TRL's split (`extract_prompt`) would fall between two letters or digits. */
function cutsWord(a: Value, b: Value): boolean {
  if (typeof a !== "string" || typeof b !== "string") return false;
  const at = commonPrefix(a, b);
  return /[\p{L}\p{N}]{2}/u.test(a.slice(at - 1, at + 1)) && at > 0;
}

/** Number of UTF-16 units that two texts share from their start. */
export function commonPrefix(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  return i;
}
