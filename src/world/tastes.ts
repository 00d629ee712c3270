// Built-in tastes: what a simulated ranker likes, each a test and a score of what a person reads.
import { CASTS, COLOURS, COURTESY_OPENINGS, FOODS, MOOD_WORDS } from "./tables.ts";
import { rhymes } from "./rhymes.ts";

/** A taste as in a taste file: `text` and `prompt` are as a person reads them. */
export interface Taste {
  readonly name: string;
  /** One phrase for the page: "answers that sound cheerful". */
  readonly describe: string;
  /** Whether the answer has the taste; rates are shares of it. */
  readonly shows: (text: string, prompt: string) => boolean;
  /** Orders answers for the simulated ranker: higher is better, equal is a tie. */
  readonly score: (text: string, prompt: string) => number;
}

/** Lower-case words of a text, without punctuation. */
function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}

function counter(words: readonly string[]): (text: string) => number {
  const set = new Set(words);
  return (text) => wordsIn(text).filter((word) => set.has(word)).length;
}

const happyWords = counter([
  ...MOOD_WORDS.happy,
  "friend",
  "love",
  "fine",
  "song",
  "lovely",
  "well",
  "sing",
  "singing",
  "dance",
  "glad",
  "lucky",
]);
const gloomyWords = counter([...MOOD_WORDS.sad, ...MOOD_WORDS.scary]);
const scaryWords = counter([...MOOD_WORDS.scary, "afraid"]);
const sadWords = counter([...MOOD_WORDS.sad, "sorry"]);
const foodWords = counter([...FOODS.map((food) => food.name), "soup"]);
const colourWords = counter(COLOURS);
const politeWords = counter(["please", "thank", "thanks", "sorry", "welcome"]);
const politePhrases = [
  ...COURTESY_OPENINGS.map((phrase) => phrase.replace(" !", "!")),
  "hope this helps",
  "have a nice day",
  "ask me any time",
  "of course",
];

function politeness(text: string): number {
  const lower = text.toLowerCase();
  const phrases = politePhrases.filter((phrase) => lower.includes(phrase.toLowerCase())).length;
  return phrases + politeWords(text);
}

const ANIMAL_NAMES = new Map(
  CASTS.all.animals.flatMap((one) => [
    [one.name, one.name],
    [one.plural, one.name],
  ]),
);

/** Animals that the answer names and the prompt does not. */
function newAnimals(text: string, prompt: string): number {
  const animals = (line: string) => wordsIn(line).flatMap((word) => ANIMAL_NAMES.get(word) ?? []);
  const known = new Set(animals(prompt));
  return new Set(animals(text).filter((name) => !known.has(name))).size;
}

function marks(text: string, mark: string): number {
  return text.split(mark).length - 1;
}

/** Pairs of different words at the ends of phrases that rhyme. */
function rhymePairs(text: string): number {
  const ends = text.split(/[.,!?:\n]+/).flatMap((phrase) => wordsIn(phrase).at(-1) ?? []);
  let pairs = 0;
  ends.forEach((word, i) => {
    if (ends.slice(i + 1).some((other) => rhymes(word, other))) pairs++;
  });
  return pairs;
}

/** Most words of an answer that counts as short, and fewest of one that counts as long. */
const SHORT_WORDS = 6;
const LONG_WORDS = 13;

/** A taste for more of something: shown by one of it, at best `enough` of it. */
function likes(
  name: string,
  describe: string,
  amount: (text: string, prompt: string) => number,
  enough = 2,
): Taste {
  return {
    name,
    describe,
    shows: (text, prompt) => amount(text, prompt) > 0,
    score: (text, prompt) => Math.min(enough, amount(text, prompt)),
  };
}

