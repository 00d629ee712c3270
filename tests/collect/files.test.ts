// Files of a whole project: settings come back, nothing of a person's time leaves when it is not wanted, people are held out.
import "fake-indexeddb/auto";
import { unzipSync, strFromU8 } from "fflate";
import { beforeEach, describe, expect, test } from "vitest";
import { readEvents } from "../../src/formats/histories.ts";
import { packed } from "../../src/state/collect/exports.ts";
import type { ExportOptions } from "../../src/state/collect/exports.ts";
import { ruleOf } from "../../src/state/collect/gold.ts";
import { Imports } from "../../src/state/collect/imports.svelte.ts";
import { collect } from "../../src/formats/records.ts";
import { readProject, writeProject } from "../../src/state/collect/project-file.ts";
import { Project } from "../../src/state/collect/project.svelte.ts";
import { wholeRanking } from "../../src/state/collect/sets.ts";
import { DEFAULT_SCHEDULE } from "../../src/storage/projects.ts";
import { below, generator } from "../storage/helpers.ts";
import { answersFile, bench, fileOf, importInto, projectIn, rankAndSave } from "./helpers.ts";
import type { Bench } from "./helpers.ts";

const OPTIONS: ExportOptions = { shape: "standard", margin: false, trace: true, parquet: false };

let here: Bench;
let there: Bench;
beforeEach(async () => {
  [here, there] = [await bench(), await bench()];
});

/** A project with everything that settings can hold, judged by one person. */
async function full(): Promise<Project> {
  const own = [{ key: "polite", text: "Is it polite?", scale: "yes-no" as const }];
  const project = await projectIn(here, { k: 3, overall: true, labels: ["hallucination"], own, strength: true, overlap: 2 }); // prettier-ignore
  await importInto(project, answersFile(4, 3));
  for (let i = 0; i < 2; i++) {
    project.judging.stage = "rank";
    project.judging.note = `secret ${i}`;
    await rankAndSave(project);
  }
  const gold = [ruleOf(wholeRanking((await project.contents.rows())[0]!)!, "worked", "Why.")];
  const schedule = { ...DEFAULT_SCHEDULE, gold, policy: "bald" as const, explore: 0.5, repeatEvery: 20 }; // prettier-ignore
  await project.change({ settings: { ...project.row.settings, schedule } });
  await project.saveGuideline("# Second", "own");
  return project;
}

