// Files of several people come together: what is new, what contradicts, what is chosen, and all of it taken back.
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test } from "vitest";
import { writeEvents } from "../../src/formats/histories.ts";
import { packed } from "../../src/state/collect/exports.ts";
import { Merging } from "../../src/state/collect/merging.svelte.ts";
import type { MergePlan } from "../../src/state/collect/merge.ts";
import { Project } from "../../src/state/collect/project.svelte.ts";
import { wholeRanking } from "../../src/state/collect/sets.ts";
import { canonicalJson } from "../../src/storage/json.ts";
import { answersFile, bench, fileOf, importInto, projectIn, rankAndSave } from "./helpers.ts";
import type { Bench } from "./helpers.ts";

const OPTIONS = { shape: "standard", margin: false, trace: true, parquet: false } as const;

let here: Bench;
let there: Bench;
beforeEach(async () => {
  [here, there] = [await bench(), await bench()];
});

const zipOf = async (project: Project): Promise<Uint8Array> =>
  packed(await project.contents.collection(), [], OPTIONS, project.row);

/** The project of another browser, with this file in it. */
async function elsewhere(zip: Uint8Array, who?: string): Promise<Project> {
  const project = await projectIn(there, { overlap: 2 });
  await importInto(project, zip, "keep");
  if (who === undefined) return project;
  const theirs = await Project.open(there.link, project.row, there.announcer, who);
  await theirs.whole;
  return theirs;
}

async function read(project: Project, ...files: File[]): Promise<[Merging, MergePlan]> {
  const merging = new Merging(project, here.announcer);
  await merging.read(files);
  if (merging.state.kind !== "read") throw new Error(JSON.stringify(merging.state));
  return [merging, merging.state.plan];
}

test("two people's files meet on the same sets, twice adds nothing, and undo takes all of it back", async () => {
  const project = await projectIn(here, { overlap: 2 });
  await importInto(project, answersFile(3));
  await rankAndSave(project);
  const other = await elsewhere(await zipOf(project));
  await rankAndSave(other);
  await rankAndSave(other);
  await importInto(other, `${JSON.stringify({ prompt: "new", completions: ["x", "y"] })}\n`);
  const file = fileOf(await zipOf(other), "ada.zip");

  const [merging, plan] = await read(project, file);
  expect(plan).toMatchObject({ sets: 1, conflicts: [], people: 2 });
  expect(plan.files).toMatchObject([{ name: "ada.zip", fresh: 2, same: 1, older: 0, notes: [] }]);
  expect(plan.files[0]!.people).toHaveLength(2);
  expect(plan.overlap).toBe(1);
  const before = JSON.stringify(await project.contents.collection());
  await merging.commit();
  expect(merging.state).toMatchObject({ sentence: "Merged 2 judgements and 1 set from ada.zip." });
  expect([project.total, project.items.length]).toEqual([3, 4]);
  expect(new Set((await project.contents.rows()).map(({ annotator }) => annotator)).size).toBe(2);

  const [, again] = await read(project, file);
  expect([again.rows, again.records]).toEqual([[], []]);
  expect(again.files).toMatchObject([{ fresh: 0, same: 3 }]);

  if (merging.state.kind === "done") await merging.undo(merging.state.batch);
  expect(JSON.stringify(await project.contents.collection())).toBe(before);
});

test("one person's two answers are a contradiction: both stay, the chosen one counts, undo brings back", async () => {
  const project = await projectIn(here);
  await importInto(project, answersFile(2));
  const item = await rankAndSave(project);
  const me = project.annotator;
  const other = await elsewhere(await zipOf(project), me);
  await other.decisions.edit(other.task(item));
  other.judging.toggleAllBad();
  await other.decisions.submit();
  await project.decisions.edit(project.task(item));
  project.judging.note = "still fine";
  await project.decisions.submit();

  const [merging, plan] = await read(project, fileOf(await zipOf(other), "other.zip"));
  expect(plan.conflicts).toMatchObject([{ kind: "answers", annotator: me }]);
  expect(plan.conflicts[0]!.sentence).toContain("in 2 ways");
  const versions = plan.conflicts[0]!.versions.map((row) => wholeRanking(row)!);
  expect(versions.map(({ all_bad, note }) => [all_bad, note]).sort()).toEqual([[false, "still fine"], [true, ""]]); // prettier-ignore
  merging.choose(
    0,
    versions.findIndex(({ all_bad }) => all_bad),
  );
  await merging.commit();
  const [row] = await project.contents.rows();
  expect([project.total, wholeRanking(row!)!]).toMatchObject([1, { all_bad: true, revision: 3, id: row!.event }]); // prettier-ignore
  expect((await project.contents.revisions(row!)).length).toBe(4);
  // Decided for good: the same file is no contradiction any more.
  const [, again] = await read(project, fileOf(await zipOf(other), "other.zip"));
  expect(again.conflicts).toEqual([]);
  expect(again.files).toMatchObject([{ fresh: 0, older: 1 }]);

  if (merging.state.kind === "done") await merging.undo(merging.state.batch);
  expect(wholeRanking((await project.contents.rows())[0]!)).toMatchObject({ all_bad: false, note: "still fine", revision: 4 }); // prettier-ignore
});

