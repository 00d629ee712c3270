// What surrounds a project: people, drafts, the history of a judgement, answers that are not blind.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { losslessOf } from "../../src/formats/zip.ts";
import { LIMITS } from "../../src/formats/bytes.ts";
import { namesItself } from "../../src/state/collect/blind.ts";
import { packed } from "../../src/state/collect/exports.ts";
import { Imports } from "../../src/state/collect/imports.svelte.ts";
import { People } from "../../src/state/collect/people.svelte.ts";
import { Sampling } from "../../src/state/collect/sampling.svelte.ts";
import { orderOf } from "../../src/state/collect/sets.ts";
import type { Trainer } from "../../src/state/trainer.svelte.ts";
import { countsOf } from "../../src/storage/collection.ts";
import {
  answersFile,
  bench,
  fileOf,
  importInto,
  projectIn,
  rankAndSave,
  reopened,
} from "./helpers.ts";
import type { Bench } from "./helpers.ts";

let here: Bench;
let kept: Map<string, string>;
beforeEach(async () => {
  kept = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  });
  here = await bench();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("people", () => {
  test("each has a queue, an order and an undo of their own; names stay out of the files", async () => {
    const { collect } = here;
    let project = await projectIn(here, { overlap: 2 });
    await importInto(project, answersFile(2));
    const first = await rankAndSave(project);
    const own = project.annotator;
    await collect.judgeAs(collect.people.add("Ada"));
    project = collect.project!;
    await project.whole;
    expect(project.annotator).not.toBe(own);
    expect([project.open, project.mine, project.own]).toEqual([2, 0, own]);
    await project.decisions.undo();
    expect(here.announcer.polite).toContain("Nothing to undo");
    await rankAndSave(project);
    await rankAndSave(project);
    expect(
      (await project.contents.rows()).filter(({ task }) => task === project.task(first)),
    ).toHaveLength(2);
    const { rankings } = await project.contents.collection();
    expect(new Set(rankings.map(({ annotator }) => annotator)).size).toBe(2);
    expect(JSON.stringify(rankings)).not.toContain("Ada");
    expect(new People().nameOf(project.annotator, own)).toBe("Ada");
    expect(await countsOf(here.link, project.id)).toEqual({ sets: 2, judgements: 3 });
    await collect.judgeAs(own);
    expect([collect.project!.annotator, collect.project!.mine]).toEqual([own, 1]);
  });

  test("a list of names that something else wrote is no obstacle", () => {
    for (const text of ["{", '{"a":1}', '[{"id":5}]', "null"]) {
      kept.set("nudge.people", text);
      expect(new People().list).toEqual([]);
    }
  });
});

describe("an unfinished ranking", () => {
  test("is there again after the page was left, and gone once it is saved", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(2));
    project.judging.placeFocused(2);
    project.judging.setAside();
    project.judging.note = "half";
    const again = await reopened(here.collect, project.id);
    const { slots, aside, note } = again.judging;
    expect([slots.filter((slot) => slot !== null), aside.length, note]).toEqual([[2], 1, "half"]);
    await rankAndSave(again);
    expect(again.judging.untouched).toBe(true);
    expect((await reopened(here.collect, project.id)).judging.note).toBe("");
  });

  test("waits while another judgement is changed", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(2));
    const first = await rankAndSave(project);
    project.judging.placeFocused(2);
    project.judging.note = "half";
    const waiting = project.judging.set?.item;
    project.asking.keepDraft();
    await project.decisions.edit(project.task(first));
    project.judging.toggleAllBad();
    await project.decisions.submit();
    expect([project.judging.set?.item, project.judging.note]).toEqual([waiting, "half"]);
    expect(project.judging.slots.filter((slot) => slot !== null)).toEqual([2]);
  });

  test("that is damaged is dropped", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(1));
    kept.set(`nudge.draft.${project.id}`, "{");
    const again = await reopened(here.collect, project.id);
    expect(again.judging.untouched).toBe(true);
  });
});

test("every version of a judgement can be read, also when it was taken back", async () => {
  const project = await projectIn(here);
  await importInto(project, answersFile(1));
  await rankAndSave(project);
  const row = (await project.contents.rows())[0]!;
  const before = (await project.contents.revisions(row))[0]!.ranking!;
  await project.decisions.edit(row.task);
  project.judging.toggleAllBad();
  await project.decisions.submit();
  await project.decisions.retract(row.task);
  await rankAndSave(project);
  const versions = await project.contents.revisions(row);
  const said = versions.map(({ ranking }) => (ranking === null ? null : orderOf(ranking)));
  expect(said).toEqual([orderOf(before), `${orderOf(before)}, all bad`, null, orderOf(before)]);
  expect(orderOf(before)).toBe("A > B > C > D");
});

