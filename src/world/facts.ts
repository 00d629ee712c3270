// The knowledge base as questions and statements, with the myths and the held-out questions.
import { inPlace, withArticle } from "./grammar.ts";
import type { Rng } from "./rng.ts";
import { ANIMALS, FOODS, HELD_OUT_HEROES, PEOPLE } from "./tables.ts";
import type { Animal, Food, Person } from "./tables.ts";

export type Slot =
  "colour" | "home" | "food" | "legs" | "can" | "taste" | "origin" | "job" | "loves" | "pet";

export type Entity =
  | { readonly kind: "animal"; readonly row: Animal }
  | { readonly kind: "food"; readonly row: Food }
  | { readonly kind: "person"; readonly row: Person };

export interface Fact {
  /** "fox.food": entity name and slot. */
  readonly key: string;
  readonly entity: Entity;
  readonly slot: Slot;
  readonly value: string;
  /** The wrong value that forums repeat, for one slot of each animal. */
  readonly myth: string | null;
}

const HELD_OUT_KEYS: ReadonlySet<string> = new Set(
  (
    "beans.colour bear.colour bear.legs ben.job bread.colour bread.taste cat.colour cat.home " +
    "dog.food duck.colour ella.home ella.job fox.can fox.colour fox.food goat.food horse.food " +
    "hugo.pet lemons.taste lily.loves lily.pet max.loves mia.job milk.colour milk.taste " +
    "mouse.legs otto.loves owl.home pears.colour pig.can plums.colour potatoes.origin rosa.home " +
    "rosa.job sheep.can snail.can spider.food turtle.colour wolf.colour wolf.home"
  ).split(" "),
);

function factsOf(entity: Entity): Fact[] {
  const { row, kind } = entity;
  const fact = (slot: Slot, value: string): Fact => {
    const myth = kind === "animal" && entity.row.myth.slot === slot ? entity.row.myth.value : null;
    return { key: `${row.name}.${slot}`, entity, slot, value, myth };
  };
  if (kind === "animal") {
    const { colour, home, food, legs, can } = entity.row;
    return [
      fact("colour", colour),
      fact("home", home),
      fact("food", food),
      fact("legs", legs),
      fact("can", can),
    ];
  }
  if (kind === "food") {
    const { colour, taste, origin } = entity.row;
    return [fact("colour", colour), fact("taste", taste), fact("origin", origin)];
  }
  const { job, home, loves, pet } = entity.row;
  return [fact("job", job), fact("home", home), fact("loves", loves), fact("pet", pet)];
}

export const ENTITIES: readonly Entity[] = [
  ...ANIMALS.map((row) => ({ kind: "animal" as const, row })),
  ...FOODS.map((row) => ({ kind: "food" as const, row })),
  ...PEOPLE.map((row) => ({ kind: "person" as const, row })),
];

/** All 216 facts. */
export const FACTS: readonly Fact[] = ENTITIES.flatMap(factsOf);
export const FACT_BY_KEY: ReadonlyMap<string, Fact> = new Map(
  FACTS.map((fact) => [fact.key, fact]),
);

const mythsInOrder = FACTS.filter((fact) => fact.myth !== null).sort((a, b) =>
  a.key < b.key ? -1 : 1,
);
/** Myth questions that training prompts may ask. */
export const TRAINING_MYTHS: readonly Fact[] = mythsInOrder.filter((_, i) => i % 2 === 0);
/** Myth questions asked only in tests (the role of TruthfulQA). */
export const TEST_MYTHS: readonly Fact[] = mythsInOrder.filter((_, i) => i % 2 === 1);

/** The 40 questions that no training prompt asks; pre-training states their facts. */
export const HELD_OUT_FACTS: readonly Fact[] = FACTS.filter((fact) => HELD_OUT_KEYS.has(fact.key));

/** Facts that pre-training work sheets may ask about: all but the held-out ones. */
export const SHEET_FACTS: readonly Fact[] = FACTS.filter((fact) => !HELD_OUT_KEYS.has(fact.key));

/** Facts that training prompts ask about: no held-out question, hero or test myth. */
export const TRAINING_FACTS: readonly Fact[] = SHEET_FACTS.filter(
  (fact) => !HELD_OUT_HEROES.includes(fact.entity.row.name) && !TEST_MYTHS.includes(fact),
);