describe("a zip", () => {
  test("brings settings, gold and every guideline into an empty browser, and the same zip comes out", async () => {
    const project = await full();
    const zip = await packed(
      await project.contents.collection(),
      ["preference"],
      OPTIONS,
      project.row,
    );
    const restored = await projectIn(there, {}, "");
    const imports = new Imports(restored, there.announcer);
    await imports.read(fileOf(zip, "a.zip"));
    expect(imports.settings).toBe(true);
    await imports.commit();
    expect(restored.row.settings).toEqual(project.row.settings);
    expect(restored.row.guidelines.map(({ version, text }) => [version, text])).toEqual(
      project.row.guidelines.map(({ version, text }) => [version, text]),
    );
    const named = { ...restored.row, name: project.row.name };
    const again = await packed(
      await restored.contents.collection(),
      ["preference"],
      OPTIONS,
      named,
    );
    expect(Buffer.compare(again, zip)).toBe(0);
  });

  test("to hand out has sets and settings and no judgement, and practice comes first there", async () => {
    const project = await full();
    const zip = await packed(await project.contents.collection(), [], { ...OPTIONS, unjudged: true }, project.row); // prettier-ignore
    expect(strFromU8(unzipSync(zip)["rankings.jsonl"]!)).toBe("");
    const theirs = await projectIn(there, {}, "");
    const imports = new Imports(theirs, there.announcer);
    await imports.read(fileOf(zip, "a.zip"));
    await imports.commit();
    const worked = project.row.settings.schedule!.gold[0]!.item;
    expect([theirs.total, theirs.open, theirs.judging.set?.item]).toEqual([0, 4, worked]);
  });

  test("without notes and times holds neither, nor a time in an id, and comes back", async () => {
    const project = await full();
    const zip = await packed(await project.contents.collection(), ["labels"], { ...OPTIONS, stripped: true }, project.row); // prettier-ignore
    const files = unzipSync(zip);
    const text = Object.entries(files).map(([path, bytes]) => path === "project.json" ? "" : strFromU8(bytes)).join("\n"); // prettier-ignore
    expect(text).not.toContain("secret");
    expect(text).not.toContain(`${new Date().getUTCFullYear()}-`);
    const { rankings } = await project.contents.collection();
    for (const { id, session, submitted } of rankings) {
      for (const one of [id, session, submitted]) expect(text).not.toContain(one);
      expect(text).not.toContain(id.slice(0, 13));
    }
    // a ranking of the first page has its time in `extra` as well
    const played = { ...rankings[0]!, extra: '{"nudge":{"promptId":"x","source":"person","t":1700000000123,"tokens":[]}}' }; // prettier-ignore
    const own = await packed(collect([played]), [], { ...OPTIONS, stripped: true }, project.row);
    const bare = strFromU8(unzipSync(own)["rankings.jsonl"]!);
    expect(bare).not.toContain("1700000000123");
    expect(bare).toContain("promptId");
    const restored = await projectIn(there, {}, "");
    await importInto(restored, zip, "keep");
    expect(restored.total).toBe(2);
    const order = (await restored.contents.rows()).map((row) => wholeRanking(row)!.ranking);
    expect(order).toEqual(rankings.map(({ ranking }) => ranking));
  });

  test("with a person held out has them in test.jsonl alone, and the card names both splits", async () => {
    const project = await full();
    const other = await Project.open(here.link, project.row, here.announcer, "ada");
    await other.whole;
    other.judging.stage = "rank";
    await rankAndSave(other);
    if (other.asking.lesson !== null) await other.asking.next();
    await project.refresh();
    const options = { ...OPTIONS, heldOut: ["ada"], parquet: true };
    const zip = await packed(
      await project.contents.collection(),
      ["preference"],
      options,
      project.row,
    );
    const files = unzipSync(zip);
    const lines = (split: string): string[] =>
      strFromU8(files[`data/preference/${split}.jsonl`]!).trimEnd().split("\n");
    expect([lines("train").length, lines("test").length]).toEqual([6, 3]);
    const ids = (list: string[]) => new Set(list.map((line) => (JSON.parse(line) as { judgement_id: string }).judgement_id)); // prettier-ignore
    const adas = (await project.contents.rows()).filter(({ annotator }) => annotator === "ada").map(({ event }) => event); // prettier-ignore
    expect([...ids(lines("test"))]).toEqual(adas);
    expect(strFromU8(files["README.md"]!)).toContain("  - split: test\n    path: data/preference/test.jsonl"); // prettier-ignore
    expect(files["parquet/preference/test.parquet"]).toBeDefined();
    expect(strFromU8(files["SHA256SUMS"]!)).toContain("data/preference/test.jsonl");
  });

  test("may hold the whole history, whose chains are whole", async () => {
    const project = await full();
    const events = await project.contents.events();
    const zip = await packed(
      await project.contents.collection(),
      [],
      { ...OPTIONS, events },
      project.row,
    );
    const read = readEvents(strFromU8(unzipSync(zip)["events.jsonl"]!));
    expect(read).toMatchObject({ refused: [], problems: [] });
    expect(read.events).toHaveLength(events.length);
  });
});

test("project.json is read back as it was written, and 10,000 changed ones are refused or whole", async () => {
  const project = await full();
  const text = writeProject(project.row);
  const { name, settings, guidelines } = readProject(text, "a.zip");
  expect([name, settings]).toEqual([project.row.name, project.row.settings]);
  expect(writeProject({ ...project.row, settings, guidelines: guidelines.map((one) => ({ ...one, event: "" })) })).toBe(text); // prettier-ignore
  const random = generator(5);
  let refused = 0;
  for (let i = 0; i < 10_000; i++) {
    const at = below(random, text.length);
    const piece = ["", "9", "null", '"', "{", "-1e999", "__proto__", "\ud800"][below(random, 8)]!;
    const changed = text.slice(0, at) + piece + text.slice(at + 1 + below(random, 4));
    try {
      readProject(changed, "a.zip");
    } catch (error) {
      refused++;
      expect((error as Error).name).toBe("FormatError");
      expect((error as Error).message).toMatch(
        /^`a\.zip`, `project\.json`.* Nothing was imported\.$/s,
      );
    }
  }
  expect(refused).toBeGreaterThan(2000);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});
