// Stories of three moods: openings, events and endings filled from one consistent scene.
import { countTokens, inPlace, withArticle } from "./grammar.ts";
import type { Rng } from "./rng.ts";
import { ALONE, ENDINGS, EVENTS, endingsAfter, namesHeroFirst } from "./story-templates.ts";
import {
  ADJECTIVES,
  BREAKABLE,
  CASTS,
  COLOURS,
  CONTAINERS,
  FOODS,
  MOODS,
  OBJECTS,
  PLACES,
  TIMES,
  WEATHERS,
} from "./tables.ts";
import type { Cast, Mood, Person } from "./tables.ts";

export interface Hero {
  readonly kind: "animal" | "person";
  readonly name: string;
  /** "the fox" or "tom": every mention after the first. */
  readonly noun: string;
  /** "a fox" or "tom": the mention in a prompt. */
  readonly article: string;
  readonly subject: "it" | "he" | "she";
  readonly object: "it" | "him" | "her";
  readonly job: string | null;
}

export interface Scene {
  readonly hero: Hero;
  readonly mood: Mood;
  readonly other: string;
  readonly person: string;
  readonly place: string;
  readonly time: string;
  readonly weather: string;
  readonly food: string;
  readonly object: string;
  /** "kite" or "red kite": how the object is introduced. */
  readonly seenObject: string;
  readonly container: string;
  readonly breakable: string;
  readonly adjective: string;
}

export interface Story {
  readonly scene: Scene;
  readonly sentences: readonly string[];
  readonly text: string;
}

/** The hero called `name` of the cast of everyone; throws a RangeError for an unknown name. */
export function heroNamed(name: string): Hero {
  const person = CASTS.all.people.find((one) => one.name === name);
  if (person) return personHero(person);
  if (!CASTS.all.animals.some((one) => one.name === name)) {
    throw new RangeError(`heroNamed: ${name} is no animal or person of the world.`);
  }
  return {
    kind: "animal",
    name,
    noun: `the ${name}`,
    article: withArticle(name),
    subject: "it",
    object: "it",
    job: null,
  };
}

function personHero(person: Person): Hero {
  const { name, subject, object, job } = person;
  return { kind: "person", name, noun: name, article: name, subject, object, job };
}

/** A hero of the cast: an animal three times of four. */
export function randomHero(rng: Rng, cast: Cast): Hero {
  const animal = cast.people.length === 0 || rng.chance(0.75);
  const names = (animal ? cast.animals : cast.people).map((one) => one.name);
  return heroNamed(rng.pick(names));
}

/** A consistent scene; `fixed` overrides what a prompt asks for, `cast` supplies the others. */
export function makeScene(
  rng: Rng,
  hero: Hero,
  cast: Cast,
  fixed: { readonly mood?: Mood; readonly place?: string; readonly food?: string } = {},
): Scene {
  const time = rng.pick(TIMES);
  const object = rng.pick(OBJECTS);
  const weathers = time === "night" ? WEATHERS.filter((one) => one !== "sunny") : WEATHERS;
  return {
    hero,
    mood: fixed.mood ?? rng.pick(MOODS),
    other: rng.pick(cast.animals.filter((one) => one.name !== hero.name)).name,
    person: rng.pick(cast.people.filter((one) => one.name !== hero.name)).name,
    place: fixed.place ?? rng.pick(PLACES),
    time,
    weather: rng.pick(weathers),
    food: fixed.food ?? rng.pick(FOODS).name,
    object,
    seenObject: rng.chance(0.4) ? `${rng.pick(COLOURS)} ${object}` : object,
    container: rng.pick(CONTAINERS),
    breakable: rng.pick(BREAKABLE),
    adjective: rng.pick(ADJECTIVES),
  };
}

/** First mention: "a sleepy fox", "the fox", "tom the farmer" or "tom". */
function firstMention(rng: Rng, scene: Scene): string {
  const { hero } = scene;
  if (hero.job !== null) return rng.chance(0.5) ? hero.name : `${hero.name} the ${hero.job}`;
  return withArticle(rng.chance(0.7) ? `${scene.adjective} ${hero.name}` : hero.name);
}