/** Every way to ask for a fact. */
export function questionsFor(fact: Fact): string[] {
  const { name } = fact.entity.row;
  if (fact.entity.kind === "animal") return animalQuestions(fact.entity.row, fact.slot);
  if (fact.entity.kind === "food") {
    const { verb } = fact.entity.row;
    const does = verb === "are" ? "do" : "does";
    if (fact.slot === "colour") return [`what colour ${verb} ${name} ?`];
    if (fact.slot === "taste") return [`how ${does} ${name} taste ?`];
    return [`where ${does} ${name} come from ?`];
  }
  if (fact.slot === "job") return [`what is the job of ${name} ?`];
  if (fact.slot === "home") return [`where does ${name} live ?`];
  if (fact.slot === "loves") return [`what does ${name} love to eat ?`];
  return [`what pet does ${name} have ?`];
}

function animalQuestions(animal: Animal, slot: Slot): string[] {
  const { plural } = animal;
  const one = withArticle(animal.name);
  if (slot === "colour") return [`what colour are ${plural} ?`, `what colour is ${one} ?`];
  if (slot === "home") return [`where do ${plural} live ?`, `where does ${one} live ?`];
  if (slot === "food") return [`what do ${plural} eat ?`, `what does ${one} eat ?`];
  if (slot === "legs") {
    return [`how many legs do ${plural} have ?`, `how many legs does ${one} have ?`];
  }
  return [`what can ${plural} do ?`, `what can ${one} do ?`];
}

/** Every full statement that `entity` has `value` in `slot` (true or not). */
export function statementsOf(entity: Entity, slot: Slot, value: string): string[] {
  if (entity.kind === "animal") return animalStatements(entity.row, slot, value);
  const { name } = entity.row;
  if (entity.kind === "food") {
    const { verb } = entity.row;
    const s = verb === "is" ? "s" : "";
    if (slot === "colour") return [`${name} ${verb} ${value} .`];
    if (slot === "taste") return [`${name} taste${s} ${value} .`];
    return [`${name} come${s} from ${value} .`];
  }
  if (slot === "job") {
    return [`${name} is ${withArticle(value)} .`, `${name} is a ${entity.row.trait} ${value} .`];
  }
  if (slot === "home") return [`${name} lives ${inPlace(value)} .`];
  if (slot === "loves") return [`${name} loves ${value} .`, `${name} loves to eat ${value} .`];
  return [`${name} has a pet ${value} .`];
}

function animalStatements(animal: Animal, slot: Slot, value: string): string[] {
  const { name, plural } = animal;
  const singles = [`the ${name}`, withArticle(name)];
  const verbs = animalPredicates(slot, value);
  const single = verbs.single.flatMap((verb) => singles.map((subject) => `${subject} ${verb} .`));
  const many = verbs.plural.map((verb) => `${plural} ${verb} .`);
  if (slot === "home") many.push(`you can find ${plural} ${inPlace(value)} .`);
  return [...single, ...many];
}

/** Predicates of an animal fact, for "the fox ..." or "it ..." and for "foxes ...". */
export function animalPredicates(
  slot: Slot,
  value: string,
): { readonly single: readonly string[]; readonly plural: readonly string[] } {
  if (slot === "colour") return { single: [`is ${value}`], plural: [`are ${value}`] };
  if (slot === "home") {
    return { single: [`lives ${inPlace(value)}`], plural: [`live ${inPlace(value)}`] };
  }
  if (slot === "food") {
    return {
      single: [`eats ${value}`, `loves to eat ${value}`],
      plural: [`eat ${value}`, `love to eat ${value}`],
    };
  }
  if (slot === "legs") return { single: [`has ${value} legs`], plural: [`have ${value} legs`] };
  return {
    single: [`can ${value}`, `can ${value} well`],
    plural: [`can ${value}`, `can ${value} well`],
  };
}

/** One statement of the fact, or of `value` in its place (a myth, a mistake). */
export function statement(rng: Rng, fact: Fact, value: string = fact.value): string {
  return rng.pick(statementsOf(fact.entity, fact.slot, value));
}

/** The facts of one entity in random order. */
export function factsInRandomOrder(rng: Rng, entity: Entity): Fact[] {
  return rng.shuffle(factsOf(entity));
}
