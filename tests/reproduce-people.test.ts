// People's rankings in a reproduction: what fits, what is held out, what is said, and what bad files and options give.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { peopleRankings } from "../scripts/dataset-people.ts";
import { main } from "../scripts/reproduce.ts";
import { writeLossless } from "../src/formats/lossless.ts";
import { assistant, candidate, newRanking, user } from "../src/formats/new-records.ts";
import type { Ranking } from "../src/formats/records.ts";
import { bundleFiles, zipFiles } from "../src/formats/zip.ts";
import { QUICK } from "../src/reproduce/quick-and-full.ts";
import { EOS } from "../src/world/index.ts";
import {
  learnedCount,
  learnedRankings,
  peopleAgreement,
  peopleOf,
  peopleSentence,
  peopleSettings,
} from "../src/reproduce/people.ts";

const folder = mkdtempSync(join(tmpdir(), "people-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ANIMALS = ["fox", "hen", "cat", "dog", "owl", "bee", "cow", "pig", "duck", "goat"] as const;

function ranking(
  prompt: string,
  answers: readonly string[],
  groups: number[][],
  known: Partial<Ranking> = {},
): Ranking {
  const candidates = answers.map((text) => candidate([assistant(text)]));
  return newRanking([user(prompt)], candidates, groups, { format: "text", ...known });
}

/** Ten prompts, each ranked by Ann, the first two by Bob as well, in another order of the answers. */
const GOOD: readonly Ranking[] = [
  ...ANIMALS.map((animal, i) =>
    ranking(`Write a story about the ${animal}.`, ["A cat sat.", "I like it!"], [[1], [0]], {
      id: `ann-${i}`,
      annotator: "ann",
    }),
  ),
  ...ANIMALS.slice(0, 2).map((animal, i) =>
    ranking(`Write a story about the ${animal}.`, ["I like it!", "A cat sat."], [[i], [1 - i]], {
      id: `bob-${i}`,
      annotator: "bob",
    }),
  ),
];

const long = "A cat sat. ".repeat(20).trim();
/** Two with foreign words, one too long, one tied; and what is no ranking of a person that stands. */
const BAD: readonly Ranking[] = [
  ranking("Explain quantum chromodynamics.", ["No.", "I like it!"], [[0], [1]], { id: "w1" }),
  ranking("Write a story about the fox.", ["Whereas.", "No."], [[0], [1]], { id: "w2" }),
  ranking("Write a story about the fox.", [long, "No."], [[0], [1]], { id: "l1" }),
  ranking("Write a story about the fox.", ["No.", "I like it!"], [[0, 1]], { id: "t1" }),
];
const LEFT_OUT: readonly Ranking[] = [
  ranking("Write a story about the fox.", ["No.", "I like it!"], [[0], [1]], {
    id: "s1",
    outcome: "skipped",
    skip_reason: "cannot tell",
  }),
  ranking("Write a story about the hen.", ["No.", "I like it!"], [[0], [1]], {
    id: "m1",
    extra: JSON.stringify({
      nudge: { promptId: "p", source: "simulated:cheerful", t: 5, tokens: [] },
    }),
  }),
  ranking("Write a story about the hen.", ["No.", "I like it!"], [[0], [1]], { id: "old" }),
];
const CORRECTED = ranking("Write a story about the hen.", ["No.", "I like it!"], [[1], [0]], {
  id: "new",
  supersedes: "old",
  annotator: "cleo",
});

function fileOf(name: string, records: readonly Ranking[]): string {
  const path = join(folder, name);
  writeFileSync(path, writeLossless(records));
  return path;
}

const GIVEN = { file: "votes.jsonl", mixed: false, skipped: 3, unreadable: 1 };

describe("a file of people's rankings", () => {
  const path = fileOf("votes.jsonl", [...GOOD, ...BAD, ...LEFT_OUT, CORRECTED]);

  test("gives those that stand, from lines and from the zip of an export alike", async () => {
    const { ranked, skipped } = await peopleRankings(path);
    expect(ranked.map(({ promptId }) => promptId)).toEqual(
      [...GOOD, ...BAD, CORRECTED].map(({ id }) => id),
    );
    expect(skipped).toBe(LEFT_OUT.length);
    const rankings = [...GOOD, ...BAD, ...LEFT_OUT, CORRECTED];
    const all = { rankings, labelled: [], demonstrations: [], prompts: [], items: [] };
    const zip = join(folder, "votes.zip");
    writeFileSync(zip, await zipFiles(bundleFiles(all, [], "Votes")));
    expect((await peopleRankings(zip)).ranked).toEqual(ranked);
  });

  test("is split by prompt; what does not fit is counted in one sentence", async () => {
    const { ranked } = await peopleRankings(path);
    const people = peopleOf(ranked, QUICK, GIVEN);
    expect(people.unfit).toEqual({ words: 2, long: 1, many: 0, tied: 1 });
    const prompts = (list: readonly { prompt: readonly number[] }[]) =>
      new Set(list.map(({ prompt }) => prompt.join(" ")));
    expect(prompts(people.heldOut).size).toBe(2);
    expect(prompts(people.training).size).toBe(8);
    expect(people.training.length + people.heldOut.length).toBe(GOOD.length + 1);
    for (const one of prompts(people.heldOut))
      expect(prompts(people.training).has(one)).toBe(false);
    expect(peopleSentence(people, QUICK.columns)).toMatch(
      /^votes\.jsonl: 13 rankings by 3 people fit, \d+ to learn from instead of simulated labelers' and \d+ held out; of the others 2 have words outside the vocabulary, 1 is longer than 32 tokens of prompt or 24 of answer, 1 ties all answers, 3 are no ranking of a person that stands, 1 line cannot be read\.$/,
    );
    expect(peopleOf(ranked, QUICK, GIVEN)).toEqual(people);
  });

  test("takes the place of the simulated labelers' rankings, or stands beside them", async () => {
    const { ranked } = await peopleRankings(path);
    const alone = peopleOf(ranked, QUICK, GIVEN);
    const mixed = peopleOf(ranked, QUICK, { ...GIVEN, mixed: true });
    const form = { ...QUICK, people: alone };
    const none = { training: [], validation: [] };
    expect(learnedRankings(form, none)).toEqual(alone.training);
    expect(learnedCount(form)).toBe(alone.training.length);
    expect(learnedCount({ ...QUICK, people: mixed })).toBe(mixed.training.length + QUICK.rankings);
    expect(learnedCount(QUICK)).toBe(QUICK.rankings);
    expect(learnedCount(QUICK, 1)).toBe(QUICK.rankings + QUICK.servedRankings);
    expect(learnedCount(form, 1)).toBe(alone.training.length);
    // keys of stages without people stay what they were
    expect(peopleSettings(QUICK)).toEqual({});
    expect(alone.digest).not.toBe(mixed.digest);
  });

  test("tells how far two people agree where they ranked the same answers", async () => {
    const good = (await peopleRankings(fileOf("good.jsonl", GOOD))).ranked;
    // Bob agrees with Ann on the first prompt and not on the second
    expect(peopleAgreement(peopleOf(good, QUICK, GIVEN))).toMatchObject({ value: 0.5 });
    const ann = good.filter(({ judgements }) => judgements[0]?.labeler === "person ann");
    expect(peopleAgreement(peopleOf(ann, QUICK, GIVEN))).toBeUndefined();
  });

  test("may hold answers that were cut at the columns, and those have no end", async () => {
    const cut = "A cat sat. ".repeat(6).trim();
    const path = fileOf("cut.jsonl", [ranking("Write a story.", [cut, "No."], [[0], [1]])]);
    const { training } = peopleOf((await peopleRankings(path)).ranked, QUICK, GIVEN);
    expect(training[0]?.completions.map(({ length }) => length)).toEqual([24, 3]);
    expect(training[0]?.completions.map((tokens) => tokens.at(-1) === EOS)).toEqual([false, true]);
  });

  test("of one prompt is learned from, and nothing is held out", async () => {
    const one = (await peopleRankings(fileOf("one.jsonl", GOOD.slice(0, 1)))).ranked;
    const { training, heldOut } = peopleOf(one, QUICK, GIVEN);
    expect([training.length, heldOut.length]).toEqual([1, 0]);
  });
});

describe("refused in one sentence, with nothing run", () => {
  const text = join(folder, "notes.jsonl");
  writeFileSync(text, "no rankings here\n");
  const cut = join(folder, "cut.zip");
  writeFileSync(cut, Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
  const unfit = fileOf("unfit.jsonl", BAD);

  test.each([
    [["--judgements", "no/file"], /^--judgements: found no file no\/file/],
    [["--judgements", folder], /^--judgements: found no file /],
    [["--judgements", text], /^--judgements: `notes\.jsonl`, line 1: /],
    [["--judgements", cut], /^--judgements: `cut\.zip`: /],
    [["--judgements", unfit], /^--judgements: none of the 4 rankings can be learned from/],
    [["--judgements-mix"], /^--judgements-mix needs --judgements FILE; nothing was run\.$/],
  ])("%j", async (args, sentence) => {
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    expect(await main(["--quick", ...args])).toBe(2);
    expect(error.mock.calls.flat().join("\n")).toMatch(sentence);
    expect(log).not.toHaveBeenCalled();
    error.mockRestore();
    log.mockRestore();
  });
});
