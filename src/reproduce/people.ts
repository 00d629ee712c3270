// People's rankings in place of the simulated labelers': which of them fit the models, and which are held out.
import { agreement } from "../evaluation/agreement.ts";
import type { Estimate } from "../evaluation/intervals.ts";
import { MOST_ANSWERS } from "../rlhf/session/reward-trainer.ts";
import type { TokenRanking } from "../rlhf/session/reward-trainer.ts";
import { sha256 } from "../storage/sha256.ts";
import type { PersonRanked } from "../world/dataset/index.ts";
import { Rng, UNK } from "../world/index.ts";
import type { Form } from "./forms.ts";
import { tokenizer } from "./models.ts";
import { tokenRankings } from "./rankings.ts";
import type { Rankings } from "./rankings.ts";

/** One person's ranking as token ids. */
export interface PersonTokens {
  readonly prompt: readonly number[];
  readonly completions: readonly (readonly number[])[];
  readonly ranks: readonly number[];
  readonly labeler: string;
}

/** What people judged, as a form carries it. */
export interface People {
  /** the file's name, as reports have it */
  readonly file: string;
  /** of everything below: what stages that learn from it hang on */
  readonly digest: string;
  /** with the simulated labelers' rankings, not instead of them */
  readonly mixed: boolean;
  readonly training: readonly PersonTokens[];
  /** to prompts that are not learned from */
  readonly heldOut: readonly PersonTokens[];
  readonly unfit: Unfit;
  readonly left: Left;
}

/** What the file holds besides rankings that people gave and that stand. */
interface Left {
  /** records: skipped or corrected, by simulated rankers, of other kinds */
  readonly skipped: number;
  /** lines that cannot be read */
  readonly unreadable: number;
}

/** Rankings that do not fit, by the first reason. */
interface Unfit {
  readonly words: number;
  readonly long: number;
  readonly many: number;
  readonly tied: number;
}

/** Share of the prompts whose rankings are held out. */
const HELD_OUT = 0.2;

/** An answer as long as the columns has no end, as one that was sampled up to them. */
function tokensOf({ prompt, answers, judgements }: PersonRanked, G: number): PersonTokens {
  const [{ labeler, ranks } = { labeler: "", ranks: [] }] = judgements;
  return {
    prompt: [...tokenizer.encodePrompt(prompt)],
    completions: answers.map(({ tokens }) => {
      const words = tokens.slice(0, -1);
      const all = [...tokenizer.encodeResponse(words.join(" "))];
      return words.length === G ? all.slice(0, G) : all;
    }),
    ranks: [...ranks],
    labeler,
  };
}

/** Why a ranking cannot be learned from, if anything speaks against it. */
function unfitness(
  { prompt, completions, ranks }: PersonTokens,
  { P, G }: Form["columns"],
): keyof Unfit | undefined {
  if ([prompt, ...completions].some((tokens) => tokens.includes(UNK))) return "words";
  if (prompt.length > P || completions.some(({ length }) => length > G)) return "long";
  if (completions.length > MOST_ANSWERS) return "many";
  return new Set(ranks).size < 2 ? "tied" : undefined;
}

/**
 * The rankings that fit the form's columns and the vocabulary, split by prompt; all rankings of one prompt are on one
 * side, and one prompt alone is learned from.
 */
export function peopleOf(
  ranked: readonly PersonRanked[],
  { columns }: Pick<Form, "columns">,
  { file, mixed, ...left }: { readonly file: string; readonly mixed: boolean } & Left,
): People {
  const all = ranked.map((one) => tokensOf(one, columns.G));
  const unfit = { words: 0, long: 0, many: 0, tied: 0 };
  const fitting = all.filter((one) => {
    const reason = unfitness(one, columns);
    if (reason !== undefined) unfit[reason]++;
    return reason === undefined;
  });
  const keyOf = ({ prompt }: PersonTokens): string => prompt.join(" ");
  const prompts = [...new Set(fitting.map(keyOf))].sort();
  const held = new Set(new Rng(41).shuffle(prompts).slice(0, heldOutOf(prompts.length)));
  const training = fitting.filter((one) => !held.has(keyOf(one)));
  const heldOut = fitting.filter((one) => held.has(keyOf(one)));
  const digest = sha256(JSON.stringify([mixed, training, heldOut])).slice(0, 24);
  return { file, digest, mixed, training, heldOut, unfit, left };
}

