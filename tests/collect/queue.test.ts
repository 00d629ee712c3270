// What a person is asked: worked gold first, silent gold and repeats in between, the rest by the policy, all of it logged.
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, test } from "vitest";
import type { Item } from "../../src/formats/records.ts";
import { selectNext } from "../../src/quality/select.ts";
import { wholeReport } from "../../src/quality/report.ts";
import { Collect } from "../../src/state/collect/collect.svelte.ts";
import type { Select } from "../../src/state/collect/chooser.ts";
import { goldItems, ruleOf } from "../../src/state/collect/gold.ts";
import { Project } from "../../src/state/collect/project.svelte.ts";
import { due } from "../../src/state/collect/schedule.ts";
import { wholeRanking } from "../../src/state/collect/sets.ts";
import { allRecords } from "../../src/storage/collection.ts";
import { DEFAULT_SCHEDULE } from "../../src/storage/projects.ts";
import type { Schedule } from "../../src/storage/projects.ts";
import { answersFile, bench, importInto, projectIn, rankAndSave } from "./helpers.ts";
import type { Bench } from "./helpers.ts";

let here: Bench;
/** options of every draw that was asked for */
let asked: Parameters<Select>[2][];
beforeEach(async () => {
  here = await bench();
  asked = [];
  const { link, announcer } = here;
  const select: Select = async (project, open, options) => {
    asked.push(options);
    const items = (await allRecords(link, project))
      .map(({ record }) => record as unknown as Item)
      .filter(({ id }) => open.includes(id));
    return selectNext(await rowsOf(project), items, options);
  };
  here.collect = new Collect(link, announcer, select);
});

const rowsOf = (project: string) =>
  here.link.use("Reading", (db) =>
    db.getAllFromIndex("judgements", "event", IDBKeyRange.bound([project], [project, []])),
  );

const schedule = (changes: Partial<Schedule>): { schedule: Schedule } => ({
  schedule: { ...DEFAULT_SCHEDULE, ...changes },
});

/** Makes the answers of this person's judgements the right ones. */
async function makeGold(project: Project, kinds: readonly ("worked" | "silent")[]): Promise<void> {
  const rows = await project.contents.rows();
  const gold = kinds.map((kind, i) => {
    const ranking = wholeRanking(rows[i]!)!;
    return ruleOf(ranking, kind, `Because of ${i}.`);
  });
  await project.change({ settings: { ...project.row.settings, ...schedule({ gold, goldEvery: 3 }) } }); // prettier-ignore
}

async function openAs(project: Project, who: string): Promise<Project> {
  const other = await Project.open(here.link, project.row, here.announcer, who);
  await other.whole;
  return other;
}

describe("gold", () => {
  test("worked gold comes first and teaches; silent gold comes one in three and says nothing", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(12));
    const gold: string[] = [];
    for (let i = 0; i < 4; i++) gold.push(await rankAndSave(project));
    await makeGold(project, ["worked", "silent", "silent", "silent"]);
    // Its author is asked for what is left and sees none of it again.
    expect(project.open).toBe(8);

    const other = await openAs(project, "newcomer");
    expect(other.judging.set?.item).toBe(gold[0]);
    expect(other.open).toBe(1 + 8 + 3);
    await rankAndSave(other);
    expect(other.asking.lesson).toMatchObject({ rule: { explanation: "Because of 0." } });
    expect(other.judging.set).toBeNull();
    await other.asking.next();
    expect(other.asking.lesson).toBeNull();
    const order: string[] = [];
    for (let left = other.open; other.judging.set !== null; left--) {
      expect(other.open).toBe(left);
      order.push(await rankAndSave(other));
      expect(other.asking.lesson).toBeNull();
    }
    expect([order.length, other.open, other.asking.finished]).toEqual([11, 0, true]);
    const places = order.flatMap((item, i) => (gold.includes(item) ? [i] : []));
    expect(places).toHaveLength(3);
    // one in every block of three ordinary ones
    places.forEach((place, k) => {
      expect(place - k).toBeGreaterThanOrEqual(3 * k);
      expect(place - k).toBeLessThanOrEqual(3 * k + 3);
    });
    const rankings = (await other.contents.rows())
      .filter(({ annotator }) => annotator === "newcomer")
      .map((row) => wholeRanking(row)!);
    expect(rankings.filter((one) => one.gold === "silent")).toHaveLength(3);
    expect(rankings.filter((one) => one.gold === "worked")).toHaveLength(1);
    expect(rankings.filter((one) => one.gold === "")).toHaveLength(8);
    expect(rankings.find((one) => one.gold === "worked")).toMatchObject({ select_policy: "gold", propensity: 0 }); // prettier-ignore

    const items = goldItems(other.row.settings.schedule!.gold, other.task);
    const report = wholeReport(await rowsOf(project.id), { gold: items, rounds: 1 });
    expect(report.gold.map(({ rater, kind, items: n }) => [rater, kind, n])).toEqual([
      ["newcomer", "silent", 3],
      ["newcomer", "worked", 1],
    ]);
    for (const { passed, kind, scores } of report.gold) {
      const stamped = rankings.filter((one) => one.gold === kind && one.gold_pass).length;
      expect([passed, scores.filter(({ pass }) => pass).length]).toEqual([stamped, stamped]);
    }
  });

  test("the right order scores all pairs and says so", async () => {
    const project = await projectIn(here);
    await importInto(project, answersFile(2));
    await rankAndSave(project);
    await makeGold(project, ["worked"]);
    const other = await openAs(project, "newcomer");
    const right = project.row.settings.schedule!.gold[0]!.ranks;
    const { judging } = other;
    judging.set!.cards.forEach(([first = 0], card) => judging.put(card, right[first]!));
    await other.decisions.submit();
    expect(other.asking.lesson).toMatchObject({ right: 6, pairs: 6 });
    expect(other.asking.lesson!.sentence).toContain("Exactly as");
    expect(wholeRanking((await other.contents.rows()).at(-1)!)).toMatchObject({
      gold: "worked",
      gold_pass: true,
    });
  });
});

