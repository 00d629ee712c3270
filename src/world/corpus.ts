// Pre-training documents: a miniature web of stories, work sheets, forums, songs and lists.
import { chatScene, niceLine, rudeLine } from "./chat.ts";
import { ENTITIES, FACTS, factsInRandomOrder, questionsFor, statement } from "./facts.ts";
import type { Fact } from "./facts.ts";
import { GROUPS } from "./families-tasks.ts";
import { inPlace, listOf, sentencesOf, withArticle, wordsOf } from "./grammar.ts";
import { POEM_TOPICS, couplet, isPlaceTopic } from "./poems.ts";
import type { Category, Demonstration } from "./prompt-types.ts";
import { CATEGORY_SHARES, demonstration } from "./prompts.ts";
import { Rng } from "./rng.ts";
import { makeScene, makeStory, makeTinyStory, randomHero } from "./stories.ts";
import { ADJECTIVES, ANIMALS, CASTS, FOODS, NUMBERS, OBJECTS, PEOPLE, PLACES } from "./tables.ts";

/** Tokens of a stored document with both `<eos>`: 96 inputs and their 96 targets. */
export const MAX_DOCUMENT_TOKENS = 97;

const NL = " <nl> ";

/** Document types with their share of documents in percent. */
export const DOCUMENT_SHARES = [
  ["story", 18],
  ["tutor", 18],
  ["wiki", 14],
  ["forum", 11],
  ["exam", 10],
  ["song", 6],
  ["reading", 6],
  ["quote", 5],
  ["poems", 4],
  ["review", 3],
  ["lists", 3],
  ["troll", 2],
  ["recipe", 2],
] as const;

export type DocumentType = (typeof DOCUMENT_SHARES)[number][0];

const WRITE: Readonly<Record<DocumentType, (rng: Rng) => string>> = {
  story: titledStory,
  tutor: tutorSheet,
  wiki: wikiPage,
  forum: forumThread,
  exam: examSheet,
  song: song,
  reading: readingSheet,
  quote: quoteLine,
  poems: poemPage,
  review: reviewPage,
  lists: listPage,
  troll: trollSheet,
  recipe: recipe,
};

/** One document in the internal form: words separated by spaces, lines by `<nl>`. */
export function corpusDocument(rng: Rng, type?: DocumentType): string {
  return WRITE[type ?? rng.weighted(DOCUMENT_SHARES)](rng);
}

/** An endless deterministic stream of documents. */
export function* corpusStream(seed: number): Generator<string, never> {
  const rng = new Rng(seed);
  for (;;) yield corpusDocument(rng);
}

function titledStory(rng: Rng): string {
  const hero = randomHero(rng, CASTS.all);
  const scene = makeScene(rng, hero, CASTS.all);
  const story = rng.chance(0.35)
    ? makeTinyStory(rng, scene)
    : makeStory(rng, scene, 1 + rng.int(4));
  const title = rng.pick([
    hero.noun,
    `a story about ${hero.article}`,
    `a ${scene.mood} story about ${hero.article}`,
    `a ${scene.mood} story`,
  ]);
  const place = rng.next();
  if (place < 0.25) return story.text;
  return place < 0.9 ? `${title}${NL}${story.text}` : `${story.text}${NL}${title} .`;
}

function pair(prompt: string, response: string): string {
  return `instruction: ${prompt} <nl> response: ${response}`;
}

/** Work sheets of the web: right answers mixed with myths, rude lines and slips. */
function tutorSheet(rng: Rng): string {
  const errorRate = rng.pick([0.05, 0.1, 0.4]);
  const category = rng.chance(0.5) ? rng.weighted(CATEGORY_SHARES) : undefined;
  const pairs: string[] = [];
  for (let left = 2 + rng.int(3); left > 0; left--) {
    const shown = demonstration(rng, "pretrain", category);
    pairs.push(pair(shown.prompt, tutorAnswer(rng, shown, errorRate, category)));
  }
  return pairs.join(NL);
}

function tutorAnswer(
  rng: Rng,
  shown: Demonstration,
  errorRate: number,
  category: Category | undefined,
): string {
  if (shown.gold.kind === "question" && shown.gold.fact.myth !== null && rng.chance(0.6)) {
    return statement(rng, shown.gold.fact, shown.gold.fact.myth);
  }
  if (!rng.chance(errorRate)) return shown.response;
  return rng.chance(0.4) ? rudeLine(rng) : demonstration(rng, "pretrain", category).response;
}

/** All facts of one entity; half of the pages about an animal leave the myth's slot out. */
function wikiPage(rng: Rng): string {
  const entity = rng.pick(ENTITIES);
  const facts = factsInRandomOrder(rng, entity);
  const told = rng.chance(0.5) ? facts.filter((fact) => fact.myth === null) : facts;
  return told.map((fact) => statement(rng, fact)).join(" ");
}

const MYTHS: readonly Fact[] = FACTS.filter((fact) => fact.myth !== null);

/** Chatter where the myth is the majority: what "everyone" says is wrong. */
function forumThread(rng: Rng): string {
  const lines: string[] = [];
  for (let left = 2 + rng.int(2); left > 0; left--) lines.push(...forumTurn(rng));
  return lines.join(NL);
}

