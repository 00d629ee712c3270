// Builds the vocabulary by running the generator; the frozen list beside it comes from here.
import { corpusDocument } from "./corpus.ts";
import { FACTS, questionsFor, statementsOf } from "./facts.ts";
import { wordsOf } from "./grammar.ts";
import type { Split } from "./prompt-types.ts";
import { demonstration, liveDemonstration } from "./prompts.ts";
import { Rng } from "./rng.ts";
import * as tables from "./tables.ts";
import { everySentence, heroNamed, makeScene } from "./stories.ts";
import { POEM_TOPICS, everyCouplet } from "./poems.ts";
import { SPECIALS } from "./tokenizer.ts";

/**
 * The vocabulary: the six specials, then every word and mark of `texts` generated documents and
 * demonstrations and of the tables, in code-point order. Deterministic. Stories and poems are
 * written out in full, so that 5 000 random texts hold each rare word of the rest many times.
 */
export function collectVocabulary(texts = 5000): string[] {
  const rng = new Rng(595);
  const words = new Set<string>();
  const read = (text: string) => {
    for (const word of wordsOf(text)) words.add(word);
  };
  for (const fact of FACTS) {
    [...questionsFor(fact), ...statementsOf(fact.entity, fact.slot, fact.value)].forEach(read);
  }
  for (const list of [tables.COLOURS, tables.ALL_FOOD, tables.NUMBERS, tables.OBJECTS]) {
    list.forEach(read);
  }
  for (const topic of POEM_TOPICS) everyCouplet(topic).forEach(read);
  for (const { name } of [...tables.ANIMALS, ...tables.PEOPLE]) {
    everySentence(rng, makeScene(rng, heroNamed(name), tables.CASTS.all)).forEach(read);
  }
  const splits: readonly Split[] = ["train", "test", "held-out"];
  for (let i = 0; i < texts; i++) {
    read(corpusDocument(rng));
    const { prompt, response } = demonstration(rng, rng.pick(splits));
    read(`${prompt} ${response}`);
    if (i % 4 === 0) read(liveDemonstration(rng, "train").response);
  }
  for (const special of SPECIALS) words.delete(special);
  return [...SPECIALS, ...[...words].sort((a, b) => (a < b ? -1 : 1))];
}
