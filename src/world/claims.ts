// Reads claims about the knowledge base out of an answer and tells the true from the false.
import { ENTITIES, FACT_BY_KEY, animalPredicates, statementsOf } from "./facts.ts";
import type { Entity, Slot } from "./facts.ts";
import { withArticle, wordsOf } from "./grammar.ts";
import { ALL_FOOD, ANIMALS, COLOURS, FOODS, NUMBERS, PEOPLE, PLACES } from "./tables.ts";

export interface Claim {
  /** Name of the animal, food or person. */
  readonly entity: string;
  /** "kind" for "the fox is an animal". */
  readonly slot: Slot | "kind";
  readonly value: string;
  readonly isTrue: boolean;
}

/** Every value that a sentence may give to a slot, right or wrong. */
const VALUES: Readonly<Record<Slot, readonly string[]>> = {
  colour: COLOURS,
  home: PLACES,
  food: [...ALL_FOOD, ...ANIMALS.map((one) => one.plural)],
  legs: [...NUMBERS, "no"],
  can: [...new Set(ANIMALS.map((one) => one.can))],
  taste: [...new Set(FOODS.map((one) => one.taste))],
  origin: [...new Set(FOODS.map((one) => one.origin))],
  job: PEOPLE.map((one) => one.job),
  loves: ALL_FOOD,
  pet: ANIMALS.map((one) => one.name),
};

const SLOTS: Readonly<Record<Entity["kind"], readonly Slot[]>> = {
  animal: ["colour", "home", "food", "legs", "can"],
  food: ["colour", "taste", "origin"],
  person: ["job", "home", "loves", "pet"],
};

interface Patterns {
  readonly sentences: ReadonlyMap<string, Claim>;
  /** Predicates after "it" or "they", for any animal. */
  readonly predicates: ReadonlyMap<string, { readonly slot: Slot; readonly value: string }>;
}

let known: Patterns | null = null;

/** All sentences that state something, written out once (about 13 000) and then looked up. */
function patterns(): Patterns {
  if (known !== null) return known;
  const sentences = new Map<string, Claim>();
  for (const entity of ENTITIES) {
    const { name } = entity.row;
    for (const slot of SLOTS[entity.kind]) {
      for (const value of VALUES[slot]) {
        const claim = claimOf(name, slot, value);
        for (const sentence of statementsOf(entity, slot, value)) sentences.set(sentence, claim);
      }
    }
    if (entity.kind === "animal") {
      const claim = { entity: name, slot: "kind", value: "animal", isTrue: true } as const;
      for (const subject of [`the ${name}`, withArticle(name)]) {
        sentences.set(`${subject} is an animal .`, claim);
      }
    }
  }
  known = { sentences, predicates: predicatePatterns() };
  return known;
}

function predicatePatterns(): Patterns["predicates"] {
  const predicates = new Map<string, { slot: Slot; value: string }>();
  for (const slot of SLOTS.animal) {
    for (const value of VALUES[slot]) {
      const { single, plural } = animalPredicates(slot, value);
      for (const verb of single) predicates.set(`it ${verb} .`, { slot, value });
      for (const verb of plural) predicates.set(`they ${verb} .`, { slot, value });
    }
  }
  return predicates;
}

function claimOf(entity: string, slot: Slot, value: string): Claim {
  return { entity, slot, value, isTrue: FACT_BY_KEY.get(`${entity}.${slot}`)?.value === value };
}

const ANIMAL_BY_WORD: ReadonlyMap<string, string> = new Map(
  ANIMALS.flatMap((one) => [[one.name, one.name] as const, [one.plural, one.name] as const]),
);

/** The animals named in a text (singular or plural), by their name, in order, with repeats. */
export function animalsIn(text: string): string[] {
  return wordsOf(text).flatMap((word) => ANIMAL_BY_WORD.get(word) ?? []);
}

/**
 * The claims of an answer's sentences in the internal form. "it" and "they" mean the animal named
 * last, at first `topic` (the animal of the prompt) if there is one.
 */
export function claimsIn(sentences: readonly string[], topic: string | null = null): Claim[] {
  const { sentences: full, predicates } = patterns();
  const claims: Claim[] = [];
  let last = topic;
  for (const sentence of sentences) {
    const plain = sentence.replace(/ !$/, " .");
    const claim = full.get(plain);
    const predicate = predicates.get(plain);
    if (claim !== undefined) claims.push(claim);
    else if (predicate !== undefined && last !== null) {
      claims.push(claimOf(last, predicate.slot, predicate.value));
    }
    last = animalsIn(sentence).at(-1) ?? last;
  }
  return claims;
}