test("the guideline is marked as changed until the next judgement under it", async () => {
  const project = await projectIn(here);
  await importInto(project, answersFile(2));
  expect(project.guidelineChanged).toBe(false);
  await rankAndSave(project);
  await project.saveGuideline("# New", "own");
  expect(project.guidelineChanged).toBe(true);
  await rankAndSave(project);
  expect(project.guidelineChanged).toBe(false);
});

test("answers that name their model are counted before the import", async () => {
  expect(namesItself("As an AI language model, I cannot.")).toBe(true);
  expect(namesItself("The llama looked at the bard.")).toBe(false);
  const project = await projectIn(here);
  const imports = new Imports(project, here.announcer);
  const completions = ["I am ChatGPT.", "Hello."];
  await imports.read(fileOf(`${JSON.stringify({ prompt: "p", completions })}\n`));
  expect(imports.taken?.named).toBe(1);
});

test("a record that is here with other content is neither overwritten nor lost", async () => {
  const project = await projectIn(here);
  await importInto(project, answersFile(1));
  await rankAndSave(project);
  const { rankings } = await project.contents.collection();
  const { hash: _, ...line } = { ...rankings[0]!, hash: "" };
  const changed = `${JSON.stringify({ ...line, note: "other", hash: "" })}\n`;
  const imports = new Imports(project, here.announcer);
  await imports.read(fileOf(changed, "rankings.jsonl"));
  expect(imports.state.kind).toBe("read");
  if (imports.state.kind !== "read") return;
  expect(imports.state.result.conflicts).toMatchObject([{ id: rankings[0]!.id, note: "other" }]);
  expect([imports.taken?.records, imports.taken?.rows]).toEqual([[], []]);
});

test("the zip holds every guideline and the questions, under checksums", async () => {
  const own = [{ key: "polite", text: "Is it polite?", scale: "yes-no" }] as const;
  const project = await projectIn(here, { own: [...own] });
  await project.saveGuideline("# New", "own");
  const options = { shape: "standard", margin: false, trace: true, parquet: true } as const;
  await importInto(project, answersFile(1));
  project.judging.stage = "rank";
  await rankAndSave(project);
  const zip = await packed(
    await project.contents.collection(),
    ["preference"],
    options,
    project.row,
  );
  expect((await losslessOf(zip, "a.zip", LIMITS)).map(({ path }) => path)).toContain(
    "rankings.jsonl",
  );
  const { unzipSync, strFromU8 } = await import("fflate");
  const files = unzipSync(zip);
  expect(Object.keys(files)).toEqual(expect.arrayContaining(["guidelines/v1.md", "guidelines/v2.md", "labels.json", "parquet/preference/train.parquet"])); // prettier-ignore
  expect(strFromU8(files["guidelines/v2.md"]!)).toBe("# New\n");
  expect(JSON.parse(strFromU8(files["labels.json"]!))).toMatchObject({ questions: own });
  expect(strFromU8(files["SHA256SUMS"]!)).toContain("  guidelines/v1.md");
  expect(strFromU8(files["README.md"]!)).toContain("guidelines/v1.md");
});

describe("answers from the model", () => {
  function trainer(answer: (prompt: string, i: number) => string): Trainer {
    const sample = (prompts: readonly { id: string; text: string }[], k: number, seed: number) =>
      Promise.resolve(
        prompts.map(({ id, text }) =>
          Array.from({ length: k }, (_, i) => ({
            promptId: id,
            prompt: text,
            text: answer(text, i),
            tokens: [1, 2],
            logprobs: [-1, -0.5],
            seed,
            checkpoint: "sft",
            finished: true,
          })),
        ),
      );
    const ask = (work: (api: { sample: typeof sample }) => unknown): unknown => work({ sample });
    return { ask } as unknown as Trainer;
  }

  test("become sets of K different ones with their seeds, as one import", async () => {
    const project = await projectIn(here, { k: 3 });
    const sampling = new Sampling(
      project,
      trainer((_, i) => `a ${i % 5}`),
      here.announcer,
    );
    await sampling.write(5, [{ id: "m1", text: "Tell me about the fox." }]);
    expect(here.announcer.polite).toBe("1 set written.");
    const [item] = (await project.contents.collection()).items;
    expect(item!.completions.map(({ model, temperature, logprob, author }) => [model, temperature, logprob, author])).toEqual(Array(3).fill(["nudge", 1, -1.5, "model"])); // prettier-ignore
    expect(project.batches.list).toMatchObject([{ source: "the model in this tab", records: 1 }]);
    await sampling.write(5, [{ id: "m1", text: "Tell me about the fox." }]);
    expect(here.announcer.polite).toContain("Every prompt has answers already");
  });

  test("that are always the same make no set, and it is said", async () => {
    const project = await projectIn(here);
    const sampling = new Sampling(
      project,
      trainer(() => "the same"),
      here.announcer,
    );
    await sampling.write(1, [{ id: "m1", text: "Tell me about the fox." }]);
    expect(here.announcer.polite).toContain("0 sets written. Left out: 1 prompt");
    expect(project.items).toHaveLength(0);
  });
});
