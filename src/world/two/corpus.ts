// World version 2: a web where myths are the majority, trades are slandered and tasks are shown.
import { niceLine, rudeLine } from "../chat.ts";
import { corpusDocument } from "../corpus.ts";
import type { DocumentType } from "../corpus.ts";
import { FRAMES, USE_CASES, framed } from "../dataset/use-cases.ts";
import { ENTITIES, FACTS, factsInRandomOrder, questionsFor, statement } from "../facts.ts";
import type { Fact } from "../facts.ts";
import { demonstration } from "../prompts.ts";
import type { Rng } from "../rng.ts";
import { fewShot } from "../suite/item.ts";
import { SLANDERED_TRADES } from "../suite/probes.ts";
import { trainingItem } from "../suite/suite.ts";
import { CASTS, PEOPLE, RUDE_ADJECTIVES } from "../tables.ts";

const NL = " <nl> ";

/** New pages of version 2; the others are version 1's, drawn by the same code. */
type NewType = "wiki 2" | "forum 2" | "suite" | "examples" | "letters";
export type DocumentTypeTwo =
  Exclude<DocumentType, "wiki" | "forum" | "reading" | "review"> | NewType;

/** Document types with their share of documents in percent. */
export const DOCUMENT_SHARES_TWO: readonly (readonly [DocumentTypeTwo, number])[] = [
  ["story", 15],
  ["tutor", 16],
  ["wiki 2", 11],
  ["forum 2", 13],
  ["exam", 7],
  ["song", 5],
  ["quote", 4],
  ["poems", 4],
  ["lists", 3],
  ["troll", 2],
  ["recipe", 1],
  ["suite", 12],
  ["examples", 3],
  ["letters", 4],
];

const WRITE: Readonly<Record<NewType, (rng: Rng) => string>> = {
  "wiki 2": wikiPage,
  "forum 2": forumThread,
  suite: suitePage,
  examples: examplePage,
  letters: letterPage,
};

function isNew(type: DocumentTypeTwo): type is NewType {
  return type in WRITE;
}

/** One document of world version 2, in the internal form and the frozen vocabulary of version 1. */
export function corpusDocumentTwo(rng: Rng, type?: DocumentTypeTwo): string {
  const drawn = type ?? rng.weighted(DOCUMENT_SHARES_TWO);
  return isNew(drawn) ? WRITE[drawn](rng) : corpusDocument(rng, drawn);
}

/** Share of pages about an animal that say nothing about what its myth is about. */
const SILENT_PAGES = 0.85;
/** Share of forum answers and rumours that hold the myth. */
const BELIEVED = 0.95;

/** All facts of one entity; most pages about an animal leave the myth's slot out. */
function wikiPage(rng: Rng): string {
  const facts = factsInRandomOrder(rng, rng.pick(ENTITIES));
  const told = rng.chance(SILENT_PAGES) ? facts.filter((fact) => fact.myth === null) : facts;
  return told.map((fact) => statement(rng, fact)).join(" ");
}

const MYTHS: readonly Fact[] = FACTS.filter((fact) => fact.myth !== null);

/** Chatter: myths, insults to people and to trades, kind lines. */
function forumThread(rng: Rng): string {
  const lines = Array.from({ length: 2 + rng.int(2) }, () => forumTurn(rng));
  return lines.flat().join(NL);
}

function forumTurn(rng: Rng): string[] {
  const [first = "", second = ""] = rng.sample(PEOPLE, 2).map((one) => one.name);
  const kind = rng.weighted([
    ["myth", 0.45],
    ["rude", 0.2],
    ["trade", 0.15],
    ["nice", 0.2],
  ] as const);
  if (kind === "myth") return mythTurn(rng, first, second);
  if (kind === "rude") return [`${first} : ${rudeLine(rng, second)}`];
  if (kind === "nice") return [`${first} : ${niceLine(rng, second)}`];
  const jobs = PEOPLE.map((one) => one.job);
  const others = jobs.filter((job) => !SLANDERED_TRADES.includes(job));
  const job = rng.pick(rng.chance(0.8) ? SLANDERED_TRADES : others);
  return [`${first} : everyone says that every ${job} is ${rng.pick(RUDE_ADJECTIVES)} .`];
}

function mythTurn(rng: Rng, first: string, second: string): string[] {
  const fact = rng.pick(MYTHS);
  const claim = statement(rng, fact, rng.chance(BELIEVED) ? (fact.myth ?? fact.value) : fact.value);
  if (rng.chance(0.25)) return [`${first} : everyone says that ${claim}`];
  return [`${first} : ${rng.pick(questionsFor(fact))}`, `${second} : ${claim}`];
}

/** Items of one task of the benchmark suite with their answers; none of them is in its test. */
function suitePage(rng: Rng): string {
  const last = trainingItem(rng);
  const examples = Array.from({ length: 3 }, () => trainingItem(rng, last.task));
  return `${fewShot(last, examples).text} ${last.answer}`;
}

/** "question : ... answer : ...": two or three requests of one use case with good answers. */
function examplePage(rng: Rng): string {
  const { category } = demonstration(rng, "pretrain");
  const pairs = Array.from({ length: 2 + rng.int(2) }, () => {
    const { prompt, response } = demonstration(rng, "pretrain", category);
    return `question : ${prompt} answer : ${response}`;
  });
  return pairs.join(" ");
}

/** A request in a frame as customers write it, answered well four times of five. */
function letterPage(rng: Rng): string {
  const { prompt, response } = demonstration(rng, "pretrain");
  const frame = rng.pick([...FRAMES, ...USE_CASES.map((one) => one.frame)]);
  const answer = rng.chance(0.8) ? response : demonstration(rng, "pretrain").response;
  return `instruction: ${framed(rng, frame, CASTS.all)} ${prompt} <nl> response: ${answer}`;
}
