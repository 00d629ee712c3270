// Grammar check by class trigrams: a sentence is fluent when the generator has all its trigrams.
import { chatScene, niceLine, rudeLine } from "./chat.ts";
import { FACTS, animalPredicates, statementsOf } from "./facts.ts";
import { numberFamily } from "./families-tasks.ts";
import { opinionsOf, verdict } from "./families-writing.ts";
import { sentencesOf, wordsOf } from "./grammar.ts";
import { POEM_TOPICS, everyCouplet } from "./poems.ts";
import { CATEGORY_SHARES, demonstration } from "./prompts.ts";
import { Rng } from "./rng.ts";
import { everySentence, heroNamed, makeScene } from "./stories.ts";
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
  adjective: [...tables.ADJECTIVES, "funny", "gentle", "wise", "cheerful", "calm", "patient"],
  colour: tables.COLOURS,
  number: tables.NUMBERS.slice(1),
  time: tables.TIMES,
  weather: tables.WEATHERS,
  job: tables.PEOPLE.map((one) => one.job),
  rudeAdjective: tables.RUDE_ADJECTIVES,
  rudeNoun: tables.RUDE_NOUNS,
};

/** Classes that follow "a" and "an". */
const AFTER_ARTICLE = new Set(["animal", "adjective", "colour", "rudeAdjective", "rudeNoun"]);

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
        const vowel = AFTER_ARTICLE.has(name) && /^[aeiou]/.test(word) ? "+" : "";
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
  for (const text of sampleTexts(rng)) read(text);
  grammar = { classes, trigrams };
  return grammar;
}

/** Answers of each use case that the trigrams are taken from, beside what is written out. */
const SAMPLES_PER_CATEGORY = 300;

/**
 * Texts that hold every pattern of the generator. What has few forms is written out in full, the
 * rest is sampled: plain sampling would need 40 000 texts and seconds to see the rare ones.
 */
function* sampleTexts(rng: Rng): Generator<string> {
  for (const name of ["fox", "owl", "sheep", "tom", "mia"]) yield* sceneTexts(rng, name);
  for (const { name } of tables.ANIMALS) yield `the ${name} is an animal .`;
  for (const topic of POEM_TOPICS) yield* everyCouplet(topic);
  for (const fact of FACTS) {
    yield* statementsOf(fact.entity, fact.slot, fact.value);
    if (fact.entity.kind !== "animal") continue;
    const { single, plural } = animalPredicates(fact.slot, fact.value);
    yield* single.map((verb) => `it ${verb} .`);
    yield* plural.map((verb) => `they ${verb} .`);
    yield* opinionsOf(rng, fact.entity.row);
  }
  for (let i = 0; i < 1500; i++) yield chatScene(rng).answer;
  for (let i = 0; i < 300; i++) {
    yield `${verdict(rng, rng.chance(0.5), rng.chance(0.5))} .`;
    yield rudeLine(rng);
    yield niceLine(rng, rng.pick(tables.PEOPLE).name);
    yield numberFamily(rng).response;
  }
  for (const [category] of CATEGORY_SHARES) {
    const count = category === "generation" ? 3 * SAMPLES_PER_CATEGORY : SAMPLES_PER_CATEGORY;
    for (let i = 0; i < count; i++) {
      yield demonstration(rng, "pretrain", category).response;
    }
  }
}

/** Every story sentence about one hero with one word of each class in each role. */
function* sceneTexts(rng: Rng, name: string): Generator<string> {
  const scene = makeScene(rng, heroNamed(name), tables.CASTS.all);
  const other = name === "fox" ? "cow" : "fox";
  const objects = ["kite", "red kite", "orange kite"];
  for (const [i, place] of ["forest", "hill", "pond"].entries()) {
    for (const seenObject of objects) {
      const food = i === 0 ? "corn" : "apples";
      const adjective = seenObject === "kite" ? "old" : "little";
      const person = place === "hill" ? "ben" : "lily";
      yield* everySentence(rng, { ...scene, other, place, seenObject, food, adjective, person });
    }
    for (const animal of ["ant", "deer"]) {
      yield* everySentence(rng, { ...scene, other: animal, place });
    }
  }
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
