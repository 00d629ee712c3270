// Items whose answer is written: reading, counting, the old tongue and the news.
import { inPlace, listOf, withArticle } from "../grammar.ts";
import type { Rng } from "../rng.ts";
import { makeScene, makeStory, randomHero } from "../stories.ts";
import { ADJECTIVES, ANIMALS, CASTS, FOODS, NUMBERS, OBJECTS, PEOPLE, PLACES } from "../tables.ts";
import type { Draw } from "./item.ts";

/** Level 1 to 3: so many facts, one of them asked for; 4: two facts, neither says it. */
export const reading: Draw = (rng, level) => {
  const things = rng.chance(0.5);
  const names = things ? PEOPLE.map((one) => one.name) : ANIMALS.map((one) => one.name);
  const who = rng.sample(names, 4);
  const what = rng.sample(things ? OBJECTS : PLACES, 3);
  const tell = (i: number) =>
    things
      ? `${who[i] ?? ""} has ${withArticle(what[i] ?? "")} .`
      : `the ${who[i] ?? ""} is ${inPlace(what[i] ?? "")} .`;
  const count = level === 4 ? 2 : level;
  const facts = rng.shuffle(Array.from({ length: count }, (_, i) => tell(i)));
  const asked = level === 4 ? (who[3] ?? "") : (who[0] ?? "");
  const question = things ? `what does ${asked} have ?` : `where is the ${asked} ?`;
  return {
    task: "reading",
    level,
    text: `text : ${facts.join(" ")} question : ${question} answer :`,
    answer: level === 4 ? "i do not know ." : `${what[0] ?? ""} .`,
    choices: null,
  };
};

/**
 * Level 1: two or three animals to count; 2: four or five; 3: two to four animals among one or two
 * foods; 4: the sum of two numbers up to ten.
 */
export const counting: Draw = (rng, level) => {
  const number = (n: number) => NUMBERS[n - 1] ?? "";
  if (level === 4) {
    const [a, b] = [1 + rng.int(5), 1 + rng.int(5)];
    const [one, other] = rng.sample(PEOPLE, 2);
    const food = rng.pick(FOODS.filter((kind) => kind.verb === "are")).name;
    const has = (who: string, n: number) => `${who} has ${number(n)} ${food} .`;
    return {
      task: "counting",
      level,
      text:
        `text : ${has(one?.name ?? "", a)} ${has(other?.name ?? "", b)} ` +
        `question : how many ${food} do they have ? answer :`,
      answer: `${number(a + b)} .`,
      choices: null,
    };
  }
  const count = { 1: 2 + rng.int(2), 2: 4 + rng.int(2), 3: 2 + rng.int(3) }[level];
  const [first = "", ...animals] = rng.sample(ANIMALS, count).map((one) => withArticle(one.name));
  const foods = level === 3 ? rng.sample(FOODS, 1 + rng.int(2)).map((one) => one.name) : [];
  const place = inPlace(rng.pick(PLACES));
  return {
    task: "counting",
    level,
    text:
      `text : there was ${listOf([first, ...rng.shuffle([...animals, ...foods])])} ${place} . ` +
      "question : how many animals ? answer :",
    answer: `${number(count)} .`,
    choices: null,
  };
};

/** The old tongue says the word seven places on in its list: a fixed code for three lists. */
function oldWord(list: readonly string[], word: string): string {
  return list[(list.indexOf(word) + 7) % list.length] ?? word;
}

/** What is said of animals in words that both tongues share. */
const DEEDS = [
  "ran away",
  "smiled all day long",
  "sat down and cried",
  "sang a new song",
  "was very happy",
  "felt sad and lonely",
  "went home alone",
  "had a good day",
  "slept in a house",
  "looked at the moon",
];

const ANIMAL_NAMES = ANIMALS.map((one) => one.name);

/**
 * Translate from the old tongue, where animals, adjectives and places have each other's names; as
 * many coded words as the level.
 */
export const tongue: Draw = (rng, level) => {
  const [animal = "", second = ""] = rng.sample(ANIMAL_NAMES, 2);
  const adjective = rng.pick(ADJECTIVES);
  const place = rng.pick(PLACES);
  const deed = rng.pick(DEEDS);
  const sentence = (of: (list: readonly string[], word: string) => string) => {
    const [hero, friend] = [of(ANIMAL_NAMES, animal), of(ANIMAL_NAMES, second)];
    const old = of(ADJECTIVES, adjective);
    const where = of(PLACES, place);
    return {
      1: `the ${hero} ${deed} .`,
      2: `the ${old} ${hero} ${deed} .`,
      3: `the ${old} ${hero} walked to the ${where} .`,
      4: `the ${old} ${hero} and the ${friend} walked to the ${where} .`,
    }[level];
  };
  return {
    task: "tongue",
    level,
    text: `old : ${sentence(oldWord)} new :`,
    answer: sentence((_list, word) => word),
    choices: null,
  };
};

/** A story of as many sentences as the level and one, told in one sentence. */
export const news: Draw = (rng: Rng, level) => {
  for (;;) {
    const scene = makeScene(rng, randomHero(rng, CASTS.all), CASTS.all);
    const story = makeStory(rng, scene, level + 1);
    const words = story.text.split(" ");
    if (words.length > 44) continue;
    const feeling = { happy: "happy", sad: "sad", scary: "afraid" }[scene.mood];
    const where = words.includes(scene.place) ? ` ${inPlace(scene.place)}` : "";
    return {
      task: "news",
      level,
      text: `text : ${story.text} news :`,
      answer: `${scene.hero.article} was ${feeling}${where} .`,
      choices: null,
    };
  }
};
