// Items with choices: story endings, pronouns, entailment and moods.
import { inPlace } from "../grammar.ts";
import type { Rng } from "../rng.ts";
import { heroNamed, makeScene, makeStory } from "../stories.ts";
import type { Story } from "../stories.ts";
import { ANIMALS, CASTS, MOODS, PEOPLE, PLACES, TIMES } from "../tables.ts";
import type { Mood } from "../tables.ts";
import type { Draw, Level } from "./item.ts";

const ENDS: Readonly<Record<Mood, string>> = {
  happy: "smiled all day long .",
  sad: "sat down and cried .",
  scary: "ran away in fear .",
};
const TIME_ENDS: Readonly<Record<Mood, (time: string) => string>> = {
  happy: (time) => `what a wonderful ${time} it was !`,
  sad: (time) => `it was the end of a sad ${time} .`,
  scary: (time) => `nobody slept that dark ${time} .`,
};

/** A story about an animal of an opening and an event that fits `test`. */
function storyStart(rng: Rng, mood: Mood, test: (story: Story) => boolean): Story {
  for (;;) {
    const hero = heroNamed(rng.pick(ANIMALS).name);
    const scene = makeScene(rng, hero, CASTS.all, { mood });
    const { sentences } = makeStory(rng, scene, 3);
    const start = sentences.slice(0, 2);
    const story = { scene, sentences: start, text: start.join(" ") };
    if (test(story)) return story;
  }
}

const says = (story: Story, word: string) => story.text.split(" ").includes(word);

/**
 * Which ending? Level 1: the mood's; 2: with the right pronoun; 3: with the time of day that the
 * opening named; 4: about the hero and not about other animals.
 */
export const endings: Draw = (rng, level) => {
  const mood = rng.pick(MOODS);
  const story = storyStart(rng, mood, (one) => level !== 3 || says(one, one.scene.time));
  const { hero, time } = story.scene;
  const strangers = ANIMALS.filter((one) => !says(story, one.name)).map((one) => one.name);
  const options: Readonly<Record<Level, () => readonly [string, ...string[]]>> = {
    1: () => [
      `it ${ENDS[mood]}`,
      ...MOODS.filter((one) => one !== mood).map((one) => `it ${ENDS[one]}`),
    ],
    2: () => [`it ${ENDS[mood]}`, `he ${ENDS[mood]}`, `she ${ENDS[mood]}`],
    3: () => [
      TIME_ENDS[mood](time),
      ...TIMES.filter((one) => one !== time).map((one) => TIME_ENDS[mood](one)),
    ],
    4: () => [
      `the ${hero.name} ${ENDS[mood]}`,
      ...rng.sample(strangers, 3).map((one) => `the ${one} ${ENDS[mood]}`),
    ],
  };
  const [answer, ...wrong] = options[level]();
  return {
    task: "endings",
    level,
    text: story.text,
    answer,
    choices: rng.shuffle([answer, ...wrong]),
  };
};

const STATES = ["hungry", "tired", "happy", "sad", "shy", "proud"];

/**
 * Who is "she"? Level 1: a woman and a man; 2: an animal and a person; 3: the same after a sentence
 * about another place; 4: "the sailor", which takes knowing who is one.
 */
export const pronouns: Draw = (rng, level) => {
  const [she] = rng.sample(
    PEOPLE.filter((one) => one.subject === "she"),
    1,
  );
  const [he] = rng.sample(
    PEOPLE.filter((one) => one.subject === "he"),
    1,
  );
  const state = rng.pick(STATES);
  const animal = rng.pick(ANIMALS).name;
  const [place = "", other = ""] = rng.sample(PLACES, 2);
  const people = rng.shuffle([she, he]).flatMap((one) => one ?? []);
  const [first, second] = people;
  const asked = rng.chance(0.5) ? first : second;
  const whom = level === 2 ? [first?.name ?? "", `the ${animal}`] : people.map((one) => one.name);
  const itself = rng.chance(0.5);
  const answer =
    level === 2 ? (itself ? `the ${animal}` : (first?.name ?? "")) : (asked?.name ?? "");
  const word =
    level === 4
      ? `the ${asked?.job ?? ""}`
      : level === 2
        ? itself
          ? "it"
          : (first?.subject ?? "")
        : (asked?.subject ?? "");
  const met = `${whom[0] ?? ""} met ${whom[1] ?? ""} ${inPlace(place)} .`;
  const between = level === 3 ? ` they walked to the ${other} .` : "";
  return {
    task: "pronouns",
    level,
    text: `text : ${met}${between} ${word} was ${state} . question : who was ${state} ? answer :`,
    answer: `${answer} .`,
    choices: whom.map((one) => `${one} .`),
  };
};

/**
 * Is it so? Level 1: one fact; 2: of two facts the other's place may be asked for; 3: of three;
 * 4: the place is itself in a place.
 */
export const entailment: Draw = (rng, level) => {
  const [first = "", second = "", third = ""] = rng.sample(ANIMALS, 3).map((one) => one.name);
  const [a = "", b = "", c = "", d = ""] = rng.sample(PLACES, 4);
  const fact = (who: string, place: string) => `the ${who} is ${inPlace(place)} .`;
  const yes = rng.chance(0.5);
  const facts = {
    1: [fact(first, a)],
    2: [fact(first, a), fact(second, b)],
    3: [fact(first, a), fact(second, b), fact(third, c)],
    4: [fact(first, a), fact(second, b), fact(a, c), fact(b, d)],
  }[level];
  const asked = { 1: yes ? a : b, 2: yes ? a : b, 3: yes ? a : rng.pick([b, c]), 4: yes ? c : d }[
    level
  ];
  const shown = level === 4 ? facts : rng.shuffle(facts);
  return {
    task: "entailment",
    level,
    text: `text : ${shown.join(" ")} question : is the ${first} ${inPlace(asked)} ? answer :`,
    answer: yes ? "yes ." : "no .",
    choices: ["yes .", "no ."],
  };
};

/**
 * Which mood has the text? Level 1: a story of three sentences; 2: one event; 3: one event of another
 * mood first; 4: two of two other moods first. The mood is that of the last sentence.
 */
export const mood: Draw = (rng, level) => {
  const [last = "happy", other = "sad", third = "scary"] = rng.shuffle(MOODS);
  const hero = heroNamed(rng.pick([...ANIMALS, ...PEOPLE]).name);
  const scene = makeScene(rng, hero, CASTS.all, { mood: last });
  const event = (of: Mood) => makeStory(rng, { ...scene, mood: of }, 1).text;
  const text = {
    1: () => makeStory(rng, scene, 3).text,
    2: () => event(last),
    3: () => `${event(other)} ${event(last)}`,
    4: () => `${event(third)} ${event(other)} ${event(last)}`,
  }[level]();
  return {
    task: "mood",
    level,
    text: `review : ${text} mood :`,
    answer: `${last} .`,
    choices: MOODS.map((one) => `${one} .`),
  };
};
