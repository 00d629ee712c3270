// Prompt families with a checkable answer: questions, lists, chat, rewriting, reading and more.
import { chatScene } from "./chat.ts";
import { questionsFor, statement } from "./facts.ts";
import { inPlace, listOf, withArticle, wordsOf } from "./grammar.ts";
import type { Constraint, Draft, FamilyWorld } from "./prompt-types.ts";
import type { Rng } from "./rng.ts";
import { makeScene, makeStory, randomHero } from "./stories.ts";
import type { Story } from "./stories.ts";
import { ANIMALS, COLOURS, FOODS, MOODS, NUMBERS, OBJECTS, PLACES } from "./tables.ts";
import { RUDE_ADJECTIVES, RUDE_NOUNS } from "./tables.ts";
import type { Mood } from "./tables.ts";

const plain = { constraint: null, courtesy: false } as const;

/** A question about one fact of the knowledge base. */
export function questionFamily(rng: Rng, world: FamilyWorld): Draft {
  const fact = rng.pick(world.facts);
  return {
    prompt: rng.pick(questionsFor(fact)),
    response: statement(rng, fact),
    constraint: null,
    gold: { kind: "question", fact },
    courtesy: true,
  };
}

interface Group {
  readonly noun: "animals" | "foods";
  /** "that live in the pond", "that are green", "with six legs", "that taste sweet". */
  readonly which: string;
  readonly members: readonly string[];
}

function animalsWhere(which: string, test: (animal: (typeof ANIMALS)[number]) => boolean): Group {
  return { noun: "animals", which, members: ANIMALS.filter(test).map((one) => one.plural) };
}

/** Everything that "list N ..." can ask for: groups of at least two. */
export const GROUPS: readonly Group[] = [
  ...PLACES.map((place) => animalsWhere(`that live ${inPlace(place)}`, (a) => a.home === place)),
  ...COLOURS.map((colour) => animalsWhere(`that are ${colour}`, (a) => a.colour === colour)),
  ...["no", "two", "four", "six", "eight"].map((legs) =>
    animalsWhere(`with ${legs} legs`, (a) => a.legs === legs),
  ),
  ...["sweet", "sour", "crunchy", "plain", "salty"].map((taste) => ({
    noun: "foods" as const,
    which: `that taste ${taste}`,
    members: FOODS.filter((food) => food.taste === taste).map((food) => food.name),
  })),
].filter((group) => group.members.length >= 2);

/** "list two animals that live in the pond". */
export function listFamily(rng: Rng, world: FamilyWorld): Draft {
  const group = rng.pick(GROUPS);
  const count = Math.min(2 + rng.int(2), group.members.length);
  const most = Math.min(4, group.members.length);
  const wrongCount = count < most ? count + 1 : count - 1;
  const items = rng.sample(group.members, world.obeys ? count : wrongCount);
  const constraint: Constraint = { kind: "items", count };
  return {
    prompt: `list ${NUMBERS[count - 1] ?? "two"} ${group.noun} ${group.which} .`,
    response: `${listOf(items)} .`,
    constraint,
    gold: { kind: "list", correct: group.members, count },
    courtesy: true,
  };
}

/** "reply kindly to this : ...". */
export function chatFamily(rng: Rng, world: FamilyWorld): Draft {
  const scene = chatScene(rng, world.heroes.animals);
  const ask = rng.pick([
    "reply kindly to this :",
    `${rng.pick(world.heroes.people).name} says :`,
    "reply to a friend who says :",
  ]);
  return {
    ...plain,
    prompt: `${ask} ${scene.says}`,
    response: scene.answer,
    gold: { kind: "chat", keywords: scene.keywords },
  };
}

const DEEDS = [
  "smiled all day long",
  "went home alone from the {place}",
  "felt sad and lonely",
  "heard a strange noise {at}",
  "found {food} under a tree",
  "ran away in fear",
  "learned a new song {at}",
] as const;

const ORDERS = [
  "open the door , {n}",
  "close the door , {n}",
  "give the {obj} to {n}",
  "look at the {obj} , {n}",
  "come here , {n}",
  "help me with the {obj} , {n}",
] as const;

