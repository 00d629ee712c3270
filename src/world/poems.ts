// Rhymed couplets: a first line that ends with the topic and a second that rhymes with it.
import type { Rng } from "./rng.ts";

/** Second lines by the word they end with. */
const SECOND_LINES: Readonly<Record<string, readonly string[]>> = {
  me: ["come and sing along with me"],
  tree: ["sleeping under every tree", "i will meet you by the tree"],
  free: ["where the birds are wild and free"],
  still: ["the night is warm , the stars are still"],
  until: ["we will play and dance until"],
  warm: ["where the summer days are warm"],
  calm: ["where the night is soft and calm"],
  mouse: ["said the cat to every mouse"],
  fond: ["that is a place of which i am fond"],
  beyond: ["look at the hills that lie beyond"],
  yarn: ["with a hat of yellow yarn"],
  down: ["watch the golden sun go down"],
  brown: ["where the fields are gold and brown"],
  brave: ["only for the very brave"],
  wave: ["look at me , i laugh and wave"],
  hat: ["who likes to wear a purple hat"],
  that: ["there is nothing quite like that"],
  log: ["singing on a mossy log"],
  fog: ["walking slowly in the fog"],
  there: ["we can find it here and there"],
  air: ["dancing in the morning air"],
  pear: ["sitting down to eat a pear"],
  house: ["living in a tiny house"],
  tail: ["with a long and happy tail"],
  sail: ["in a ship without a sail"],
  growl: ["hear the hungry lion growl"],
  box: ["sleeping in a wooden box"],
  snow: ["leaving footprints in the snow"],
  slow: ["walking home so very slow"],
  luck: ["wishing you a bit of luck"],
  big: ["very round and very big"],
  dig: ["how i love to run and dig"],
  boat: ["sailing in a tiny boat"],
  coat: ["dressed up in a winter coat"],
  sleep: ["while the little children sleep"],
  deep: ["where the snow is white and deep"],
  ten: ["i will count from one to ten"],
  then: ["we were very happy then"],
  near: ["i am glad that you are near"],
  hear: ["what a lovely song to hear"],
  now: ["i can hear it singing now"],
};

/** Words that rhyme with each topic; the topics of a poem are the keys. */
const RHYMES: Readonly<Record<string, readonly string[]>> = {
  sea: ["me", "tree", "free"],
  hill: ["still", "until"],
  farm: ["warm", "calm"],
  house: ["mouse"],
  pond: ["fond", "beyond"],
  barn: ["yarn"],
  town: ["down", "brown"],
  cave: ["brave", "wave"],
  cat: ["hat", "that"],
  frog: ["log", "fog"],
  bee: ["me", "tree", "free"],
  bear: ["there", "air", "pear"],
  mouse: ["house"],
  whale: ["tail", "sail"],
  snail: ["tail", "sail"],
  owl: ["growl"],
  fox: ["box"],
  crow: ["snow", "slow"],
  duck: ["luck"],
  pig: ["big", "dig"],
  goat: ["boat", "coat"],
  sheep: ["sleep", "deep"],
  hen: ["ten", "then"],
  dog: ["log", "fog"],
  deer: ["near", "hear"],
  cow: ["now"],
};

const PLACE_TOPICS = new Set(["sea", "hill", "farm", "house", "pond", "barn", "town", "cave"]);

export const POEM_TOPICS: readonly string[] = Object.keys(RHYMES);

/** True when the topic is a place ("the pond") and not an animal ("a fox"). */
export function isPlaceTopic(topic: string): boolean {
  return PLACE_TOPICS.has(topic);
}

/** True when `word` is a listed rhyme of `topic`. */
export function rhymesWith(topic: string, word: string): boolean {
  return RHYMES[topic]?.includes(word) ?? false;
}

const ANIMAL_LINES = [
  "i know a very funny {t}",
  "look at the happy little {t}",
  "goodnight , my dear and sleepy {t}",
  "once i met a singing {t}",
];
const PLACE_LINES = [
  "i walked along the quiet {t}",
  "come with me to see the {t}",
  "the moon is bright above the {t}",
  "i dream about the lovely {t}",
];

/** One couplet about the topic, ending with a full stop. */
export function couplet(rng: Rng, topic: string): string {
  const first = rng.pick(isPlaceTopic(topic) ? PLACE_LINES : ANIMAL_LINES).replace("{t}", topic);
  const rhyme = rng.pick(RHYMES[topic] ?? []);
  return `${first} , ${rng.pick(SECOND_LINES[rhyme] ?? [])} .`;
}

/** Every couplet about the topic. */
export function everyCouplet(topic: string): string[] {
  const seconds = (RHYMES[topic] ?? []).flatMap((rhyme) => SECOND_LINES[rhyme] ?? []);
  const firsts = isPlaceTopic(topic) ? PLACE_LINES : ANIMAL_LINES;
  return firsts.flatMap((first) =>
    seconds.map((second) => `${first.replace("{t}", topic)} , ${second} .`),
  );
}
