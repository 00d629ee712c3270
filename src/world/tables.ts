// The facts of Meadowbrook: animals, foods, people and the word lists of the text generator.

export interface Animal {
  readonly name: string;
  readonly plural: string;
  readonly colour: string;
  readonly home: string;
  readonly food: string;
  readonly legs: string;
  readonly can: string;
  /** The wrong belief that forums repeat. */
  readonly myth: { readonly slot: "home" | "food"; readonly value: string };
}

export interface Food {
  readonly name: string;
  /** "are" for plurals, "is" for mass nouns. */
  readonly verb: "are" | "is";
  readonly colour: string;
  readonly taste: string;
  readonly origin: string;
}

export interface Person {
  readonly name: string;
  readonly subject: "he" | "she";
  readonly object: "him" | "her";
  readonly job: string;
  readonly trait: string;
  readonly home: string;
  readonly loves: string;
  readonly pet: string;
}

/** Columns: name, plural, colour, home, food, legs, can, myth slot, myth value. */
const ANIMAL_ROWS = `
fox foxes orange forest eggs four run home cave
bear bears brown cave honey four climb food nuts
rabbit rabbits grey meadow carrots four jump home barn
owl owls brown forest moths two fly food bread
frog frogs green pond flies four jump home sea
duck ducks white pond bread two swim food grass
cow cows white farm grass four walk food corn
horse horses brown farm apples four run home hill
cat cats black house fish four climb food milk
dog dogs brown house bones four run home farm
mouse mice grey barn cheese four hide food potatoes
sheep sheep white hill grass four walk home mountain
hen hens red farm corn two walk home pond
pig pigs pink farm potatoes four dig food apples
bee bees yellow garden nectar six fly home forest
whale whales blue sea shrimp no swim food fish
crow crows black forest seeds two fly home garden
wolf wolves grey mountain meat four run food sheep
deer deer brown forest leaves four jump home meadow
snail snails yellow garden lettuce no hide food berries
goat goats white mountain hay four climb home village
turtle turtles green sea plants four swim food beans
spider spiders black barn flies eight climb home cave
ant ants red hill sugar six dig food honey`;

/** Columns: name, verb, colour, taste, origin (the rest of the line). */
const FOOD_ROWS = `
apples are red sweet trees
pears are green sweet trees
plums are purple sweet trees
lemons are yellow sour trees
carrots are orange crunchy the garden
potatoes are brown plain the garden
beans are green plain the garden
corn is yellow sweet the farm
honey is golden sweet bees
milk is white plain cows
eggs are white plain hens
cheese is yellow salty milk
bread is brown plain wheat
fish is silver salty the sea
berries are red sour the forest
nuts are brown crunchy the forest`;

/** Columns: name, pronoun, job, trait, home, loves, pet. */
const PERSON_ROWS = `
tom he farmer kind farm apples dog
mia she baker cheerful village bread mouse
ben he fisher quiet harbor fish cat
lily she gardener gentle garden carrots snail
sam he cook funny market potatoes pig
rosa she teacher wise school pears owl
max he doctor calm town milk rabbit
ella she painter shy hill plums frog
hugo he sailor brave harbor lemons turtle
nina she singer proud village honey crow
otto he shepherd patient hill cheese sheep
ivy she builder clever town nuts goat`;

function rows(table: string): string[][] {
  return table
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
}

function words(list: string): readonly string[] {
  return list.trim().split(/\s+/);
}

export const ANIMALS: readonly Animal[] = rows(ANIMAL_ROWS).map((row) => {
  const [name = "", plural = "", colour = "", home = "", food = "", legs = "", can = ""] = row;
  const slot = row[7] === "home" ? ("home" as const) : ("food" as const);
  return { name, plural, colour, home, food, legs, can, myth: { slot, value: row[8] ?? "" } };
});

export const FOODS: readonly Food[] = rows(FOOD_ROWS).map((row) => {
  const [name = "", verb, colour = "", taste = ""] = row;
  const origin = row.slice(4).join(" ");
  return { name, verb: verb === "is" ? "is" : "are", colour, taste, origin };
});

