// Files that other programs write as nobody expects: names like ours, large numbers, large sets, clocks ahead.
import "fake-indexeddb/auto";
import { beforeEach, expect, test } from "vitest";
import { writeLossless } from "../../src/formats/lossless.ts";
import { assistant, candidate, newRanking, user } from "../../src/formats/new-records.ts";
import { Imports, effectOf } from "../../src/state/collect/imports.svelte.ts";
import { Merging } from "../../src/state/collect/merging.svelte.ts";
import type { Project } from "../../src/state/collect/project.svelte.ts";
import { wholeRanking } from "../../src/state/collect/sets.ts";
import { createIds } from "../../src/storage/ids.ts";
import { bench, fileOf, importInto, projectIn, rankAndSave } from "./helpers.ts";
import type { Bench } from "./helpers.ts";

let here: Bench;
beforeEach(async () => {
  here = await bench();
});

const lines = (...records: object[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join(""); // prettier-ignore
const asked = async (project: Project): Promise<string[]> => {
  const { rankings } = await project.contents.collection();
  return rankings.map(({ context }) => context[0]?.content ?? "").sort();
};

test("an id that ends like the name of a repeat is a set of its own, asked once", async () => {
  const project = await projectIn(here);
  const set = (id: string) => ({ id, prompt: `prompt ${id}`, completions: ["a", "b"] });
  await importInto(project, lines(set("q"), set("q~2"), set("v~2~2")));
  expect([project.open, project.judging.set]).toEqual([3, expect.anything()]);
  for (let i = 0; i < 3; i++) await rankAndSave(project);
  expect([project.open, await asked(project)]).toEqual([0, ["prompt q", "prompt q~2", "prompt v~2~2"]]); // prettier-ignore
  const { items } = await project.contents.collection();
  expect(items.map(({ extra }) => extra).sort()).toEqual(["", '{"id":"q~2"}', '{"id":"v~2~2"}']);
  // the same file again brings nothing
  const again = await importInto(project, lines(set("q~2")));
  expect([again.state.kind, project.items.length]).toEqual(["done", 3]);
});

test("ids beyond 2^53 stay apart, digit by digit", async () => {
  const project = await projectIn(here);
  const line = (id: string, prompt: string): string => `{"id":${id},"prompt":"${prompt}","completions":["a","b"],"n":${id}}\n`; // prettier-ignore
  await importInto(
    project,
    line("1234567890123456788", "one") + line("1234567890123456789", "two"),
  );
  expect(project.items.map((item) => item).length).toBe(2);
  const { items } = await project.contents.collection();
  expect(items.map(({ id, extra }) => [id, extra]).sort()).toEqual(
    ["1234567890123456788", "1234567890123456789"].map((id) => [id, `{"n":"${id}"}`]),
  );
});

test("a set of more answers than fit comes once, whatever its file calls it", async () => {
  const project = await projectIn(here);
  const completions = Array.from({ length: 12 }, (_, i) => `answer ${i}`);
  const content = lines({ id: "big", prompt: "p", completions });
  await importInto(project, content);
  expect(project.items).toHaveLength(2);
  const [before] = project.batches.list ?? [];
  await rankAndSave(project);
  const again = new Imports(project, here.announcer);
  await again.read(fileOf(content));
  await again.commit();
  expect(again.state).toMatchObject({ kind: "done", sentence: "Imported nothing new from answers.jsonl." }); // prettier-ignore
  expect(project.batches.list?.map(({ id }) => id)).toEqual([before?.id]);
  expect([project.items.length, project.total]).toEqual([2, 1]);
});

test("the version that a person chooses counts, also against one from a clock that is ahead", async () => {
  const project = await projectIn(here);
  const context = [user("p")];
  const answers = ["a", "b"].map((text) => candidate([assistant(text)]));
  const said = (order: number[][], hours: number) =>
    newRanking(context, answers, order, { id: createIds(() => Date.now() + hours * 3_600_000).next(), task: "t", annotator: "ada", revision: 1, outcome: "ranked", shown: [0, 1] }); // prettier-ignore
  await importInto(project, writeLossless([said([[0], [1]], 5)]), "keep");
  const merging = new Merging(project, here.announcer);
  await merging.read([fileOf(writeLossless([said([[1], [0]], 0)]), "two.jsonl")]);
  if (merging.state.kind !== "read") throw new Error(JSON.stringify(merging.state));
  const [conflict] = merging.state.plan.conflicts;
  const orders = conflict?.versions.map((row) => JSON.stringify(wholeRanking(row)?.ranking)) ?? [];
  expect(orders.toSorted()).toEqual(["[[0],[1]]", "[[1],[0]]"]);
  merging.choose(0, orders.indexOf("[[1],[0]]"));
  await merging.commit();
  const rows = await project.contents.rows();
  expect(rows.map((row) => wholeRanking(row)?.ranking)).toEqual([[[1], [0]]]);
});

test("a plain import says what its judgements replace, and an older one changes no answer", async () => {
  const project = await projectIn(here);
  const answers = ["a", "b"].map((text) => candidate([assistant(text)]));
  const said = (order: number[][], hours: number, revision: number, supersedes: string) =>
    newRanking([user("p")], answers, order, { id: createIds(() => Date.now() + hours * 3_600_000).next(), task: "t", annotator: "ada", revision, supersedes, outcome: "ranked", shown: [0, 1] }); // prettier-ignore
  const first = said([[0], [1]], -5, 1, "");
  const second = said([[0, 1]], -4, 2, first.id);
  const third = said([[1], [0]], -3, 3, second.id);
  const read = async (...records: Parameters<typeof writeLossless>[0]): Promise<Imports> => {
    const imports = new Imports(project, here.announcer);
    await imports.read(fileOf(writeLossless(records), "theirs.jsonl"));
    return imports;
  };
  const orders = async () =>
    (await project.contents.rows()).map((row) => wholeRanking(row)?.ranking);
  const effect = ({ state }: Imports): string[] =>
    state.kind === "read" && state.beside !== null ? effectOf(state.beside) : ["?"];
  await importInto(project, writeLossless([second]), "keep");

  const older = await read(first);
  expect([older.mode, older.taken?.decisions, effect(older)]).toEqual(["keep", 0, ["Judgements older than what is here, which go into the history and change no answer: 1."]]); // prettier-ignore
  await older.commit();
  expect(older.state).toMatchObject({ sentence: "Imported nothing new from theirs.jsonl." });
  expect(await orders()).toEqual([[[0, 1]]]);
  const [row] = await project.contents.rows();
  expect((await project.contents.revisions(row!)).map(({ id }) => id)).toEqual([first.id, second.id]); // prettier-ignore

  const newer = await read(third);
  expect([newer.taken?.decisions, effect(newer)]).toEqual([1, ["Judgements that take the place of what the same person said here before: 1."]]); // prettier-ignore
  await newer.commit();
  expect(await orders()).toEqual([[[1], [0]]]);

  const against = await read(said([[0], [1]], -1, 3, second.id));
  expect(effect(against).map((line) => line.slice(0, 55))).toEqual([
    "Judgements that take the place of what the same person ",
    "Sets to which a person gave another answer here and in ",
  ]);
  const again = await read(said([[0], [1]], -6, 3, ""), second);
  expect(again.taken?.decisions).toBe(0);
});
