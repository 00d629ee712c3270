// A project from empty to exported: what is saved when, what undo brings back, who is asked what.
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { writeLossless } from "../../src/formats/lossless.ts";
import type { Ranking } from "../../src/formats/records.ts";
import { FORMS, packed, trial } from "../../src/state/collect/exports.ts";
import { PRESETS, blocksOf } from "../../src/state/collect/presets.ts";
import { Project } from "../../src/state/collect/project.svelte.ts";
import { ALL_LABELS, ownQuestion } from "../../src/state/collect/questions.ts";
import { wholeRanking } from "../../src/state/collect/sets.ts";
import { listProjects, taskEvents } from "../../src/storage/collection.ts";
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
import { Imports } from "../../src/state/collect/imports.svelte.ts";

const OPTIONS = { shape: "standard", margin: true, trace: true, parquet: false } as const;

let here: Bench;
beforeEach(async () => {
  here = await bench();
});

describe("projects", () => {
  test("are made, renamed, copied without judgements, archived, and found again", async () => {
    const { collect, link } = here;
    const project = await projectIn(here, { k: 5, overall: true });
    await importInto(project, answersFile(3));
    project.judging.stage = "rank";
    await rankAndSave(project);
    await collect.rename(project.row, "Kind answers");
    await collect.duplicate((await listProjects(link))[0]!);
    await collect.archive(
      collect.projects!.find(({ name }) => name === "Kind answers")!,
      true,
    );
    const rows = await listProjects(link);
    expect(rows.map(({ name, archived }) => [name, archived])).toEqual([
      ["Kind answers (copy)", false],
      ["Kind answers", true],
    ]);
    const copy = await reopened(collect, rows[0]!.id);
    expect(copy.row.settings).toMatchObject({ k: 5, overall: true });
    expect([copy.items.length, copy.total, copy.open]).toEqual([3, 0, 3]);
    expect(copy.guideline).toMatchObject({ version: 1, preset: "training" });
  });

  test("an address of a project that is not here says so", async () => {
    await here.collect.open("nowhere");
    expect(here.collect.failure).toContain("no project at this address");
  });
});