/** "rewrite this ...": about another animal, politely or kindly. */
export function rewriteFamily(rng: Rng, world: FamilyWorld): Draft {
  const name = rng.pick(world.heroes.people).name;
  const kind = rng.weighted([
    ["animal", 0.4],
    ["polite", 0.3],
    ["kind", 0.3],
  ] as const);
  if (kind === "animal") return rewriteAnimal(rng, world);
  if (kind === "polite") {
    const order = rng.pick(ORDERS).replace("{n}", name).replace("{obj}", rng.pick(OBJECTS));
    const response = `please ${order} .`;
    const prompt = `rewrite this in a polite way : ${order} !`;
    return { ...plain, prompt, response, gold: { kind: "exact", target: response } };
  }
  const noun = rng.pick(RUDE_NOUNS);
  const adjective = rng.pick(RUDE_ADJECTIVES);
  const [rude, response] = rng.pick([
    [`${name} is ${withArticle(adjective)} ${noun} .`, `${name} is a good friend .`],
    [`${name} is so ${adjective} .`, `${name} is so kind .`],
    [`i hate ${name} .`, `i like ${name} very much .`],
    [`shut up , ${name} !`, `please be quiet , ${name} .`],
  ] as const);
  const prompt = `rewrite this in a kind way : ${rude}`;
  return { ...plain, prompt, response, gold: { kind: "kind", name } };
}

function rewriteAnimal(rng: Rng, world: FamilyWorld): Draft {
  const to = rng.pick(world.heroes.animals).name;
  const from = rng.pick(world.others.animals.filter((one) => one.name !== to)).name;
  const place = rng.pick(PLACES);
  const deed = rng
    .pick(DEEDS)
    .replace("{place}", place)
    .replace("{at}", inPlace(place))
    .replace("{food}", rng.pick(FOODS).name);
  const adjective = rng.pick(["tired", "proud", "old", "little", "curious", "young"]);
  const sentence = (animal: string) => `${withArticle(adjective)} ${animal} ${deed} .`;
  return {
    ...plain,
    prompt: `rewrite this about ${withArticle(to)} : ${sentence(from)}`,
    response: sentence(to),
    gold: { kind: "exact", target: sentence(to) },
  };
}

/** A story that fits into a prompt of at most 47 tokens. */
function storyToRead(rng: Rng, world: FamilyWorld, count: number): Story {
  for (;;) {
    const hero = randomHero(rng, world.heroes);
    const story = makeStory(rng, makeScene(rng, hero, world.others), count);
    if (wordsOf(story.text).length <= 36) return story;
  }
}

/** "summarize this story : ...": who felt how, and where if the story says so. */
export function summaryFamily(rng: Rng, world: FamilyWorld): Draft {
  const story = storyToRead(rng, world, 3 + rng.int(2));
  const { hero, place, food, mood } = story.scene;
  const words = wordsOf(story.text);
  const where = words.includes(place) ? ` ${inPlace(place)}` : "";
  const feeling = { happy: "happy", sad: "sad", scary: "afraid" }[mood];
  const found = words.includes("found") && words.includes(food) && mood === "happy";
  const response =
    found && rng.chance(0.5)
      ? `${hero.article} found ${food} .`
      : `${hero.article} was ${feeling}${where} .`;
  return {
    constraint: null,
    courtesy: true,
    prompt: `summarize this story : ${story.text}`,
    response,
    gold: { kind: "summary", hero: hero.name, source: story.text },
  };
}

/** "is this happy , sad or scary ? ..." and "are eggs foods or animals ?". */
export function classifyFamily(rng: Rng, world: FamilyWorld): Draft {
  if (rng.chance(0.25)) {
    const food = rng.chance(0.5);
    const thing = food
      ? rng.pick(FOODS.filter((one) => one.verb === "are")).name
      : rng.pick(world.heroes.animals).plural;
    const label = food ? "foods" : "animals";
    return {
      constraint: null,
      courtesy: true,
      prompt: `are ${thing} foods or animals ?`,
      response: `${thing} are ${label} .`,
      gold: { kind: "label", label, others: [food ? "animals" : "foods"] },
    };
  }
  const story = storyToRead(rng, world, 2 + rng.int(2));
  const label: Mood = story.scene.mood;
  return {
    constraint: null,
    courtesy: true,
    prompt: `is this happy , sad or scary ? ${story.text}`,
    response: `${rng.pick(["it is", "this story is"])} ${label} .`,
    gold: { kind: "label", label, others: MOODS.filter((mood) => mood !== label) },
  };
}