function fill(rng: Rng, template: string, scene: Scene, first: boolean): string {
  const { hero } = scene;
  return template.replace(/\{(\w+)\}/g, (mark, name: string) => {
    if (name === "S" && first) return firstMention(rng, scene);
    if (name === "S") return rng.chance(0.7) ? hero.subject : hero.noun;
    if (name === "N") return first ? firstMention(rng, scene) : hero.noun;
    if (name === "s") return first ? hero.noun : hero.subject;
    if (name === "O") return first ? hero.noun : hero.object;
    return sceneWord(scene, name) ?? mark;
  });
}

function sceneWord(scene: Scene, mark: string): string | undefined {
  switch (mark) {
    case "a2":
      return withArticle(scene.other);
    case "n":
      return scene.person;
    case "at":
      return inPlace(scene.place);
    case "place":
      return scene.place;
    case "time":
      return scene.time;
    case "food":
      return scene.food;
    case "obj":
      return scene.object;
    case "aobj":
      return withArticle(scene.seenObject);
    case "box":
      return scene.container;
    case "glass":
      return scene.breakable;
    default:
      return undefined;
  }
}

/** Every sentence that can introduce hero, place and time. */
function openings(scene: Scene): string[] {
  const { hero, time, weather, place, food } = scene;
  const described = hero.job === null ? withArticle(`${scene.adjective} ${hero.name}`) : hero.name;
  const walked = hero.job === null ? described : `${hero.name} the ${hero.job}`;
  const options = [
    `one ${time} , ${described} went to the ${place} .`,
    `one ${weather} ${time} , ${hero.article} looked for ${food} .`,
    `it was ${withArticle(weather)} ${time} and ${hero.article} was ${inPlace(place)} .`,
    `${walked} walked to the ${place} .`,
  ];
  if (hero.kind === "animal") {
    options.push(`once there was ${described} who lived near the ${place} .`);
  }
  return options;
}

/** The sentence that introduces hero, place and time. */
export function opening(rng: Rng, scene: Scene): string {
  return rng.pick(openings(scene));
}

/** Every sentence that a story with this hero and these words can hold, whatever its mood. */
export function everySentence(rng: Rng, scene: Scene): string[] {
  const templates = MOODS.flatMap((mood) => [...EVENTS[mood], ...ENDINGS[mood]]);
  const filled = [true, false].flatMap((first) =>
    templates
      .filter((template) => !first || namesHeroFirst(template))
      .map((template) => fill(rng, template, scene, first)),
  );
  return [...openings(scene), ...filled];
}

/** One event of the scene and perhaps what follows, or an ending that needs nothing before it. */
export function continuationOf(rng: Rng, scene: Scene, events: number): string[] {
  const templates = rng.sample(EVENTS[scene.mood], events);
  const last = rng.pick(endingsAfter(scene.mood, templates));
  return [...templates, last].map((template) => fill(rng, template, scene, false));
}

/** One event of the scene. */
export function eventOf(rng: Rng, scene: Scene): string {
  return fill(rng, rng.pick(EVENTS[scene.mood]), scene, false);
}

/** One sentence that is a whole story: it names the hero. */
export function loneSentence(rng: Rng, scene: Scene): string {
  return fill(rng, rng.pick(ALONE[scene.mood]), scene, true);
}

/** A story of 1 to 4 sentences: opening, different events, ending. */
export function makeStory(rng: Rng, scene: Scene, count: number): Story {
  const sentences =
    count === 1
      ? [loneSentence(rng, scene)]
      : [opening(rng, scene), ...continuationOf(rng, scene, count - 2)];
  return { scene, sentences, text: sentences.join(" ") };
}

/** A tiny story of at most 14 words for the first minute: one sentence, or an event and its end. */
export function makeTinyStory(rng: Rng, scene: Scene): Story {
  for (;;) {
    const sentences = rng.chance(0.35) ? [loneSentence(rng, scene)] : eventAndEnding(rng, scene);
    const text = sentences.join(" ");
    if (countTokens(text) <= 16) return { scene, sentences, text };
  }
}

function eventAndEnding(rng: Rng, scene: Scene): string[] {
  const event = rng.pick(EVENTS[scene.mood].filter(namesHeroFirst));
  const ending = rng.pick(endingsAfter(scene.mood, [event]));
  return [fill(rng, event, scene, true), fill(rng, ending, scene, false)];
}