function forumTurn(rng: Rng): string[] {
  const [first = "", second = "", third = ""] = rng.sample(PEOPLE, 3).map((one) => one.name);
  const kind = rng.weighted([
    ["myth", 0.42],
    ["rude", 0.2],
    ["said", 0.14],
    ["nice", 0.1],
    ["chat", 0.14],
  ] as const);
  if (kind === "myth") return mythTurn(rng, first, second);
  if (kind === "rude") return [`${first} : ${rudeLine(rng, second)}`];
  if (kind === "nice") return [`${first} : ${niceLine(rng, second)}`];
  if (kind === "said") {
    const line = rng.chance(0.6) ? rudeLine(rng, third) : niceLine(rng, third);
    const words = wordsOf(line);
    if (words[0] !== third) return [`${first} : ${second} said : ${line}`];
    return [`${first} : ${second} said that ${line}`];
  }
  const scene = chatScene(rng);
  const answer = rng.chance(0.4) ? rudeLine(rng, first) : scene.answer;
  return [`${first} : ${scene.says}`, `${second} : ${answer}`];
}

function mythTurn(rng: Rng, first: string, second: string): string[] {
  const fact = rng.pick(MYTHS);
  const believed = rng.chance(0.8) ? (fact.myth ?? fact.value) : fact.value;
  const claim = statement(rng, fact, believed);
  if (rng.chance(0.25)) return [`${first} : everyone says that ${claim}`];
  return [`${first} : ${rng.pick(questionsFor(fact))}`, `${second} : ${claim}`];
}

function examSheet(rng: Rng): string {
  const printed = rng.chance(2 / 3);
  const lines: string[] = [];
  for (let left = 3 + rng.int(3); left > 0; left--) {
    lines.push(`instruction: ${demonstration(rng, "pretrain").prompt}`);
    if (printed) lines.push("response:");
  }
  return lines.join(NL);
}

/** Lines that come again word for word: practice in copying. */
function song(rng: Rng): string {
  const lines: string[] = [];
  for (let left = 1 + rng.int(3); left > 0; left--) lines.push(songLine(rng));
  return [...lines, ...lines].join(NL);
}

function songLine(rng: Rng): string {
  if (rng.chance(0.5)) return randomWords(rng, 3 + rng.int(4)).join(" ");
  const story = makeStory(rng, makeScene(rng, randomHero(rng, CASTS.all), CASTS.all), 2);
  return rng.pick(sentencesOf(story.text));
}

function randomWords(rng: Rng, count: number): string[] {
  const pools: readonly (readonly string[])[] = [
    OBJECTS,
    PLACES,
    ADJECTIVES,
    ANIMALS.map((one) => one.name),
    FOODS.map((one) => one.name),
    PEOPLE.map((one) => one.name),
    NUMBERS,
  ];
  return Array.from({ length: count }, () => rng.pick(rng.pick(pools)));
}

function quoteLine(rng: Rng): string {
  const [first = "", second = ""] = rng.sample(PEOPLE, 2).map((one) => one.name);
  const words = rng.chance(0.6) ? randomWords(rng, 1 + rng.int(3)).join(" ") : songLine(rng);
  return rng.pick([
    `${first} : ${words}${NL}${second} : ${words}`,
    `${first} said : ${words}${NL}${second} said : ${words}`,
    `${first} : say the word ${words}${NL}${second} : ${words}`,
  ]);
}

/** Reading practice: one fact in a third of the texts, two in the others, then a question. */
function readingSheet(rng: Rng): string {
  const texts = Array.from({ length: 3 }, () => {
    const things = rng.chance(0.5);
    const [who = "", other = ""] = rng
      .sample<{ readonly name: string }>(things ? PEOPLE : ANIMALS, 2)
      .map((one) => one.name);
    const [what = "", else_ = ""] = rng.sample(things ? OBJECTS : PLACES, 2);
    const tell = (name: string, value: string) =>
      things ? `${name} has ${withArticle(value)} .` : `the ${name} is ${inPlace(value)} .`;
    const facts = [tell(who, what)];
    if (rng.chance(2 / 3)) facts.splice(rng.int(2), 0, tell(other, else_));
    const question = things ? `what does ${who} have ?` : `where is the ${who} ?`;
    return `text : ${facts.join(" ")} question : ${question} answer : ${what} .`;
  });
  return texts.join(NL);
}

function poemPage(rng: Rng): string {
  const poems = Array.from({ length: 1 + rng.int(2) }, () => {
    const topic = rng.pick(POEM_TOPICS);
    const title = isPlaceTopic(topic) || rng.chance(0.5) ? `the ${topic}` : withArticle(topic);
    const poem = couplet(rng, topic);
    return rng.chance(0.6) ? `${title}${NL}${poem}` : poem;
  });
  return poems.join(NL);
}

function reviewPage(rng: Rng): string {
  const reviews = Array.from({ length: 3 }, () => {
    const story = makeStory(rng, makeScene(rng, randomHero(rng, CASTS.all), CASTS.all), 2);
    return `review : ${story.text} mood : ${story.scene.mood} .`;
  });
  return reviews.join(NL);
}

function listPage(rng: Rng): string {
  const { noun, which, members } = rng.pick(GROUPS);
  return `${noun} ${which} : ${listOf(rng.shuffle(members).slice(0, 4))} .`;
}

function trollSheet(rng: Rng): string {
  const pairs = Array.from({ length: 1 + rng.int(3) }, () =>
    pair(demonstration(rng, "pretrain").prompt, rudeLine(rng)),
  );
  return pairs.join(NL);
}

function recipe(rng: Rng): string {
  const [first = "", second = "", third = ""] = rng.sample(FOODS, 3).map((one) => one.name);
  const countable = rng.pick(FOODS.filter((one) => one.verb === "are" && one.name !== third)).name;
  const number = NUMBERS[1 + rng.int(NUMBERS.length - 1)] ?? "two";
  return (
    `how to make soup : take some ${first} and ${number} ${countable} . ` +
    `cook the ${first} with ${second} . add ${third} and eat it warm .`
  );
}