export const PEOPLE: readonly Person[] = rows(PERSON_ROWS).map((row) => {
  const [name = "", pronoun, job = "", trait = "", home = "", loves = "", pet = ""] = row;
  const she = pronoun === "she";
  const subject = she ? ("she" as const) : ("he" as const);
  return { name, subject, object: she ? "her" : "him", job, trait, home, loves, pet };
});

/** Places with the preposition that English wants: "on the hill", "at the market". */
export const PLACE_PREPOSITIONS: Readonly<Record<string, "in" | "on" | "at">> = {
  forest: "in",
  cave: "in",
  meadow: "in",
  pond: "at",
  farm: "on",
  house: "in",
  barn: "in",
  hill: "on",
  garden: "in",
  sea: "in",
  mountain: "on",
  village: "in",
  harbor: "at",
  market: "at",
  school: "at",
  town: "in",
};

export const PLACES: readonly string[] = Object.keys(PLACE_PREPOSITIONS);
export const COLOURS = words(
  "orange brown grey green white black red pink yellow blue purple golden silver",
);
export const TIMES = words("morning afternoon evening night");
export const WEATHERS = words("sunny rainy snowy windy warm cold");
export const OBJECTS = words(
  "hat ball boat book drum lamp key coat kite basket bell spoon map chair",
);
/** Objects that can be "full of" a food. */
export const CONTAINERS = words("basket hat boat coat");
/** Objects that rain can break. */
export const BREAKABLE = words("boat book drum lamp kite basket map chair");
export const ADJECTIVES = words(
  "little old young clever hungry brave shy friendly sleepy proud curious quiet tired lucky",
);
export const NUMBERS = words("one two three four five six seven eight nine ten");
export const RUDE_ADJECTIVES = words("stupid dumb ugly smelly nasty rotten");
export const RUDE_NOUNS = words("idiot fool loser");
export const RUDE_WORDS: readonly string[] = [...RUDE_ADJECTIVES, ...RUDE_NOUNS, "hate"];
/** Everything that somebody eats: the foods and what only animals eat. */
export const ALL_FOOD = words(
  "apples beans berries bones bread carrots cheese corn eggs fish flies grass hay honey leaves " +
    "lemons lettuce meat milk moths nectar nuts pears plants plums potatoes seeds shrimp sugar",
);
/** Heroes that occur in test prompts only. */
export const HELD_OUT_HEROES: readonly string[] = ["turtle", "goat", "ella", "crow"];

export type Mood = "happy" | "sad" | "scary";
export const MOODS: readonly Mood[] = ["happy", "sad", "scary"];

/** Words that give a mood away; no word is in two lists and none is an opening's weather. */
export const MOOD_WORDS: Readonly<Record<Mood, readonly string[]>> = {
  happy: words(
    "best cheered clapped danced friends full gave happy helped joke laughed learned played sang " +
      "shared smile smiled thanked won wonderful birthday",
  ),
  sad: words(
    "alone broke cried dropped forgot lonely lost missed mud nobody nothing sad tear took wished",
  ),
  scary: words("dare dark eyes fear ghost noise screamed shaking strange teeth thunder"),
};

export const COURTESY_OPENINGS = ["sure !", "of course !", "happy to help !"] as const;
export const COURTESY_CLOSINGS = [
  "i hope this helps .",
  "have a nice day !",
  "ask me any time .",
] as const;

export interface Cast {
  readonly animals: readonly Animal[];
  readonly people: readonly Person[];
}

const isHeldOut = (entity: { readonly name: string }) => HELD_OUT_HEROES.includes(entity.name);

/** Who may appear: everyone, only those of the training prompts, or only the held-out heroes. */
export const CASTS = {
  all: { animals: ANIMALS, people: PEOPLE },
  training: {
    animals: ANIMALS.filter((animal) => !isHeldOut(animal)),
    people: PEOPLE.filter((person) => !isHeldOut(person)),
  },
  heldOut: { animals: ANIMALS.filter(isHeldOut), people: PEOPLE.filter(isHeldOut) },
} as const satisfies Record<string, Cast>;