test("undecided, the latest counts; a line that was changed by hand is a contradiction too", async () => {
  const project = await projectIn(here);
  await importInto(project, answersFile(1));
  await rankAndSave(project);
  const { rankings } = await project.contents.collection();
  const forged = `${JSON.stringify({ ...rankings[0]!, note: "forged", hash: "" })}\n`;
  const [merging, plan] = await read(project, fileOf(forged, "rankings.jsonl"));
  expect(plan.conflicts).toMatchObject([{ kind: "altered", about: rankings[0]!.id }]);
  await merging.commit();
  expect(wholeRanking((await project.contents.rows())[0]!)!.note).toBe("");
});

test("a history is merged with every version, and its gaps are told", async () => {
  const project = await projectIn(here, { overlap: 2 });
  await importInto(project, answersFile(2));
  const other = await elsewhere(await zipOf(project));
  const task = await rankAndSave(other);
  await other.decisions.edit(other.task(task));
  other.judging.toggleAllBad();
  await other.decisions.submit();
  const events = await there.link.use("Reading", (db) => db.getAll("events"));
  const own = events.filter(({ project: id }) => id === other.id);
  const [merging, plan] = await read(project, fileOf(writeEvents(own), "events.jsonl"));
  expect(plan.files).toMatchObject([{ fresh: 2, notes: [] }]);
  await merging.commit();
  expect(project.total).toBe(1);
  expect(wholeRanking((await project.contents.rows())[0]!)).toMatchObject({
    all_bad: true,
    revision: 2,
  });
  const cut = own.filter(({ kind }) => kind !== "ranking.submit");
  const [, told] = await read(project, fileOf(writeEvents(cut), "events.jsonl"));
  expect(told.files[0]!.notes.join()).toContain("is missing");
});

/** The project's zip with its history in it. */
const wholeZip = async (project: Project): Promise<Uint8Array> =>
  packed(
    await project.contents.collection(),
    [],
    { ...OPTIONS, events: await project.contents.events() },
    project.row,
  );

