// English grammar helpers: articles, place phrases, lists, courtesy and sentence splitting.
import { PLACE_PREPOSITIONS } from "./tables.ts";

const VOWELS = new Set(["a", "e", "i", "o", "u"]);

/** "a fox", "an owl", "an old goat": the article follows the first letter of the next word. */
export function withArticle(nounPhrase: string): string {
  return `${VOWELS.has(nounPhrase.charAt(0)) ? "an" : "a"} ${nounPhrase}`;
}

/** "in the forest", "on the hill", "at the market". */
export function inPlace(place: string): string {
  return `${PLACE_PREPOSITIONS[place] ?? "in"} the ${place}`;
}

/** "a", "a and b", "a , b and c". */
export function listOf(items: readonly string[]): string {
  const last = items.at(-1) ?? "";
  if (items.length < 2) return last;
  return `${items.slice(0, -1).join(" , ")} and ${last}`;
}

/** The words of a text in the internal form (space separated). */
export function wordsOf(text: string): string[] {
  return text === "" ? [] : text.split(" ");
}

/** Number of tokens of a text in the internal form. */
export function countTokens(text: string): number {
  return wordsOf(text).length;
}

/** Sentences with their final punctuation; a rest without one comes last. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let current: string[] = [];
  for (const word of wordsOf(text)) {
    if (word !== "<nl>") current.push(word);
    if (word === "." || word === "!" || word === "?" || word === "<nl>") {
      if (current.length > 0) sentences.push(current.join(" "));
      current = [];
    }
  }
  if (current.length > 0) sentences.push(current.join(" "));
  return sentences;
}