describe("judging", () => {
  test("saves a whole record, stamped with the guideline in force, blind, with the order shown", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(1));
    const { judging } = project;
    const shown = [...judging.shown];
    judging.note = "close";
    judging.better = "a better one";
    judging.placeFocused(1);
    judging.placeFocused(2);
    judging.placeFocused(2);
    judging.undo();
    judging.placeFocused(2);
    await project.decisions.submit();
    const { rankings, demonstrations, items } = await project.contents.collection();
    const [ranking] = rankings;
    expect(ranking).toMatchObject({ outcome: "ranked", note: "close", blind: true, undos: 1, revision: 1, preset: "training", shown }); // prettier-ignore
    expect(ranking!.guideline).toMatch(/@1 sha256:[0-9a-f]{64}$/);
    expect(ranking!.ranking).toEqual([[shown[0]], [shown[1], shown[2]].sort(), [shown[3]]]);
    expect(ranking!.task).toBe(items[0]!.id);
    expect(demonstrations[0]!.completion).toEqual([{ role: "assistant", content: "a better one" }]);
    expect(writeLossless(rankings)).toContain(ranking!.id);
    expect(project.asking.finished).toBe(true);
  });

  test("says Saved only after the transaction, and keeps the decision on screen when it fails", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(2));
    const task = project.judging.set!.item;
    for (const place of [1, 2, 3]) project.judging.placeFocused(place);
    const real = here.link.use.bind(here.link);
    const use = vi.spyOn(here.link, "use").mockImplementation((doing, work) => {
      if (doing.startsWith("Saving")) throw new Error("The disk is full.");
      return real(doing, work);
    });
    await project.decisions.submit();
    expect(project.judging).toMatchObject({ saving: "failed", failure: "The disk is full.", complete: true }); // prettier-ignore
    expect(project.decisions.saved).toBe("");
    expect(project.judging.set?.item).toBe(task);
    use.mockRestore();
    await project.decisions.submit();
    expect(project.decisions.saved).toBe("Saved.");
    expect(project.judging.set?.item).not.toBe(task);
  });

  test("an unfinished ranking is not saved, and it is said why", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(1));
    project.judging.placeFocused(1);
    await project.decisions.submit();
    expect(project.total).toBe(0);
    expect(here.announcer.polite).toContain("3 answers have no place yet");
  });

  test("undo goes back into saved judgements, and a change is a revision with its history", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(2));
    const first = await rankAndSave(project);
    const second = await rankAndSave(project);
    await project.decisions.undo();
    expect(project.judging).toMatchObject({ revising: true, complete: true });
    expect(project.judging.set?.item).toBe(second);
    await project.decisions.undo();
    expect(project.judging.set?.item).toBe(first);
    await project.decisions.undo();
    expect(here.announcer.polite).toContain("Nothing to undo");
    // and on again, through them and out, to nothing here, as all are judged
    const oldest = project.judging.set?.item;
    expect(project.decisions.canRedo).toBe(true);
    await project.decisions.redo();
    expect(project.judging.revising).toBe(true);
    expect(project.judging.set?.item).not.toBe(oldest);
    await project.decisions.redo();
    expect([project.judging.set, project.decisions.canRedo]).toEqual([null, false]);
    await project.decisions.redo();
    expect(here.announcer.polite).toContain("Nothing to redo");
    await project.decisions.undo();
    await project.decisions.undo();
    expect(project.judging.set?.item).toBe(oldest);
    // Enter on what nobody changed stores nothing
    await project.decisions.submit();
    expect(here.announcer.polite).toContain("Left as it was");
    expect(await taskEvents(here.link, project.id, project.task(first))).toHaveLength(1);
    await project.decisions.edit(project.task(first));
    project.judging.put(project.judging.order[3]!, 1);
    await project.decisions.submit();
    const row = (await project.contents.rows()).find(({ task }) => task === project.task(first))!;
    expect(wholeRanking(row)).toMatchObject({ revision: 2, outcome: "ranked" });
    expect(wholeRanking(row)!.ranking[0]).toHaveLength(2);
    const events = await taskEvents(here.link, project.id, project.task(first));
    expect(events.map(({ kind }) => kind)).toEqual(["ranking.submit", "ranking.revise"]);
    await project.decisions.retract(project.task(first));
    expect(project.open).toBe(1);
    expect(project.total).toBe(1);
    // and undo puts it back as it was
    await project.decisions.undo();
    expect(here.announcer.polite).toContain("back as it was");
    expect(project.decisions.takenBack).toEqual([]);
    expect([project.open, project.total]).toEqual([0, 2]);
    const back = (await project.contents.rows()).find(({ task }) => task === project.task(first))!;
    expect(wholeRanking(back)!.ranking).toEqual(wholeRanking(row)!.ranking);
    const all = await taskEvents(here.link, project.id, project.task(first));
    expect(all.map(({ kind }) => kind).slice(-2)).toEqual(["judgement.retract", "ranking.submit"]);
    // what was judged again since is not overwritten, and undo goes to what was saved last
    await project.decisions.retract(project.task(first));
    await project.asking.next();
    expect(project.judging.set?.item).toBe(first);
    await rankAndSave(project);
    const again = (await project.contents.rows()).find(({ task }) => task === project.task(first))!;
    await project.decisions.undo();
    expect(project.judging).toMatchObject({ revising: true });
    await project.decisions.cancelEdit();
    await project.decisions.putBack();
    expect(here.announcer.polite).toContain("judged again since");
    const kept = (await project.contents.rows()).find(({ task }) => task === project.task(first))!;
    expect(kept.event).toBe(again.event);
  });

  test("skips, flags and second opinions are records too", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(3));
    await project.decisions.skip("Offensive");
    project.judging.flag("Personal data");
    await project.decisions.leaveFlagged();
    project.judging.askOpinion("It is close");
    const asked = await rankAndSave(project);
    const { rankings } = await project.contents.collection();
    expect(
      rankings.map(({ outcome, skip_reason, flags }) => [outcome, skip_reason, flags]),
    ).toEqual([
      ["skipped", "Offensive", []],
      ["flagged", "", ["Personal data"]],
      ["ranked", "", ["second opinion: It is close"]],
    ]);
    expect(rankings[0]!.unranked).toHaveLength(4);
    // A second person is asked about that one alone, although one judgement per set is enough here.
    const other = await Project.open(here.link, project.row, here.announcer, "somebody else");
    await other.whole;
    expect([other.open, other.judging.set?.item]).toEqual([1, asked]);
  });

  test("all bad without places is one group; equal texts are one card and get one place", async () => {
    const project = await projectIn(here);
    const same = { prompt: "p", completions: ["x", "y", "x"] };
    await importInto(project, `${JSON.stringify(same)}\n`);
    expect(project.judging.shown).toHaveLength(2);
    project.judging.toggleAllBad();
    await project.decisions.submit();
    let [ranking] = (await project.contents.collection()).rankings;
    expect(ranking).toMatchObject({ all_bad: true, ranking: [[0, 1, 2]] });
    await project.decisions.edit((await project.contents.rows())[0]!.task);
    expect(project.judging).toMatchObject({ allBad: true, complete: false, ready: true });
    const card = project.judging.set!.cards.findIndex((indices) => indices.length === 2);
    project.judging.put(card, 1);
    await project.decisions.submit();
    [ranking] = (await project.contents.collection()).rankings;
    expect(ranking!.ranking).toEqual([[0, 2], [1]]);
    expect(ranking!.completions.map(({ rank }) => rank)).toEqual([0, 1, 0]);
  });

  test("ratings are asked first and exported; not asked is not no", async () => {
    const own = [ownQuestion("Is it polite?", "yes-no", [])];
    const project = await projectIn(here, { overall: true, labels: ["hallucination"], own });
    await importInto(project, answersFile(1, 2));
    const { judging } = project;
    expect(judging.stage).toBe("rate");
    judging.answer("overall", 6);
    judging.answer("hallucination", 1);
    judging.noToTheRest();
    judging.nextToRate();
    judging.answer("overall", 2);
    judging.nextToRate();
    expect(judging.stage).toBe("rank");
    judging.placeFocused(1);
    await project.decisions.submit();
    const all = await project.contents.collection();
    expect(all.rankings[0]!.completions[judging.shown[0] ?? 0]).toBeDefined();
    const labels = trial(
      FORMS.find(({ name }) => name === "labels")!,
      all,
      OPTIONS,
    );
    const rows = labels.ok ? labels.exported.rows : [];
    const rated = rows.map((row) => [row["overall"], row["hallucination"], row["fails_task"]]);
    expect(rated.sort()).toEqual([
      [2, -1, -1],
      [6, 1, -1],
    ]);
    expect(ALL_LABELS).toHaveLength(11);
  });

  test("the same person sees the same order again, another person another one", async () => {
    const project = await projectIn(here, { overlap: 30 });
    await importInto(project, answersFile(1, 9));
    const mine = [...project.judging.shown];
    expect((await reopened(here.collect, project.id)).judging.shown).toEqual(mine);
    const others = await Promise.all(
      ["a", "b", "c"].map((who) => Project.open(here.link, project.row, here.announcer, who)),
    );
    expect(new Set(others.map(({ judging }) => judging.shown.join())).size).toBe(3);
  });
});