describe("repeats", () => {
  test("come after at least twenty others, in the opposite order, and count as self-agreement", async () => {
    const project = await projectIn(here, schedule({ repeatEvery: 8 }));
    await importInto(project, answersFile(40));
    const expected = due(40, 8, `${project.annotator} repeat`);
    const order: { item: string; shown: readonly number[] }[] = [];
    while (project.judging.set !== null) {
      const { item, shown } = project.judging.set;
      order.push({ item, shown });
      await rankAndSave(project);
    }
    const again = order.flatMap(({ item, shown }, i) => (item.endsWith("~2") ? [{ item, shown, i }] : [])); // prettier-ignore
    expect(again).toHaveLength(expected);
    for (const { item, shown, i } of again) {
      const before = order.findIndex((one) => `${one.item}~2` === item);
      expect(i - before).toBeGreaterThan(20);
      expect(order[before]!.shown.toReversed()).toEqual(shown);
    }
    expect(project.mine).toBe(40);
    const report = wholeReport(await rowsOf(project.id), { rounds: 1 });
    expect(report.repeats.raters[0]).toMatchObject({ items: again.length });
    // Ranked by place on screen both times, so every pair turned with its place.
    expect(report.repeats.turned.first).toBe(6 * again.length);
    const { rankings } = await project.contents.collection();
    expect(rankings.filter(({ select_policy }) => select_policy === "repeat")).toHaveLength(again.length); // prettier-ignore
  });

  test("one is due in every block, at a place that person fixes", () => {
    for (const seed of ["a", "b", "c"]) {
      const counts = Array.from({ length: 41 }, (_, n) => due(n, 10, seed));
      expect([counts[0], counts[10], counts[20], counts[40]]).toEqual([0, 1, 2, 4]);
      expect(counts).toEqual(counts.toSorted((x, y) => x - y));
    }
    expect(due(100, 0, "a")).toBe(0);
  });
});

describe("what to label next", () => {
  test("is drawn in batches by the policy and logged on event, row and record", async () => {
    const project = await projectIn(here, schedule({ policy: "gap_ucb" }));
    await importInto(project, answersFile(30));
    for (let i = 0; i < 25; i++) await rankAndSave(project);
    expect(asked.map(({ policy, explore, count }) => [policy, explore, count])).toEqual(Array(asked.length).fill(["gap_ucb", 0.2, 10])); // prettier-ignore
    // nothing is learned before there are five judgements, and each batch is drawn before it is needed
    expect(asked).toHaveLength(2);
    const { rankings } = await project.contents.collection();
    const policies = rankings.map(({ select_policy }) => select_policy);
    expect(policies.slice(0, 10)).toEqual(Array(10).fill("random"));
    expect(policies.slice(10)).toContain("gap_ucb");
    expect(rankings[0]).toMatchObject({ select_score: 0, propensity: 1 / 30 });
    for (const { propensity } of rankings) {
      expect(propensity).toBeGreaterThan(0);
      expect(propensity).toBeLessThanOrEqual(1);
    }
    // A change of a judgement keeps how its set was chosen.
    await project.decisions.edit((await project.contents.rows())[12]!.task);
    const before = wholeRanking((await project.contents.rows())[12]!)!;
    project.judging.toggleAllBad();
    await project.decisions.submit();
    const { select_policy, select_score, propensity } = before;
    expect(wholeRanking((await project.contents.rows()).at(-1)!)).toMatchObject({ revision: 2, select_policy, select_score, propensity }); // prettier-ignore
  });

  test("goes on at random, and logs that, when the draw fails; in order is logged too", async () => {
    here.collect = new Collect(here.link, here.announcer, () => Promise.reject(new Error("no worker"))); // prettier-ignore
    const project = await projectIn(here, schedule({ policy: "bald" }));
    await importInto(project, answersFile(4));
    await rankAndSave(project);
    await project.change({ settings: { ...project.row.settings, ...schedule({ policy: "order" }) } }); // prettier-ignore
    await rankAndSave(project);
    const { rankings } = await project.contents.collection();
    expect(rankings.map(({ select_policy, propensity }) => [select_policy, propensity])).toEqual([
      ["random", 0.25],
      ["order", 1],
    ]);
  });
});