describe("a zip with a history in it", () => {
  /** Two judgements of somebody else, before and after one was changed twice and the other taken back. */
  async function changed(project: Project) {
    await importInto(project, answersFile(3));
    await rankAndSave(project);
    const other = await elsewhere(await zipOf(project), "ada");
    const [kept, gone] = [await rankAndSave(other), await rankAndSave(other)];
    const before = await zipOf(other);
    for (const note of ["second", "third"]) {
      await other.decisions.edit(other.task(kept));
      other.judging.note = note;
      await other.decisions.submit();
    }
    await other.decisions.retract(other.task(gone));
    return { kept, gone, before, after: await zipOf(other), history: await wholeZip(other) };
  }

  const ofAda = async (project: Project) =>
    (await project.contents.rows()).filter(({ annotator }) => annotator === "ada");

  test("changes and takes back what others said, and undo brings all of it back", async () => {
    const project = await projectIn(here, { overlap: 2 });
    const { kept, before, history } = await changed(project);
    const [first] = await read(project, fileOf(before, "before.zip"));
    await first.commit();
    expect(await ofAda(project)).toHaveLength(2);
    const was = JSON.stringify(await project.contents.collection());

    const file = fileOf(history, "history.zip");
    const [merging, plan] = await read(project, file);
    expect(plan.files).toMatchObject([{ fresh: 2, takenBack: 1, notes: [] }]);
    expect([plan.conflicts, plan.versions]).toEqual([[], []]);
    await merging.commit();
    expect(merging.state).toMatchObject({ sentence: "Merged 3 judgements, 1 of them taken back, from history.zip." }); // prettier-ignore
    const [row, ...more] = await ofAda(project);
    expect([more.length, row?.task, wholeRanking(row!)?.note]).toEqual([0, project.task(kept), "third"]); // prettier-ignore
    const notes = (await project.contents.revisions(row!)).map(({ ranking }) => ranking?.note);
    expect(notes).toEqual(["", "second", "third"]);
    const [, again] = await read(project, file);
    expect([again.rows, again.versions, again.records]).toEqual([[], [], []]);

    if (merging.state.kind === "done") await merging.undo(merging.state.batch);
    const texts = (json: string) => (JSON.parse(json) as { rankings: { task: string; annotator: string; note: string }[] }).rankings.map(({ task, annotator, note }) => [task, annotator, note]).sort(); // prettier-ignore
    expect(texts(JSON.stringify(await project.contents.collection()))).toEqual(texts(was));
  });

  test("completes the history behind a newer answer that is here, without changing it", async () => {
    const project = await projectIn(here, { overlap: 2 });
    const { kept, after, history } = await changed(project);
    const [first] = await read(project, fileOf(after, "after.zip"));
    await first.commit();
    const [merging, plan] = await read(project, fileOf(history, "history.zip"));
    // the judgement that was taken back was never here: it comes with its end
    expect(plan.files).toMatchObject([{ fresh: 1, takenBack: 1, older: 2 }]);
    expect(plan.versions).toHaveLength(2);
    await merging.commit();
    const rows = await ofAda(project);
    expect(rows.map(({ task }) => task)).toEqual([project.task(kept)]);
    const notes = (await project.contents.revisions(rows[0]!)).map(({ ranking }) => ranking?.note);
    expect(notes).toEqual(["", "second", "third"]);
    const [, again] = await read(project, fileOf(history, "history.zip"));
    expect([again.rows, again.versions]).toEqual([[], []]);
  });

  test("in any order of files: the same answers and the same versions", async () => {
    const project = await projectIn(here, { overlap: 2 });
    const { before, after, history } = await changed(project);
    const files = [before, after, history].map((bytes, i) => fileOf(bytes, `${i}.zip`));
    const plans: string[] = [];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ]) {
      const [, plan] = await read(project, ...order.map((i) => files[i]!));
      plans.push(canonicalJson([plan.rows, plan.versions, plan.conflicts]));
    }
    expect(new Set(plans).size).toBe(1);
  });

  test("that was changed by hand is refused by its checksum", async () => {
    const project = await projectIn(here, { overlap: 2 });
    const { history } = await changed(project);
    const { unzipSync, zipSync } = await import("fflate");
    const entries = unzipSync(history);
    const text = new TextDecoder().decode(entries["events.jsonl"]);
    entries["events.jsonl"] = new TextEncoder().encode(text.replace("second", "forged"));
    const merging = new Merging(project, here.announcer);
    await merging.read([fileOf(zipSync(entries), "forged.zip")]);
    expect(merging.state).toMatchObject({ kind: "refused" });
    expect(merging.state.kind === "refused" && merging.state.sentence).toContain("events.jsonl");
  });
});

test("other formats, damaged files and judgements from the future are refused whole", async () => {
  const project = await projectIn(here);
  await importInto(project, answersFile(1));
  await rankAndSave(project);
  const { rankings } = await project.contents.collection();
  const late = { ...rankings[0]!, id: "0fffffff-ffff-7000-8000-000000000000", hash: "" };
  const merging = new Merging(project, here.announcer);
  const refused: [File[], RegExp][] = [
    [[fileOf('{"prompt":"a","chosen":"b","rejected":"c"}\n', "p.jsonl")], /found TRL preference.*Import it instead/], // prettier-ignore
    [[fileOf(await zipOf(project), "a.zip"), fileOf("nonsense", "b.zip")], /b\.zip/],
    [[fileOf(`${JSON.stringify(late)}\n`, "late.jsonl")], /dated in the future/],
  ];
  for (const [files, sentence] of refused) {
    await merging.read(files);
    expect(merging.state.kind === "refused" ? merging.state.sentence : "").toMatch(sentence);
    expect(project.total).toBe(1);
  }
});
