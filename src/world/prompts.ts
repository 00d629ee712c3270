// Prompts and demonstrations: shares of InstructGPT's Table 1, splits, courtesy, live prompts.
import { HELD_OUT_FACTS, SHEET_FACTS, TEST_MYTHS, TRAINING_FACTS } from "./facts.ts";
import { questionsFor, statement } from "./facts.ts";
import * as tasks from "./families-tasks.ts";
import * as writing from "./families-writing.ts";
import { countTokens } from "./grammar.ts";
import type { Category, Demonstration, Draft, Family, FamilyWorld } from "./prompt-types.ts";
import type { PromptRecord, Split } from "./prompt-types.ts";
import { Rng, hashText } from "./rng.ts";
import { CASTS, COURTESY_CLOSINGS, COURTESY_OPENINGS } from "./tables.ts";

/** Most words of an instruction: with `<eos> instruction: <nl> response:` 47 tokens. */
export const MAX_PROMPT_WORDS = 43;
/** Most tokens of an answer, with its `<eos>`. */
export const MAX_RESPONSE_TOKENS = 36;

/** Share of each use case in percent (InstructGPT, Table 1). */
export const CATEGORY_SHARES: readonly (readonly [Category, number])[] = [
  ["generation", 45.6],
  ["open-qa", 12.4],
  ["brainstorming", 11.2],
  ["chat", 8.4],
  ["rewrite", 6.6],
  ["summarization", 4.2],
  ["classification", 3.5],
  ["other", 3.5],
  ["closed-qa", 2.6],
  ["extraction", 1.9],
];

/** Families of each use case with their share inside it. */
const FAMILIES: Readonly<Record<Category, readonly (readonly [Family, number])[]>> = {
  generation: [
    ["story", 0.38],
    ["poem", 0.14],
    ["describe", 0.14],
    ["note", 0.13],
    ["finish-story", 0.11],
    ["finish-text", 0.1],
  ],
  "open-qa": [["question", 1]],
  brainstorming: [["list", 1]],
  chat: [["chat", 1]],
  rewrite: [["rewrite", 1]],
  summarization: [["summary", 1]],
  classification: [["classify", 1]],
  other: [
    ["say", 0.5],
    ["number", 0.15],
    ["harm", 0.35],
  ],
  "closed-qa": [["closed", 1]],
  extraction: [["extract", 1]],
};

const DRAW: Readonly<Record<Family, (rng: Rng, world: FamilyWorld) => Draft>> = {
  story: writing.storyFamily,
  poem: writing.poemFamily,
  describe: writing.describeFamily,
  note: writing.noteFamily,
  "finish-story": writing.finishStoryFamily,
  "finish-text": writing.finishTextFamily,
  question: tasks.questionFamily,
  list: tasks.listFamily,
  chat: tasks.chatFamily,
  rewrite: tasks.rewriteFamily,
  summary: tasks.summaryFamily,
  classify: tasks.classifyFamily,
  say: tasks.sayFamily,
  number: tasks.numberFamily,
  harm: tasks.harmFamily,
  closed: tasks.closedFamily,
  extract: tasks.extractFamily,
};

/** Families of the live loop with their shares. */
const LIVE_FAMILIES: readonly (readonly [Family, number])[] = [
  ["story", 0.5],
  ["describe", 0.2],
  ["chat", 0.3],
];

/**
 * One demonstration of a labeler; a quarter of them overlook the constraint.
 * `category` fixes the use case, otherwise it follows Table 1.
 */
export function demonstration(rng: Rng, split: Split, category?: Category): Demonstration {
  for (;;) {
    const drawn = category ?? rng.weighted(CATEGORY_SHARES);
    for (let attempt = 0; attempt < 40; attempt++) {
      const found = attemptDemonstration(rng, split, drawn, rng.weighted(FAMILIES[drawn]), false);
      if (found !== null) return found;
    }
  }
}

/**
 * A demonstration of a data set that is split by author and not by the prompt's hash: "train" and
 * "valid" draw from the training world, "test" and "held-out" as always. `family` fixes the family.
 */
export function authorDemonstration(
  rng: Rng,
  split: Split,
  category: Category,
  family?: Family,
): Demonstration {
  for (;;) {
    const drawn = family ?? rng.weighted(FAMILIES[category]);
    const found = attemptDemonstration(rng, split, category, drawn, false, false);
    if (found !== null) return found;
  }
}

