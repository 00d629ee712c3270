// What happens to judgements when files of the browser rot, disappear or do not fit: told, and put back.
import { cpSync, readFileSync, readdirSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readImport } from "../../src/formats/import.ts";
import { collect } from "../../src/formats/records.ts";
import { chainProblems } from "../../src/storage/events.ts";
import { databaseEvents, journalEvents, lostIn, makeProject, press, setsFile, startJudging, textOf } from "./support/collecting.ts"; // prettier-ignore
import type { Acknowledged } from "./support/collecting.ts";
import { Profile } from "./support/profile.ts";
import { startServer, type PageServer } from "./support/server.ts";

const SETS = 12;

let server: PageServer;
/** a profile in which every set was judged and saved; the tests work on copies */
let judged: Profile;
let project = "";
const acknowledged: Acknowledged[] = [];

beforeAll(async () => {
  server = await startServer();
  judged = new Profile();
  let page = await judged.open(`${server.url}#/collect`);
  await page.waitForSelector("form input.field");
  project = await makeProject(page, "Skies", setsFile(SETS));
  await judged.stop();
  cpSync(judged.indexedDb, `${judged.indexedDb}.older`, { recursive: true });
  page = await judged.open(`${server.url}${project}`);
  await startJudging(page, 1, (one) => acknowledged.push(one));
  await page.waitForFunction(() => document.body.textContent.includes("All done"));
  await vi.waitFor(() => expect(acknowledged.length).toBe(SETS));
  await judged.killBrowser();
});
afterAll(async () => {
  await judged.remove();
  await server.close();
});

/** Files of the database, the largest first. */
function filesOf(profile: Profile, ending: RegExp): string[] {
  const folder = readdirSync(profile.indexedDb).find((name) => name.endsWith(".leveldb")) ?? "";
  const all = readdirSync(join(profile.indexedDb, folder)).filter((name) => ending.test(name));
  const paths = all.map((name) => join(profile.indexedDb, folder, name));
  return paths.sort((a, b) => statSync(b).size - statSync(a).size);
}

/** Changes bytes all over a file, the same ones every time. */
function flipBytes(path: string): void {
  const bytes = readFileSync(path);
  for (let at = 7; at < bytes.length; at += 97) bytes[at]! ^= 0x55;
  writeFileSync(path, bytes);
}

const DAMAGE: Readonly<Record<string, (profile: Profile) => void>> = {
  "flipped bytes": (profile) => filesOf(profile, /\.(log|ldb)$/).forEach(flipBytes),
  "a cut-off MANIFEST": (profile) => truncateSync(filesOf(profile, /^MANIFEST/)[0] ?? "", 20),
  "a cut-off log": (profile) => truncateSync(filesOf(profile, /\.(log|ldb)$/)[0] ?? "", 2000),
  "a missing file": (profile) => rmSync(filesOf(profile, /\.(log|ldb)$/)[0] ?? ""),
  "the whole database deleted": (profile) => rmSync(profile.indexedDb, { recursive: true }),
  "an older database": (profile) => {
    rmSync(profile.indexedDb, { recursive: true });
    renameSync(`${profile.indexedDb}.older`, profile.indexedDb);
  },
};

test.each(Object.keys(DAMAGE))(
  "%s: the person is told, and every judgement comes back",
  async (what) => {
    const profile = new Profile(judged);
    try {
      DAMAGE[what]?.(profile);
      const page = await profile.open(`${server.url}${project}`);
      await page.waitForFunction(() => /database (lost|cannot)/.test(document.body.textContent));
      expect(await textOf(page)).toMatch(/The second copy still has \d+ judgements?/);
      await press(page, "Put them back");
      await page.waitForFunction(() => document.body.textContent.includes("They are back"));
      const events = await databaseEvents(page);
      expect(lostIn(events, acknowledged)).toEqual([]);
      expect(chainProblems(events)).toEqual([]);
      await press(page, "Go on");
      await page.waitForFunction(() => document.body.textContent.includes("All done"));
      expect(await textOf(page)).toContain(`You went through ${SETS} sets`);
    } finally {
      await profile.remove();
    }
  },
);

test("a database that the browser can neither open nor delete: all of it leaves as a file", async () => {
  const profile = new Profile(judged);
  try {
    const folder = join(filesOf(profile, /^CURRENT/)[0] ?? "", "..");
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "not a folder");
    const page = await profile.open(`${server.url}${project}`);
    await page.waitForFunction(() => document.body.textContent.includes("cannot be opened"));
    const saved = await profile.download(page, () => press(page, "Save it as a file first"));
    const stream = new Blob([Uint8Array.from(saved)]).stream();
    const { rankings, items } = collect((await readImport(stream, "all.zip")).records);
    expect([rankings.length, items.length]).toEqual([SETS, SETS]);
    await press(page, "Put them back");
    await page.waitForFunction(() => document.body.textContent.includes("could not be put back"));
    expect(await textOf(page)).toContain("Save the second copy as a file");
  } finally {
    await profile.remove();
  }
});

test("a second copy that is gone is made again from the database", async () => {
  const profile = new Profile(judged);
  try {
    rmSync(profile.fileSystem, { recursive: true });
    let page = await profile.open(`${server.url}#/storage`);
    await page.waitForFunction(() => document.body.textContent.includes("The same, when last"));
    expect(lostIn((await journalEvents(page)).events, acknowledged)).toEqual([]);
    await profile.stop();
    rmSync(profile.indexedDb, { recursive: true });
    page = await profile.open(`${server.url}#/storage`);
    await page.waitForFunction(() => document.body.textContent.includes("The database lost"));
    expect(await textOf(page)).toContain(`${SETS} judgements`);
  } finally {
    await profile.remove();
  }
});
