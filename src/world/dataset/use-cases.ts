// What customers want the model for: applications from an imagined waiting list, and how they ask.
import { inPlace } from "../grammar.ts";
import type { Category, Family } from "../prompt-types.ts";
import type { Rng } from "../rng.ts";
import { FOODS, PLACES, TIMES, WEATHERS } from "../tables.ts";
import type { Cast } from "../tables.ts";

/** A frame with its words filled. */
export function framed(rng: Rng, frame: string, cast: Cast): string {
  return frame
    .replace("{at}", () => inPlace(rng.pick(PLACES)))
    .replace("{place}", () => rng.pick(PLACES))
    .replace("{animals}", () => rng.pick(cast.animals).plural)
    .replace("{animal}", () => rng.pick(cast.animals).name)
    .replace("{food}", () => rng.pick(FOODS).name)
    .replace("{weather} {time}", () => `${rng.pick(WEATHERS)} ${rng.pick(TIMES)}`)
    .replace("{name}", () => rng.pick(cast.people).name);
}

/** What anybody may write before a request; "" is a bare request. */
export const FRAMES: readonly string[] = [
  "hello !",
  "hello my friend .",
  "good morning !",
  "please help me .",
  "can you help me ?",
  "one question :",
  "i have a question .",
  "listen :",
  "i like {animals} .",
  "my pet {animal} is here .",
  "i love {food} .",
  "i read about {animals} today .",
  "{name} would like to know :",
  "a friend from the {place} would like to know :",
  "this is for {name} .",
  "for a book about {animals} :",
  "today we are {at} .",
  "it is a {weather} {time} .",
];

/** How customers give away who they are: the miniature's personal data. */
export const PERSONAL_FRAMES: readonly string[] = [
  "my name is {name} .",
  "i am {name} .",
  "i am {name} and i live {at} .",
];

export interface UseCase {
  readonly id: string;
  /** The application in plain words, for the documents. */
  readonly about: string;
  readonly category: Category;
  /** Only this family of the category, or any. */
  readonly family?: Family;
  /** What such a customer writes before the request; {place} is filled. */
  readonly frame: string;
}

/** Applications by use case of Table 1; every word of a frame is in the frozen vocabulary. */
export const USE_CASES: readonly UseCase[] = [
  {
    id: "story-book",
    about: "A printed book of bedtime stories, one story per evening.",
    category: "generation",
    family: "story",
    frame: "for my story book :",
  },
  {
    id: "poem-day",
    about: "Couplets that children read aloud on the poem day of their school.",
    category: "generation",
    family: "poem",
    frame: "for the poem day {at} :",
  },
  {
    id: "animal-guide",
    about: "Short entries for a guide to the animals of the region.",
    category: "generation",
    family: "describe",
    frame: "for the animal book of the {place} :",
  },
  {
    id: "note-desk",
    about: "A desk that writes thank-you, sorry and birthday notes for others.",
    category: "generation",
    family: "note",
    frame: "i write for everyone {at} .",
  },
  {
    id: "school-questions",
    about: "Answers for pupils who ask about animals, foods and people.",
    category: "open-qa",
    frame: "a question for the school :",
  },
  {
    id: "market-lists",
    about: "Ideas for stalls: which foods, which animals, how many.",
    category: "brainstorming",
    frame: "i am at the market .",
  },
  {
    id: "companion",
    about: "Somebody to talk to on lonely evenings.",
    category: "chat",
    frame: "be my friend .",
  },
  {
    id: "polite-desk",
    about: "Rude or plain lines made polite, or told about somebody else.",
    category: "rewrite",
    frame: "read this and help me :",
  },
  {
    id: "village-news",
    about: "One-sentence summaries for a board of news.",
    category: "summarization",
    frame: "for the news of the {place} :",
  },
  {
    id: "mood-shelf",
    about: "Stories sorted onto the happy, the sad and the scary shelf.",
    category: "classification",
    frame: "i want to put this in a book :",
  },
  {
    id: "word-games",
    about: "A game of words and numbers for two.",
    category: "other",
    frame: "we play now :",
  },
  {
    id: "reading-help",
    about: "Help for readers who lose the thread of a text.",
    category: "closed-qa",
    frame: "help me read this .",
  },
  {
    id: "kitchen-notes",
    about: "Foods and animals found in what people tell.",
    category: "extraction",
    frame: "for the cook {at} :",
  },
];