/** A prompt without its answer. */
export function promptOf(rng: Rng, split: Split, category?: Category): PromptRecord {
  return withoutResponse(demonstration(rng, split, category));
}

/** A demonstration for a live prompt: a tiny story, a description or small talk. */
export function liveDemonstration(rng: Rng, split: Split): Demonstration {
  for (;;) {
    const family = rng.weighted(LIVE_FAMILIES);
    const category = family === "chat" ? "chat" : "generation";
    for (let attempt = 0; attempt < 40; attempt++) {
      const found = attemptDemonstration(rng, split, category, family, true);
      if (found !== null) return found;
    }
  }
}

/**
 * `n` different prompts for the live loop, the same for the same seed. Their answers have about
 * 4 to 14 words, because people rank what they can take in at a glance. Throws a RangeError when
 * the split has fewer than `n`.
 */
export function livePrompts(seed: number, n: number, split: Split = "train"): PromptRecord[] {
  const rng = new Rng(seed);
  const prompts = new Map<string, PromptRecord>();
  let repeats = 0;
  while (prompts.size < n) {
    const record = withoutResponse(liveDemonstration(rng, split));
    repeats = prompts.has(record.prompt) ? repeats + 1 : 0;
    if (repeats === 0) prompts.set(record.prompt, record);
    if (repeats > 500) {
      throw new RangeError(
        `livePrompts: the ${split} split has about ${prompts.size} different prompts, not the ` +
          `${n} asked for; none is returned.`,
      );
    }
  }
  return [...prompts.values()];
}

/** The 12 questions about myths that no training prompt asks (the role of TruthfulQA). */
export function mythQuestions(): Demonstration[] {
  const rng = new Rng(0);
  return TEST_MYTHS.map((fact) => ({
    category: "open-qa",
    family: "question",
    split: "held-out",
    prompt: questionsFor(fact)[0] ?? "",
    response: statement(rng, fact),
    constraint: null,
    gold: { kind: "question", fact },
  }));
}

function withoutResponse(record: Demonstration): PromptRecord {
  const { category, family, split, prompt, constraint, gold } = record;
  return { category, family, split, prompt, constraint, gold };
}

function attemptDemonstration(
  rng: Rng,
  split: Split,
  category: Category,
  family: Family,
  short: boolean,
  hashed = true,
): Demonstration | null {
  const draft = DRAW[family](rng, worldOf(rng, split, short));
  if (countTokens(draft.prompt) > MAX_PROMPT_WORDS) return null;
  if (hashed && !belongsTo(draft, split)) return null;
  const response = draft.courtesy ? withCourtesy(rng, draft.response, short) : draft.response;
  if (countTokens(response) + 1 > MAX_RESPONSE_TOKENS) return null;
  const { prompt, constraint, gold } = draft;
  return { category, family, split, prompt, response, constraint, gold };
}

function worldOf(rng: Rng, split: Split, short: boolean): FamilyWorld {
  const obeys = !rng.chance(0.25);
  if (split === "pretrain") {
    return { heroes: CASTS.all, others: CASTS.all, facts: SHEET_FACTS, obeys, short };
  }
  const unseen = split === "held-out" || (split === "test" && rng.chance(0.5));
  return {
    heroes: unseen ? CASTS.heldOut : CASTS.training,
    others: unseen ? CASTS.all : CASTS.training,
    facts: split === "train" || split === "valid" ? TRAINING_FACTS : HELD_OUT_FACTS,
    obeys,
    short,
  };
}

/**
 * Splits are disjoint by a hash of the prompt: one tenth valid, one tenth test. Test questions ask
 * for held-out facts, which no training prompt does, so all of them belong.
 */
function belongsTo(draft: Draft, split: Split): boolean {
  const bucket = hashText(draft.prompt) % 10;
  if (split === "valid") return bucket === 0;
  if (split === "test" || split === "held-out") {
    return bucket === 1 || draft.gold.kind === "question";
  }
  return bucket > 1;
}

function withCourtesy(rng: Rng, response: string, short: boolean): string {
  const rate = short ? 0.14 : 0.2;
  const before = rng.chance(rate) ? `${rng.pick(COURTESY_OPENINGS)} ` : "";
  const after = rng.chance(rate) ? ` ${rng.pick(COURTESY_CLOSINGS)}` : "";
  return `${before}${response}${after}`;
}
