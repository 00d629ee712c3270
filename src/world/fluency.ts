// Grammar check by class trigrams: a sentence is fluent when the generator has all its trigrams.
import { niceLine, rudeLine } from "./chat.ts";
import { corpusDocument } from "./corpus.ts";
import { sentencesOf, wordsOf } from "./grammar.ts";
import { demonstration, liveDemonstration } from "./prompts.ts";
import { Rng } from "./rng.ts";
import * as tables from "./tables.ts";

/*
 * Words that can stand for each other share a class, so that a small sample holds every pattern.
 * Words that take "an" are kept apart, so that "a owl" is caught.
 */
const PLURAL_EATEN = new Set(["bones", "flies", "leaves", "moths", "plants", "seeds"]);
const isPluralFood = (food: string) =>
  PLURAL_EATEN.has(food) || tables.FOODS.some((one) => one.name === food && one.verb === "are");

const CLASSES: Readonly<Record<string, readonly string[]>> = {
  animal: tables.ANIMALS.map((one) => one.name).filter((name) => !isSame(name)),
  animals: tables.ANIMALS.map((one) => one.plural).filter((name) => !isSame(name)),
  sheep: tables.ANIMALS.map((one) => one.name).filter(isSame),
  he: tables.PEOPLE.filter((one) => one.subject === "he").map((one) => one.name),
  she: tables.PEOPLE.filter((one) => one.subject === "she").map((one) => one.name),
  mass: tables.ALL_FOOD.filter((food) => !isPluralFood(food)),
  foods: tables.ALL_FOOD.filter(isPluralFood),
  inPlace: tables.PLACES.filter((place) => tables.PLACE_PREPOSITIONS[place] === "in"),
  onPlace: tables.PLACES.filter((place) => tables.PLACE_PREPOSITIONS[place] === "on"),
  atPlace: tables.PLACES.filter((place) => tables.PLACE_PREPOSITIONS[place] === "at"),
  object: tables.OBJECTS,
  adjective: tables.ADJECTIVES,
  colour: tables.COLOURS,
  number: tables.NUMBERS.slice(1),
  time: tables.TIMES,
  weather: tables.WEATHERS,
  job: tables.PEOPLE.map((one) => one.job),
  rudeAdjective: tables.RUDE_ADJECTIVES,
  rudeNoun: tables.RUDE_NOUNS,
};

/** "sheep" and "deer": one form for one and many. */
function isSame(name: string): boolean {
  return tables.ANIMALS.some((one) => one.name === name && one.plural === name);
}

/** Numbers of classes; 10 bits each, so that a trigram is one integer. */
class ClassTable {
  private readonly byWord = new Map<string, number>();
  private readonly byClass = new Map<string, number>();

  constructor() {
    for (const [name, words] of Object.entries(CLASSES)) {
      for (const word of words) {
        const vowel = /^[aeiou]/.test(word) ? "+" : "";
        this.byWord.set(word, this.numberOf(`<${name}${vowel}>`));
      }
    }
  }

  private numberOf(name: string): number {
    const number = this.byClass.get(name) ?? this.byClass.size + 1;
    this.byClass.set(name, number);
    return number;
  }

  /** The class of a word; a new word gets a class of its own when `learn` is set, otherwise -1. */
  of(word: string, learn: boolean): number {
    const found = this.byWord.get(word);
    if (found !== undefined) return found;
    if (!learn) return -1;
    const number = this.numberOf(word);
    this.byWord.set(word, number);
    return number;
  }
}

interface Grammar {
  readonly classes: ClassTable;
  readonly trigrams: Set<number>;
}

/** Calls `visit` with each trigram of a sentence (0 = before the start); -1 for an unknown word. */
function eachTrigram(
  sentence: string,
  classes: ClassTable,
  learn: boolean,
  visit: (trigram: number) => boolean,
): boolean {
  let before = 0;
  let last = 0;
  for (const word of wordsOf(sentence)) {
    const current = classes.of(word, learn);
    if (current < 0) return false;
    if (!visit((before << 20) | (last << 10) | current)) return false;
    before = last;
    last = current;
  }
  return true;
}

/** Texts that the trigrams are taken from: enough that a fresh demonstration has no new one. */
const SAMPLE_TEXTS = 6000;
let grammar: Grammar | null = null;

function learnedGrammar(): Grammar {
  if (grammar !== null) return grammar;
  const classes = new ClassTable();
  const trigrams = new Set<number>();
  const read = (text: string) => {
    for (const sentence of sentencesOf(text)) {
      eachTrigram(sentence, classes, true, (trigram) => trigrams.add(trigram).size > 0);
    }
  };
  const rng = new Rng(40_000);
  for (let i = 0; i < SAMPLE_TEXTS; i++) {
    read(demonstration(rng, "pretrain").response);
    read(liveDemonstration(rng, "pretrain").response);
    if (i % 3 === 0) {
      read(corpusDocument(rng, "story").replace(/^.*<nl> (?=.* .)/, ""));
      read(corpusDocument(rng, "wiki"));
    }
    if (i % 20 === 0) [rudeLine(rng), niceLine(rng, rng.pick(tables.PEOPLE).name)].forEach(read);
  }
  grammar = { classes, trigrams };
  return grammar;
}

/** True when a full sentence has only class trigrams that the generator writes. */
export function isFluent(sentence: string): boolean {
  const { classes, trigrams } = learnedGrammar();
  if (!/[.!?]$/.test(sentence)) return false;
  return eachTrigram(sentence, classes, false, (trigram) => trigrams.has(trigram));
}

/**
 * Share of fluent sentences of an answer, 0 to 1. Words after the last full stop count as a
 * sentence that is not fluent; an empty answer has 0. The trigrams are learned at the first call.
 */
export function grammatical(tokens: readonly string[]): number {
  const words = tokens.filter((token) => token !== "<eos>" && token !== "<pad>");
  const sentences = sentencesOf(words.join(" "));
  if (sentences.length === 0) return 0;
  return sentences.filter(isFluent).length / sentences.length;
}
