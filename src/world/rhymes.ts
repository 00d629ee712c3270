// Which words of the world rhyme: groups by sound, because English spelling does not tell.

const GROUPS: readonly (readonly string[])[] = [
  "me tree free sea bee be see three",
  "still hill until",
  "house mouse",
  "pond fond beyond",
  "barn yarn",
  "town down brown",
  "cave brave wave",
  "cat hat that",
  "log fog dog frog",
  "there air pear bear chair dare anywhere where",
  "whale tail snail sail",
  "owl growl",
  "fox box",
  "snow slow crow go so know",
  "luck duck",
  "big dig pig",
  "boat coat goat",
  "sleep deep sheep",
  "ten then hen",
  "near hear deer fear tear dear here",
  "now cow how",
  "night bright",
  "day play away today say",
  "lamp damp",
  "bell well tell fell",
  "key me tree free sea bee",
  "moon soon spoon",
  "drum come some",
  "book look took shook",
  "red bed said",
  "map lap",
  "cried wide hide",
  "song long",
  "wall ball small tall all",
  "told gold cold old",
  "play stay grey hay",
].map((line) => line.split(" "));

const GROUP_NUMBERS = new Map<string, Set<number>>();
GROUPS.forEach((words, number) => {
  for (const word of words) {
    const known = GROUP_NUMBERS.get(word) ?? new Set<number>();
    GROUP_NUMBERS.set(word, known.add(number));
  }
});

/** True when two different words rhyme. */
export function rhymes(a: string, b: string): boolean {
  if (a === b) return false;
  const groups = GROUP_NUMBERS.get(a);
  const others = GROUP_NUMBERS.get(b);
  return groups !== undefined && others !== undefined && [...groups].some((g) => others.has(g));
}