describe("guidelines", () => {
  test("a new text is a new version, stamped from then on; the old one stays readable", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(2));
    await rankAndSave(project);
    await project.saveGuideline("# Ours\n\n- be kind", "own");
    await project.saveGuideline("# Ours\n\n- be kind", "own");
    await rankAndSave(project);
    const { rankings } = await project.contents.collection();
    expect(rankings.map(({ guideline, preset }) => [guideline.split(" ")[0]!.split("@")[1], preset])).toEqual([["1", "training"], ["2", "own"]]); // prettier-ignore
    const again = await reopened(here.collect, project.id);
    expect(again.row.guidelines.map(({ version }) => version)).toEqual([1, 2]);
  });

  test("presets differ in what comes first and are shown as headings, lists and paragraphs", () => {
    expect(PRESETS.map(({ name }) => name)).toEqual(["training", "evaluation", "toxicity"]);
    for (const { text } of PRESETS) {
      const kinds = new Set(blocksOf(text).map(({ kind }) => kind));
      expect([...kinds].sort()).toEqual(["heading", "list", "numbered", "paragraph"]);
    }
    expect(blocksOf("1. one\n2. two\n\n- a\n1. b")).toEqual([
      { kind: "numbered", items: ["one", "two"] },
      { kind: "paragraph", text: "- a\n1. b" },
    ]);
  });
});

