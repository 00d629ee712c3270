// Generated projects: exported as a zip, erased with the whole database, imported, exported again: byte-equal.
import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { Announcer } from "../../src/state/announcer.svelte.ts";
import { packed } from "../../src/state/collect/exports.ts";
import type { ExportOptions } from "../../src/state/collect/exports.ts";
import { takeIn } from "../../src/state/collect/intake.ts";
import { Imports } from "../../src/state/collect/imports.svelte.ts";
import { Project } from "../../src/state/collect/project.svelte.ts";
import { ALL_LABELS } from "../../src/state/collect/questions.ts";
import { oneProject } from "../../src/storage/collection.ts";
import { Store } from "../../src/storage/store.ts";
import { DEFAULT_SCHEDULE, DEFAULT_SETTINGS } from "../../src/storage/projects.ts";
import type { ProjectSettings } from "../../src/storage/projects.ts";
import { createIds } from "../../src/storage/ids.ts";
import type { Imported } from "../../src/formats/records.ts";
import { someProject, someText } from "../formats/helpers.ts";
import { below, connect, generator } from "../storage/helpers.ts";
import { fileOf } from "./helpers.ts";

/** As many as are promised, about 27 ms of processor time each; NUDGE_FUZZ asks for more or fewer. */
const PROJECTS = Number(process.env["NUDGE_FUZZ"] ?? 1000);
const OPTIONS: ExportOptions = { shape: "standard", margin: true, trace: true, parquet: false };

/** Records of every kind; half of the rankings look as if they were made here, by id, task and author. */
function generated(seed: number): Imported[] {
  const random = generator(seed);
  const ids = createIds(() => 1.7e12 + seed);
  const all = someProject(seed);
  const rankings = all.rankings.map(
    (ranking, i) =>
    random() < 0.5 ? ranking : { ...ranking, id: ids.next(), project: "p", task: `t ${i}`, session: "s", revision: 1 + below(random, 3) }, // prettier-ignore
  );
  return [...rankings, ...all.labelled, ...all.demonstrations, ...all.prompts, ...all.items];
}

function someSettings(random: () => number): ProjectSettings {
  return {
    ...DEFAULT_SETTINGS,
    k: 2 + below(random, 8),
    overall: random() < 0.5,
    labels: ALL_LABELS.filter(() => random() < 0.3),
    own: random() < 0.3 ? [{ key: "mine", text: someText(random), scale: "1-7" }] : [],
    schedule: {
      ...DEFAULT_SCHEDULE,
      explore: below(random, 11) / 10,
      gold: random() < 0.3 ? [{ item: "t0", kind: "silent", ranks: [1, null], explanation: someText(random), author: "a" }] : [], // prettier-ignore
    },
  };
}

test(`of ${PROJECTS} projects through the page's own export and import`, async () => {
  let records = 0;
  for (let seed = 0; seed < PROJECTS; seed++) {
    const random = generator(seed);
    const from = await open();
    const settings = someSettings(random);
    const place = { project: from.id, task: from.task, has: () => false };
    await from.batches.add(takeIn(generated(seed), "keep", place), "made", {
      settings,
      guidelines: [],
    });
    await from.saveGuideline(someText(random), "own");
    const zip = await packed(await from.contents.collection(), [], OPTIONS, {
      ...from.row,
      name: "Test",
    });
    await from.close();

    const to = await open();
    const imports = new Imports(to, new Announcer());
    await imports.read(fileOf(zip, "test.zip"));
    imports.mode = "keep";
    await imports.commit();
    expect(imports.state.kind).toBe("done");
    const all = await to.contents.collection();
    const again = await packed(all, [], OPTIONS, { ...to.row, name: "Test" });
    if (Buffer.compare(again, zip) !== 0) expect(`project ${seed}`).toBe("byte-equal");
    records += all.rankings.length + all.items.length;
    await to.close();
  }
  expect(records).toBeGreaterThan(2 * PROJECTS);
}, 900_000);

/** An empty project in a database of its own: what was there before is gone. */
async function open(): Promise<Project> {
  const link = await connect();
  const store = await Store.start(link, { project: "p" });
  const made = { name: "Test", settings: DEFAULT_SETTINGS, archived: false };
  await store.append("project.create", "", made);
  await store.close();
  const row = await oneProject(link, "p");
  if (row === undefined) throw new Error("The project is not there.");
  return Project.open(link, row, new Announcer());
}