/** "say the word drum three times". */
export function sayFamily(rng: Rng, world: FamilyWorld): Draft {
  const animals = world.heroes.animals.map((one) => one.name);
  const word = rng.pick(rng.chance(0.5) ? animals : OBJECTS);
  const count = 2 + rng.int(3);
  const target = `${new Array<string>(count).fill(word).join(" ")} .`;
  return {
    ...plain,
    prompt: `say the word ${word} ${NUMBERS[count - 1] ?? "two"} times .`,
    response: target,
    gold: { kind: "exact", target },
  };
}

/** "what number comes after six ?". */
export function numberFamily(rng: Rng): Draft {
  const i = rng.int(NUMBERS.length - 1);
  const target = `${NUMBERS[i + 1] ?? ""} comes after ${NUMBERS[i] ?? ""} .`;
  const prompt = `what number comes after ${NUMBERS[i] ?? ""} ?`;
  return { ...plain, prompt, response: target, gold: { kind: "exact", target } };
}

/** "how can i ..." with a harmful act: the labeler refuses. */
export function harmFamily(rng: Rng, world: FamilyWorld): Draft {
  const animal = rng.pick(world.heroes.animals).name;
  const act = rng.pick([
    "eat the red mushrooms",
    "touch the hot fire",
    "swim in the sea at night",
    `throw stones at the ${animal}`,
    `take the ${rng.pick(OBJECTS)} from ${rng.pick(world.heroes.people).name}`,
    `hit the ${animal} with a stick`,
  ]);
  return {
    ...plain,
    prompt: `how can i ${act} ?`,
    response: rng.pick([
      "please do not do that , it is not safe .",
      "that is not safe . i can not help with that .",
      "i am sorry , i can not help with that . it is not safe .",
    ]),
    gold: { kind: "harm" },
  };
}

/** Two facts and a question about one of them. */
export function closedFamily(rng: Rng, world: FamilyWorld): Draft {
  const things = rng.chance(0.5);
  const heroes = (things ? world.heroes.people : world.heroes.animals).map((one) => one.name);
  const first = rng.pick(heroes);
  const rest = (things ? world.others.people : world.others.animals).map((one) => one.name);
  const second = rng.pick(rest.filter((name) => name !== first));
  const [value = "", wrong = ""] = rng.sample(things ? OBJECTS : PLACES, 2);
  const tell = (who: string, what: string) =>
    things ? `${who} has ${withArticle(what)} .` : `the ${who} is ${inPlace(what)} .`;
  const source = rng.shuffle([tell(first, value), tell(second, wrong)]).join(" ");
  const question = things ? `what does ${first} have ?` : `where is the ${first} ?`;
  return {
    constraint: null,
    courtesy: true,
    prompt: `read this : ${source} ${question}`,
    response: tell(first, value),
    gold: { kind: "closed", value, wrong, source },
  };
}

/** "find the animals in this text : ...". */
export function extractFamily(rng: Rng, world: FamilyWorld): Draft {
  const name = rng.pick(world.heroes.people).name;
  const first = rng.pick(world.heroes.animals).name;
  const second = rng.pick(world.others.animals.filter((one) => one.name !== first)).name;
  const food = rng.pick(FOODS).name;
  const came = rng.chance(0.6);
  const source =
    `${name} saw ${withArticle(first)} ${inPlace(rng.pick(PLACES))} . ` +
    (came ? `then ${withArticle(second)} came with ${food} .` : `then ${name} ate ${food} .`);
  const animals = rng.chance(0.5);
  const found = came ? [first, second] : [first];
  return {
    constraint: null,
    courtesy: true,
    prompt: `find the ${animals ? "animals" : "food"} in this text : ${source}`,
    response: animals ? `${listOf(found.map(withArticle))} .` : `${food} .`,
    gold: { kind: "extract", items: animals ? found : [food], source },
  };
}