describe("import", () => {
  test("is previewed, counted, committed whole, and taken back", async () => {
    const project = await projectIn(here);
    const imports = new Imports(project, here.announcer);
    await imports.read(fileOf(`${answersFile(5)}{"prompt":"x","completions":[7]}\n`));
    expect(project.items).toHaveLength(0);
    expect(imports.state).toMatchObject({ kind: "read", judged: false });
    if (imports.state.kind !== "read") return;
    expect(imports.state.preview.first).toHaveLength(3);
    expect(imports.state.result.problems).toEqual([
      "`answers.jsonl`, line 6, `completions[0]`: found `7`; expected an object. This line will be skipped.",
    ]);
    await imports.commit();
    expect(imports.state).toMatchObject({ kind: "done", sentence: "Imported 5 sets to judge from answers.jsonl." }); // prettier-ignore
    await rankAndSave(project);
    await imports.undo(project.batches.list![0]!.id);
    expect([project.items.length, project.total, project.batches.list!.length]).toEqual([0, 1, 0]);
  });

  test("of the same file twice adds nothing", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(3));
    const again = await importInto(project, answersFile(3));
    expect(project.items).toHaveLength(3);
    expect(again.taken).toBeNull();
  });

  test("a refused file says why in one sentence and changes nothing", async () => {
    const project = await projectIn(here);
    const imports = await importInto(project, "not a file of ours\n");
    expect(imports.state.kind).toBe("refused");
    expect(imports.state.kind === "refused" && imports.state.sentence).toMatch(
      /Nothing was imported/,
    );
    expect(project.batches.list ?? []).toHaveLength(0);
  });

  test("pairs of other tools become sets again, or count as they are", async () => {
    const pairs = [
      ["a", "b"],
      ["a", "c"],
      ["b", "c"],
    ].map(([chosen, rejected]) => `${JSON.stringify({ prompt: "p", chosen, rejected })}\n`);
    const project = await projectIn(here);
    await importInto(project, pairs.join(""), "judge");
    expect(project.items).toHaveLength(1);
    expect(project.judging.shown).toHaveLength(3);
    const other = await projectIn(here);
    await importInto(other, pairs.join(""), "keep");
    expect([other.items.length, (await other.contents.collection()).rankings.length]).toEqual([
      0, 3,
    ]);
  });

  test("typed sets are checked and queued", async () => {
    const project = await projectIn(here);
    const imports = new Imports(project, here.announcer);
    expect(await imports.type("", ["a", "b"])).toBe(false);
    expect(await imports.type("p", ["a", "a"])).toBe(false);
    expect(here.announcer.urgent).toContain("One answer cannot be ranked");
    expect(await imports.type("p", ["a", "b", ""])).toBe(true);
    expect(await imports.type("q", ["", ""])).toBe(true);
    expect(project.judging.shown).toHaveLength(2);
    expect((await project.contents.collection()).prompts).toHaveLength(1);
  });
});

test("export, import into an empty browser, export again: byte-equal, and the work goes on", async () => {
  const project = await projectIn(here, { overall: true, strength: true });
  await importInto(project, answersFile(4));
  for (const step of [1, 2, 3]) {
    const { judging } = project;
    judging.rate(judging.shown[0]!, { overall: step });
    judging.stage = "rank";
    judging.better = step === 2 ? "better" : "";
    for (const place of [1, 2, 3]) judging.placeFocused(place);
    judging.setGap(0, step);
    if (step === 3) await project.decisions.skip("Seen before");
    else await project.decisions.submit();
  }
  await project.decisions.edit((await project.contents.rows())[0]!.task);
  project.judging.toggleAllBad();
  await project.decisions.submit();
  const before = await project.contents.collection();
  const zip = await packed(before, ["preference", "labels"], OPTIONS, project.row);

  const there = await bench();
  const restored = await projectIn(there);
  const imports = new Imports(restored, there.announcer);
  await imports.read(fileOf(zip, "test.zip"));
  expect(imports.mode).toBe("keep");
  await imports.commit();
  const after = await restored.contents.collection();
  expect(
    Buffer.compare(await packed(after, ["preference", "labels"], OPTIONS, project.row), zip),
  ).toBe(0);
  // The judgements are somebody else's here: that person can go on, and one judgement is enough.
  expect(restored.open).toBe(1);
  const who = before.rankings[0]!.annotator;
  const back = await Project.open(there.link, restored.row, there.announcer, who);
  await back.whole;
  await back.decisions.edit((await back.contents.rows())[0]!.task);
  expect(back.judging).toMatchObject({ revising: true });
  await back.decisions.submit();
  const last = (await back.contents.rows()).at(-1)!;
  const { rankings } = await back.contents.collection();
  const revised = rankings.find(({ task }) => last.task.endsWith(task)) as Ranking;
  expect(revised.revision).toBeGreaterThan(1);
});
