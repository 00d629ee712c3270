// The rules of a judgement: each broken one is refused with one sentence that names the place.
import { describe, expect, it } from "vitest";
import { StorageError } from "../../src/storage/errors.ts";
import { denseRanks, judgementProblem, normalJudgement } from "../../src/storage/judgement.ts";
import type { Judgement } from "../../src/storage/judgement.ts";
import { generator, judgement, randomJudgement } from "./helpers.ts";

describe("judgement", () => {
  it("accepts 200 random judgements of K from 2 to 9 and leaves them unchanged", () => {
    const random = generator(1);
    const sizes = new Set<number>();
    for (let n = 0; n < 200; n++) {
      const one = randomJudgement(random);
      sizes.add(one.completions.length);
      const normal = normalJudgement(one);
      expect(normal).toEqual({ ...one, ...(one.note === "" ? { note: undefined } : {}) });
    }
    expect([...sizes].sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });

  const one = judgement();
  const wrong: [string, Partial<Record<keyof Judgement, unknown>>, RegExp][] = [
    ["empty prompt", { prompt: "" }, /^prompt: found ""; expected/],
    ["half a surrogate pair", { prompt: "a\ud83d" }, /^prompt: found .*surrogate/],
    ["one answer", { completions: one.completions.slice(0, 1) }, /^completions: found 1;/],
    ["ten answers", { completions: Array(10).fill(one.completions[0]) }, /found 10;/],
    ["no answers", { completions: null }, /^completions: found null;/],
    ["an answer of the wrong type", { completions: [1, 2] }, /^completions\[0\]: found 1;/],
    ["a fractional seed", { completions: [one.completions[0], { text: "", checkpoint: "", seed: 0.5 }] }, /^completions\[1\]\.seed: found 0\.5;/],
    ["a negative token", { completions: [{ ...one.completions[0], tokens: [3, -1] }, one.completions[1]] }, /^completions\[0\]\.tokens\[1\]: found -1;/],
    ["too few ranks", { ranks: [1] }, /^ranks: found \[1\];/],
    ["rank 0", { ranks: [0, 1] }, /^ranks\[0\]: found 0;/],
    ["a gap", { ranks: [1, 3] }, /^ranks: found \[1,3\];.*gap/],
    ["one ranked alone", { ranks: [1, null] }, /at least two/],
    ["an index shown twice", { shown: [0, 0] }, /^shown: found \[0,0\];/],
    ["negative time", { milliseconds: { active: -1, idle: 0, hidden: 0 } }, /^milliseconds\.active: found -1;/],
    ["no times", { milliseconds: null }, /^milliseconds: found null;/],
    ["a nameless taste", { source: "simulated:" }, /^source: found "simulated:";/],
    ["a numeric note", { note: 3 }, /^note: found 3;/],
    ["no cannotTell", { cannotTell: undefined }, /^cannotTell: found nothing;/],
  ]; // prettier-ignore
  it.each(wrong)("refuses %s", (_, change, sentence) => {
    const bad = { ...one, ...change } as Judgement;
    expect(judgementProblem(bad)).toMatch(sentence);
    expect(() => normalJudgement(bad)).toThrow(StorageError);
  });

  it("shows hidden characters of a quoted value as escapes", () => {
    const problem = judgementProblem({ ...one, source: "\u202eevil" as "person" });
    expect(problem).toContain('"\\u202eevil"');
  });

  it("lets a person who cannot tell rank nothing", () => {
    expect(judgementProblem({ ...one, ranks: [null, null], cannotTell: true })).toBeNull();
  });

  it("renumbers ranks without gaps", () => {
    expect(denseRanks([1, 1, 3, null, 7])).toEqual([1, 1, 2, null, 3]);
  });
});
