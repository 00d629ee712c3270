// The frozen vocabulary is exactly what the generator produces (`vitest -u` freezes it anew).
import { expect, test } from "vitest";
import { collectVocabulary } from "../../src/world/vocabulary.ts";

test("the frozen vocabulary is what the generator writes", async () => {
  const words = collectVocabulary();
  expect(words.length).toBeGreaterThan(560);
  expect(words.length).toBeLessThan(660);
  await expect(`${JSON.stringify(words, null, 2)}\n`).toMatchFileSnapshot(
    "../../src/world/vocabulary.json",
  );
});
