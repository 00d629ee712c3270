// Draws one request: plain, a few-shot prompt, one of a use case, or what a customer sends.
import { GROUPS } from "../families-tasks.ts";
import { countTokens, listOf } from "../grammar.ts";
import type { Category, Demonstration, Family, PromptRecord } from "../prompt-types.ts";
import { CATEGORY_SHARES, authorDemonstration } from "../prompts.ts";
import type { Rng } from "../rng.ts";
import { CASTS, NUMBERS } from "../tables.ts";
import type { Cast } from "../tables.ts";
import type { Part } from "./paper.ts";
import type { Request, Source } from "./records.ts";
import { FRAMES, PERSONAL_FRAMES, USE_CASES, framed } from "./use-cases.ts";
import type { UseCase } from "./use-cases.ts";

const castOf = (part: Part): Cast => (part === "test" ? CASTS.all : CASTS.training);

/** Share of the lists that may come from either of two groups. */
const EITHER_GROUP = 0.4;

/** One bare task. Lists may join two groups, since the world's 30 groups alone give few prompts. */
function taskOf(rng: Rng, part: Part, category: Category, family?: Family): Demonstration {
  if (category !== "brainstorming" || !rng.chance(EITHER_GROUP)) {
    return authorDemonstration(rng, part, category, family);
  }
  return eitherList(rng, part);
}

/** "list three animals that are green or that live in the sea ." */
function eitherList(rng: Rng, part: Part): Demonstration {
  for (;;) {
    const [one, other] = rng.sample(GROUPS, 2);
    if (one === undefined || other?.noun !== one.noun) continue;
    const correct = [...new Set([...one.members, ...other.members])];
    const count = 2 + rng.int(3);
    if (correct.length <= count) continue;
    return {
      category: "brainstorming",
      family: "list",
      split: part,
      prompt: `list ${NUMBERS[count - 1] ?? "two"} ${one.noun} ${one.which} or ${other.which} .`,
      response: `${listOf(rng.sample(correct, count))} .`,
      constraint: { kind: "items", count },
      gold: { kind: "list", correct, count },
    };
  }
}

/** Labelers' own prompts: half plain; the paper names the three kinds and no shares. */
const LABELER_KINDS = [
  ["plain", 0.5],
  ["few-shot", 0.25],
  ["user-based", 0.25],
] as const;

/** Share of a customer's requests within the use case it applied for. */
const OWN_USE_CASE = 0.7;
/** Share of a customer's requests that hold examples. */
const CUSTOMER_FEW_SHOT = 0.1;
/** Share of a customer's requests that give away a name. */
const PERSONAL_SHARE = 0.03;
/** Share of a customer's requests sent before a second time, word for word. */
const RESENT = 0.1;

/** A request of a labeler in one of the three kinds. */
export function labelerRequest(rng: Rng, part: Part, category: Category): Request {
  const kind = rng.weighted(LABELER_KINDS);
  if (kind === "few-shot") {
    const found = fewShot(rng, part, category, kind);
    if (found !== null) return found;
  }
  if (kind === "user-based") {
    const useCase = rng.pick(USE_CASES.filter((one) => one.category === category));
    return withFrame(rng, part, ofUseCase(rng, part, useCase), useCase.frame, kind, useCase.id);
  }
  const frame = rng.chance(0.3) ? rng.pick(FRAMES) : "";
  return withFrame(rng, part, taskOf(rng, part, category), frame, "plain", null);
}

export interface Customer {
  readonly id: string;
  readonly useCase: UseCase;
  /** What was sent before, for requests that come again. */
  readonly sent: Request[];
}

/** A customer whose use case follows Table 1. */
export function drawCustomer(rng: Rng, id: string): Customer {
  const category = rng.weighted(CATEGORY_SHARES);
  const useCase = rng.pick(USE_CASES.filter((one) => one.category === category));
  return { id, useCase, sent: [] };
}

/** The use case of a customer's next request: its own, or anything of Table 1. */
export function nextCategory(rng: Rng, customer: Customer): Category {
  return rng.chance(OWN_USE_CASE) ? customer.useCase.category : rng.weighted(CATEGORY_SHARES);
}

/** What a customer sends next within a category. */
export function customerRequest(
  rng: Rng,
  part: Part,
  customer: Customer,
  category: Category,
): Request {
  if (customer.sent.length > 0 && rng.chance(RESENT)) return rng.pick(customer.sent);
  const request = freshRequest(rng, part, customer, category);
  customer.sent.push(request);
  return request;
}

function freshRequest(rng: Rng, part: Part, customer: Customer, category: Category): Request {
  if (rng.chance(CUSTOMER_FEW_SHOT)) {
    const found = fewShot(rng, part, category, "customer");
    if (found !== null) return found;
  }
  const { useCase } = customer;
  const own = category === useCase.category;
  const drawn = own ? ofUseCase(rng, part, useCase) : taskOf(rng, part, category);
  return withFrame(
    rng,
    part,
    drawn,
    customerFrame(rng, own ? useCase : null),
    "customer",
    useCase.id,
  );
}

function customerFrame(rng: Rng, useCase: UseCase | null): string {
  if (rng.chance(PERSONAL_SHARE)) return rng.pick(PERSONAL_FRAMES);
  const kind = rng.weighted([
    ["own", useCase === null ? 0 : 0.35],
    ["any", 0.4],
    ["none", 0.25],
  ] as const);
  if (kind === "own" && useCase !== null) return useCase.frame;
  return kind === "any" ? rng.pick(FRAMES) : "";
}

/** A demonstration of the use case's own family. */
function ofUseCase(rng: Rng, part: Part, { category, family }: UseCase): Demonstration {
  return taskOf(rng, part, category, family);
}

function withFrame(
  rng: Rng,
  part: Part,
  drawn: Demonstration,
  frame: string,
  source: Source,
  useCase: string | null,
): Request {
  const text = framed(rng, frame, castOf(part));
  const prompt = text === "" ? drawn.prompt : `${text} ${drawn.prompt}`;
  return request(prompt, drawn, source, useCase);
}

function request(
  prompt: string,
  drawn: Demonstration,
  source: Source,
  useCase: string | null,
): Request {
  const { response, ...record } = drawn;
  const bare: PromptRecord = record;
  return { prompt, task: drawn.prompt, source, useCase, response, record: bare };
}

/** Words that two examples and a query may have; longer families are not asked this way. */
const FEW_SHOT_WORDS = 56;

/**
 * "question : ... answer : ... question : ... answer : ... question : ... answer :": pairs of one
 * family before the last request. Null when the category's families are too long for it.
 */
function fewShot(rng: Rng, part: Part, category: Category, source: Source): Request | null {
  for (let attempt = 0; attempt < 8; attempt++) {
    const query = taskOf(rng, part, category);
    const shown = [1, 2].map(() => taskOf(rng, part, category, query.family));
    if (new Set([query, ...shown].map((one) => one.prompt)).size < 3) continue;
    const pairs = shown.map((one) => `question : ${one.prompt} answer : ${one.response}`);
    const prompt = [...pairs, `question : ${query.prompt} answer :`].join(" ");
    if (countTokens(prompt) <= FEW_SHOT_WORDS) return request(prompt, query, source, null);
  }
  return null;
}