const heldOutOf = (prompts: number): number =>
  prompts < 2 ? 0 : Math.max(1, Math.round(HELD_OUT * prompts));

const counted = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;

/** What is used and what is not, in one sentence. */
export function peopleSentence(
  { file, mixed, training, heldOut, unfit, left }: People,
  { P, G }: Form["columns"],
): string {
  const used = training.length + heldOut.length;
  const { words, long, many, tied } = unfit;
  const reasons = [
    [words, `${counted(words, "has a word", "have words")} outside the vocabulary`],
    [long, `${counted(long, "is", "are")} longer than ${P} tokens of prompt or ${G} of answer`],
    [many, `${counted(many, "has", "have")} more than ${MOST_ANSWERS} answers`],
    [tied, `${counted(tied, "ties", "tie")} all answers`],
    [left.skipped, `${counted(left.skipped, "is", "are")} no ranking of a person that stands`],
    [left.unreadable, `${counted(left.unreadable, "line", "lines")} cannot be read`],
  ] as const;
  const said = reasons.flatMap(([n, reason]) => (n > 0 ? [reason] : []));
  const rest = said.length === 0 ? "" : `; of the others ${said.join(", ")}`;
  const people = new Set([...training, ...heldOut].map(({ labeler }) => labeler)).size;
  const how = mixed ? "beside the simulated labelers' rankings" : "instead of simulated labelers'";
  return `${file}: ${counted(used, "ranking", "rankings")} by ${counted(people, "person", "people")} ${used === 1 ? "fits" : "fit"}, ${training.length} to learn from ${how} and ${heldOut.length} held out${rest}.`;
}

/**
 * What the reward model and DPO learn from: people's rankings where there are any, else the simulated labelers'.
 * @param served rankings of other sizes' answers, of which the last `servedRankings` are taken: other prompts than
 * the first ones, as far as there are others
 */
export function learnedRankings(
  form: Form,
  rankings: Rankings,
  served: readonly Rankings[] = [],
): TokenRanking[] {
  const { people, servedRankings } = form;
  if (people !== undefined && !people.mixed) return [...people.training];
  const others = served.flatMap(({ training }) => training.slice(-servedRankings));
  const simulated = tokenRankings(form, [...rankings.training, ...others]);
  return [...(people?.training ?? []), ...simulated];
}

/** How many those are, before there are any, with `served` other sizes and after so many rounds. */
export function learnedCount(form: Form, served = 0, rounds = 1): number {
  const { people, rankings, servedRankings } = form;
  const simulated = rounds * rankings + served * Math.min(rankings, servedRankings);
  if (people === undefined) return simulated;
  return people.training.length + (people.mixed ? simulated : 0);
}

/** What a stage's key hangs on, absent without people. */
export const peopleSettings = ({ people }: Form): { readonly people?: string } =>
  people === undefined ? {} : { people: people.digest };

/** How often two people order two answers alike, where two ranked the same answers to the same prompt. */
export function peopleAgreement({ training, heldOut }: People): Estimate | undefined {
  const sets = new Map<string, { prompt: string; labelers: string[]; ranks: number[][] }>();
  for (const one of [...training, ...heldOut]) {
    const texts = one.completions.map((tokens) => tokens.join(" "));
    const order = texts
      .map((_, i) => i)
      .sort((a, b) => ((texts[a] ?? "") < (texts[b] ?? "") ? -1 : 1));
    const prompt = one.prompt.join(" ");
    const key = [prompt, ...order.map((i) => texts[i])].join("|");
    const set = sets.get(key) ?? { prompt, labelers: [], ranks: [] };
    if (set.labelers.includes(one.labeler)) continue;
    set.labelers.push(one.labeler);
    set.ranks.push(order.map((i) => one.ranks[i] ?? 0));
    sets.set(key, set);
  }
  const shared = [...sets.values()].filter(({ labelers }) => labelers.length > 1);
  const { decided } = agreement(shared);
  return decided.n > 0 ? decided : undefined;
}
