// The sentences that stories are made of: events and endings of each mood, with marks to fill.
import type { Mood } from "./tables.ts";

/*
 * Marks: {S} the hero as subject (pronoun 70 %, noun 30 %; a first mention in a first sentence),
 * {N} the hero as noun, {O} object pronoun, {a2} another animal, {n} another person, {at} "in the
 * forest", {aobj} an object, sometimes with its colour. Endings with "they" need company in the
 * story. Every ending holds a word of MOOD_WORDS, so that a reader and a scorer can tell.
 */
export const EVENTS: Readonly<Record<Mood, readonly string[]>> = {
  happy: [
    "{S} found {food} under a tree .",
    "{S} met {a2} and they played with {aobj} .",
    "{n} gave {O} some {food} .",
    "{S} won a race {at} .",
    "{S} learned a new song .",
    "{S} shared {food} with {a2} .",
    "{n} made {aobj} for {O} .",
    "{N} and {a2} built a boat together .",
    "{n} told {O} a funny joke .",
    "{S} found a {box} full of {food} .",
    "{S} helped {a2} carry the {obj} .",
    "{S} made warm soup for {a2} .",
    "{S} sang to the moon .",
    "{S} danced with {a2} {at} .",
    "{S} put {aobj} on {a2} and laughed .",
  ],
  sad: [
    "{S} lost {aobj} {at} .",
    "{S} looked for {food} but found nothing .",
    "{a2} took all the {food} .",
    "the rain broke the {glass} .",
    "{S} could not find {n} .",
    "{a2} did not want to play .",
    "{S} dropped the {food} into the mud .",
    "{n} forgot to say goodbye .",
    "the wind carried the {obj} away .",
    "{S} missed {a2} and cried .",
  ],
  scary: [
    "{S} heard a noise behind the {place} .",
    "{S} saw {a2} with big teeth .",
    "the lamp went out .",
    "{S} got lost near the {place} .",
    "a dark shape stood by the {place} .",
    "the door of the {place} closed .",
    "{S} saw a ghost with {aobj} .",
    "thunder shook the {place} .",
    "{S} stepped on something cold and strange .",
    "{S} saw two eyes in the {food} .",
    "{a2} screamed in the dark .",
    "{S} heard a strange noise and saw {a2} .",
  ],
};

export const ENDINGS: Readonly<Record<Mood, readonly string[]>> = {
  happy: [
    "{S} was very happy .",
    "{S} smiled all day long .",
    "they danced and sang together .",
    "they became good friends .",
    "everyone laughed and clapped .",
    "what a wonderful {time} it was !",
    "{S} went home with a big smile .",
    "the sun came out and everyone cheered .",
    "{S} had never been so happy .",
    "from that day on they were best friends .",
    "{S} thanked {n} and waved goodbye .",
    "how happy {s} was !",
  ],
  sad: [
    "{S} sat down and cried .",
    "{S} went home alone .",
    "nobody came to help .",
    "{S} felt sad and lonely .",
    "{S} missed the old days .",
    "it was the end of a sad {time} .",
    "{S} wished for a friend .",
    "a tear fell on the {obj} .",
    "{S} never came back and nobody knew why .",
    "why did nobody come to help ?",
  ],
  scary: [
    "{S} ran away in fear .",
    "something moved in the dark .",
    "a strange noise came from the {place} .",
    "{S} was shaking all {time} .",
    "two red eyes looked out of the dark .",
    "nobody slept that dark {time} .",
    "{S} screamed and hid in a hole .",
    "then the ghost laughed .",
    "{S} did not dare to look back .",
    "what was that strange noise ?",
  ],
};

/** Sentences that name the hero and stand alone as a one-sentence story. */
export const ALONE: Readonly<Record<Mood, readonly string[]>> = {
  happy: [...EVENTS.happy, ...ENDINGS.happy].filter(namesHeroFirst),
  sad: [...EVENTS.sad, ...ENDINGS.sad].filter(namesHeroFirst),
  scary: [...EVENTS.scary, ...ENDINGS.scary].filter(namesHeroFirst),
};

export function namesHeroFirst(template: string): boolean {
  return template.startsWith("{S}") || template.startsWith("{N}");
}

/** Events that bring somebody in, so that "they" has a meaning afterwards. */
function bringsCompany(template: string): boolean {
  return /\{a2\}|\{n\}/.test(template);
}

/** Templates of endings that fit after `before` (templates of events, in order). */
export function endingsAfter(mood: Mood, before: readonly string[]): readonly string[] {
  const company = before.some(bringsCompany);
  return ENDINGS[mood].filter((one) => company || !/\bthey\b/.test(one));
}
