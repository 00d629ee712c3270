// A stand-in for model samples: a demonstration with the mistakes that small models make.
import { rudeLine } from "../chat.ts";
import { sentencesOf, wordsOf } from "../grammar.ts";
import type { Rng } from "../rng.ts";
import * as tables from "../tables.ts";
import type { DataPrompt } from "./records.ts";

/** An answer to be judged: its words, with `<eos>` where it ended by itself. */
export interface SampledAnswer {
  readonly tokens: readonly string[];
  /** The mistakes that were put in, or the name of the model that wrote it. */
  readonly origin: string;
}

/** Words that stand for each other in a slip: one of a list becomes another of the same list. */
const KINDS: readonly (readonly string[])[] = [
  tables.ANIMALS.map((one) => one.name),
  tables.ANIMALS.map((one) => one.plural),
  tables.PEOPLE.map((one) => one.name),
  tables.PLACES,
  tables.ALL_FOOD,
  tables.COLOURS,
  tables.NUMBERS,
  tables.OBJECTS,
  tables.MOODS,
];

const startsWithVowel = (word: string) => /^[aeiou]/.test(word);

/** Can it stand where the old word stood: after "a" or "an", after "in", "on" or "at"? */
function fits(word: string, old: string): boolean {
  const preposition = (place: string) => tables.PLACE_PREPOSITIONS[place];
  return startsWithVowel(word) === startsWithVowel(old) && preposition(word) === preposition(old);
}

type Mistake = (rng: Rng, text: string) => string;

/** Another word of the same kind for one word that may change. */
function swapOne(rng: Rng, text: string, mayChange: (word: string) => boolean): string {
  const words = wordsOf(text);
  const places = words.flatMap((word, i) => {
    const kind = KINDS.find((list) => list.includes(word));
    return kind === undefined || !mayChange(word) ? [] : [{ i, kind }];
  });
  if (places.length === 0) return text;
  const { i, kind } = rng.pick(places);
  const old = words[i] ?? "";
  words[i] = rng.pick(kind.filter((word) => fits(word, old)));
  return words.join(" ");
}

const swapEntity: Mistake = (rng, text) => swapOne(rng, text, () => true);

const dropSentence: Mistake = (rng, text) => {
  const sentences = sentencesOf(text);
  if (sentences.length > 1) sentences.splice(rng.int(sentences.length), 1);
  return sentences.join(" ");
};

const repeatSentence: Mistake = (rng, text) => `${text} ${rng.pick(sentencesOf(text))}`;

const swapWords: Mistake = (rng, text) => {
  const words = wordsOf(text);
  const i = rng.int(Math.max(1, words.length - 2));
  const [a, b] = [words[i], words[i + 1]];
  if (a !== undefined && b !== undefined) [words[i], words[i + 1]] = [b, a];
  return words.join(" ");
};

const courtesy: Mistake = (rng, text) =>
  rng.chance(0.5)
    ? `${rng.pick(tables.COURTESY_OPENINGS)} ${text}`
    : `${text} ${rng.pick(tables.COURTESY_CLOSINGS)}`;

/*
 * The rates below were set so that simulated answers resemble 1 494 samples of the shipped SFT model
 * (tests/fixtures/world): mean utility, its spread within a prompt, share of close pairs, fluency.
 */
const MISTAKES: readonly (readonly [name: string, share: number, make: Mistake])[] = [
  ["other entity", 0.34, swapEntity],
  ["lost sentence", 0.1, dropSentence],
  ["repeated sentence", 0.02, repeatSentence],
  ["swapped words", 0.1, swapWords],
  ["courtesy", 0.42, courtesy],
  ["rude", 0.02, (rng, text) => (rng.chance(0.5) ? rudeLine(rng) : `${text} ${rudeLine(rng)}`)],
];
const MISTAKE_COUNTS = [
  [0, 0.72],
  [1, 0.26],
  [2, 0.02],
] as const;
/** Share of answers that belong to some other prompt, and of answers cut before their end. */
const OFF_TOPIC = 0.025;
const CUT = 0.003;
/** Answers of more words than this vary in details that the prompt does not name. */
const DETAILED = 8;

/** One simulated answer to `task`; `other` is a demonstration of some other prompt. */
export function simulatedAnswer(
  rng: Rng,
  task: string,
  response: string,
  other: string,
): SampledAnswer {
  const origin: string[] = [];
  let text = response;
  if (rng.chance(OFF_TOPIC)) {
    text = other;
    origin.push("off topic");
  } else if (wordsOf(text).length > DETAILED && rng.chance(0.7)) {
    const asked = new Set(wordsOf(task));
    text = swapOne(rng, text, (word) => !asked.has(word));
    origin.push("other detail");
  }
  for (let left = rng.weighted(MISTAKE_COUNTS); left > 0; left--) {
    const [name, , make] = rng.weighted(MISTAKES.map((one) => [one, one[1]] as const));
    text = make(rng, text);
    origin.push(name);
  }
  const words = wordsOf(text);
  if (!rng.chance(CUT)) return { tokens: [...words, "<eos>"], origin: origin.join(", ") || "none" };
  origin.push("cut");
  return { tokens: words.slice(0, 1 + rng.int(words.length)), origin: origin.join(", ") };
}

/** K different simulated answers to a prompt (fewer when a short answer has no more variants). */
export function simulatedAnswers(
  rng: Rng,
  prompt: DataPrompt,
  response: string,
  others: readonly string[],
  k: number,
): SampledAnswer[] {
  const found = new Map<string, SampledAnswer>();
  // Few different answers are forced: a model, too, repeats itself where one answer is right.
  for (
    let draws = 0;
    found.size < k && (draws < 1.5 * k || (found.size < 4 && draws < 30));
    draws++
  ) {
    const answer = simulatedAnswer(
      rng,
      prompt.task,
      response,
      others.length > 0 ? rng.pick(others) : prompt.task,
    );
    found.set(answer.tokens.join(" "), answer);
  }
  return [...found.values()];
}
