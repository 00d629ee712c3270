// Makes records: everything that is not given is left unknown, ranks and ids follow from the rest.
import { canonicalJson } from "../storage/json.ts";
import type {
  Candidate,
  Demonstration,
  Item,
  Labelled,
  Message,
  Prompt,
  Ranking,
} from "./records.ts";

export function user(content: string): Message {
  return { role: "user", content };
}

export function assistant(content: string): Message {
  return { role: "assistant", content };
}

/**
 * An identifier of an answer from its content, the same wherever it is computed.
 * @throws StorageError "invalid" for text with half a surrogate pair
 */
export function contentId(context: readonly Message[], candidate: Partial<Candidate>): string {
  const { completion = [], model = "", checkpoint = "", seed = 0 } = candidate;
  return `c_${hash64(canonicalJson([context, completion, model, checkpoint, seed]))}`;
}

/**
 * 64 bits of a text as 16 hexadecimal digits: two lanes of multiply and exclusive or (the idea of
 * FNV-1a) with MurmurHash3's mix at the end. It tells answers apart and guards nothing; SHA-256 of
 * every answer took half of the time of an import.
 */
function hash64(text: string): string {
  let [a, b] = [0x811c9dc5, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995) + 1;
  }
  return hex(mix(a ^ (b >>> 15))) + hex(mix(b ^ (a >>> 13)));
}

/** MurmurHash3's finalizer for 32 bits. */
function mix(x: number): number {
  const once = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

function hex(x: number): string {
  return (x >>> 0).toString(16).padStart(8, "0");
}

/** An answer with unknown origin, filled in by `known`. */
export function candidate(completion: Message[], known: Partial<Candidate> = {}): Candidate {
  return {
    cid: "",
    rank: 0,
    completion,
    model: "",
    checkpoint: "",
    step: 0,
    seed: 0,
    temperature: 0,
    top_k: 0,
    top_p: 0,
    n_tokens: 0,
    logprob: 0,
    finish: "",
    author: "",
    ratings: [],
    note: "",
    ...known,
  };
}

/** A ranking of these answers in these groups; ranks, unranked answers and ids follow from them. */
export function newRanking(
  context: Message[],
  candidates: readonly Candidate[],
  groups: number[][],
  known: Partial<Ranking> = {},
): Ranking {
  const unranked = candidates.flatMap((_, i) => (groups.some((g) => g.includes(i)) ? [] : [i]));
  const rank = (i: number) => {
    const place = groups.findIndex((group) => group.includes(i));
    return place < 0 ? groups.length : place;
  };
  return {
    ...emptyRanking(),
    context,
    completions: candidates.map((one, i) => ({
      ...one,
      cid: one.cid === "" ? contentId(context, one) : one.cid,
      rank: rank(i),
    })),
    ranking: groups,
    unranked,
    strengths: groups.slice(1).map(() => 0),
    ...known,
  };
}

function emptyRanking(): Ranking {
  return {
    schema: "prefs.ranking",
    v: 1,
    id: "",
    project: "",
    task: "",
    format: "text",
    question: "overall",
    context: [],
    completions: [],
    ranking: [],
    unranked: [],
    strengths: [],
    all_bad: false,
    outcome: "ranked",
    confidence: 0,
    shown: [],
    layout: "",
    blind: false,
    guideline: "",
    preset: "",
    annotator: "",
    session: "",
    started: "",
    submitted: "",
    active_ms: 0,
    idle_ms: 0,
    hidden_ms: 0,
    moves: 0,
    undos: 0,
    gold: "",
    gold_pass: false,
    select_policy: "",
    select_score: 0,
    propensity: 0,
    revision: 0,
    supersedes: "",
    skip_reason: "",
    flags: [],
    note: "",
    app: "",
    extra: "",
  };
}

/** A label with everything but what is given left unknown. */
export function newLabelled(
  context: Message[],
  completion: Message[],
  known: Partial<Labelled> = {},
): Labelled {
  return {
    schema: "prefs.labelled",
    v: 1,
    id: "",
    task: "",
    cid: contentId(context, { completion }),
    format: "text",
    context,
    completion,
    label: -1,
    ratings: [],
    rank: -1,
    annotator: "",
    preset: "",
    guideline: "",
    active_ms: 0,
    note: "",
    extra: "",
    ...known,
  };
}

export function newDemonstration(
  context: Message[],
  completion: Message[],
  known: Partial<Demonstration> = {},
): Demonstration {
  return {
    schema: "prefs.demonstration",
    v: 1,
    id: "",
    format: "text",
    context,
    completion,
    annotator: "",
    submitted: "",
    extra: "",
    ...known,
  };
}

export function newPrompt(context: Message[], known: Partial<Prompt> = {}): Prompt {
  return { schema: "prefs.prompt", v: 1, id: "", format: "text", context, extra: "", ...known };
}

/**
 * Answers to be judged. Without an id of its own it gets one from its content, the same wherever it
 * is computed, so that the same set is never queued twice.
 */
export function newItem(
  context: Message[],
  candidates: readonly Candidate[],
  known: Partial<Item> = {},
): Item {
  const completions = candidates.map((one) => ({
    ...one,
    rank: 0,
    cid: one.cid === "" ? contentId(context, one) : one.cid,
  }));
  const content = [context, ...completions.map(({ completion }) => completion)];
  return {
    schema: "prefs.item",
    v: 1,
    id: `t_${hash64(canonicalJson(content))}`,
    format: "text",
    context,
    completions,
    extra: "",
    ...known,
  };
}