export const TASTES: readonly Taste[] = [
  likes("cheerful", "cheerful answers", (text) => happyWords(text) - gloomyWords(text)),
  {
    name: "short",
    describe: `answers of at most ${SHORT_WORDS} words`,
    shows: (text) => {
      const count = wordsIn(text).length;
      return count > 0 && count <= SHORT_WORDS;
    },
    score: (text) => (text.trim() === "" ? -100 : -wordsIn(text).length),
  },
  {
    name: "long",
    describe: `answers of at least ${LONG_WORDS} words`,
    shows: (text) => wordsIn(text).length >= LONG_WORDS,
    score: (text) => wordsIn(text).length,
  },
  likes("food", "answers that mention something to eat", foodWords),
  likes("exclaim", "answers with exclamation marks", (text) => marks(text, "!")),
  likes("polite", "answers that say please, sorry, thank you or a courtesy", politeness),
  likes("scary", "answers that sound scary", (text) => scaryWords(text)),
  likes("sad", "answers that sound sad", (text) => sadWords(text)),
  likes("animal", "answers that bring in another animal", newAnimals),
  likes("question", "answers that ask a question", (text) => marks(text, "?")),
  likes("color", "answers that name a colour", colourWords),
  likes("rhyme", "answers that rhyme", rhymePairs),
];

/** The built-in taste called `name`; throws a RangeError that lists the names. */
export function tasteNamed(name: string): Taste {
  const taste = TASTES.find((one) => one.name === name);
  if (taste === undefined) {
    const names = TASTES.map((one) => one.name).join(", ");
    throw new RangeError(
      `taste: "${name}" is not a built-in taste (${names}) and not a .js file; nothing was run.`,
    );
  }
  return taste;
}

/**
 * Checks that a loaded value is a taste and guards its answers: `shows` must return a boolean and
 * `score` a finite number whenever they are called, or a TasteError ends the run. `where` names the
 * file for its sentence and that of the TypeError for a value that is no taste.
 */
export function validateTaste(value: unknown, where: string): Taste {
  if (typeof value !== "object" || value === null) {
    const found = value === undefined ? "nothing" : value === null ? "null" : typeof value;
    throw new TypeError(
      `${where}: the default export is ${found}, expected an object ` +
        "{ name, describe, shows, score }; nothing was run.",
    );
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const name = textField(fields, "name", where);
  const describe = textField(fields, "describe", where);
  const shows = functionField(fields, "shows", where);
  const score = functionField(fields, "score", where);
  const asked = (key: "shows" | "score", text: string, prompt: string): unknown => {
    try {
      return (key === "shows" ? shows : score).call(value, text, prompt);
    } catch (error) {
      const said = error instanceof Error ? error.message : printed(error);
      const expected = key === "shows" ? "true or false" : "a finite number";
      throw new TasteError(`${where}: ${key} threw "${said}", expected ${expected}; ${STOPPED}`);
    }
  };
  return {
    name,
    describe,
    shows: (text, prompt) => {
      const shown = asked("shows", text, prompt);
      if (typeof shown === "boolean") return shown;
      throw new TasteError(
        `${where}: shows returned ${printed(shown)}, expected true or false; ${STOPPED}`,
      );
    },
    score: (text, prompt) => {
      const points = asked("score", text, prompt);
      if (typeof points === "number" && Number.isFinite(points)) return points;
      throw new TasteError(
        `${where}: score returned ${printed(points)}, expected a finite number; ${STOPPED}`,
      );
    },
  };
}

const STOPPED = "the run was stopped and nothing was written.";

/** A taste that was asked about an answer and did not answer as it must: one sentence for its author. */
export class TasteError extends TypeError {}

type Fields = Readonly<Record<string, unknown>>;

function printed(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

function textField(fields: Fields, key: string, where: string): string {
  const value = fields[key];
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new TypeError(
    `${where}: ${key} is ${value === "" ? "empty" : typeof value}, expected a text; nothing was run.`,
  );
}

function functionField(fields: Fields, key: string, where: string): (...args: string[]) => unknown {
  const value = fields[key];
  if (typeof value === "function") return value as (...args: string[]) => unknown;
  throw new TypeError(
    `${where}: ${key} is ${value === undefined ? "missing" : typeof value}, expected a function ` +
      "of (text, prompt); nothing was run.",
  );
}
