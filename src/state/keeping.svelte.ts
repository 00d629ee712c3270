// The storage page: what this browser keeps, how safely, taking all of it out, and erasing it.
import { Fold } from "../storage/commit.ts";
import { deleteDatabase } from "../storage/database.ts";
import { errorName } from "../storage/errors.ts";
import type { StoredEvent } from "../storage/events.ts";
import { JOURNAL_CHANNEL, JOURNAL_FOLDER } from "../storage/journal/segments.ts";
import { jsonLine } from "../storage/json.ts";
import { persisted, requestPersistence } from "../storage/persistence.ts";
import type { Persistence } from "../storage/persistence.ts";
import { Store } from "../storage/store.ts";
import type { Announcer } from "./announcer.svelte.ts";
import { wholeDemonstration, wholeRanking } from "./collect/sets.ts";
import { download, fileName } from "./downloads.ts";
import { count, sentenceOf } from "./format.ts";
import type { Persisted } from "./persisted.svelte.ts";
import { forgetAll } from "./settings.svelte.ts";
import { collect } from "../formats/records.ts";
import type { Imported } from "../formats/records.ts";
import { bundleFiles, zipFiles } from "../formats/zip.ts";
import type { Companion } from "../formats/zip.ts";

export class Keeping {
  persistence = $state<Persistence>("unknown");
  /** bytes, as the browser says; null where it does not */
  used = $state.raw<{ readonly usage: number; readonly quota: number } | null>(null);
  busy = $state(false);
  failure = $state("");
  /** what was done last, in one sentence */
  done = $state("");
  erased = $state(false);
  readonly #persisted: Persisted;
  readonly #announcer: Announcer;

  constructor(persisted: Persisted, announcer: Announcer) {
    this.#persisted = persisted;
    this.#announcer = announcer;
  }

  /** Asks the browser how things stand. Never rejects. */
  async read(): Promise<void> {
    this.persistence = await persisted();
    this.used = await estimate();
  }

  /** Asks the browser to keep the data when space gets short. */
  async keep(): Promise<void> {
    this.persistence = await requestPersistence();
    const kept = this.persistence === "persistent";
    this.#say(kept ? "The browser promised to keep it." : "The browser did not promise it.");
  }

  /** Compares both copies again. */
  async compare(): Promise<void> {
    const { copy } = this.#persisted;
    await copy.check();
    await this.read();
    const { comparison } = copy;
    if (comparison !== null) this.#say(`Compared ${count(comparison.database, "saved change")}.`);
  }

  /** Saves everything that can be read as one file: from the database, or from the second copy. */
  saveAll(from: "database" | "journal"): Promise<void> {
    return this.#told(async () => {
      const events =
        from === "journal" ? await this.#persisted.copy.events() : await this.#events();
      const { bytes, judgements } = await everything(events);
      const name = fileName("nudge-everything", "zip");
      download(Uint8Array.from(bytes).buffer, name, "application/zip");
      return `Saved ${name}: ${count(judgements, "judgement")}, ${count(events.length, "saved change")}.`;
    });
  }

  /** Deletes the database, the second copy and the page's settings; other tabs stop. */
  erase(): Promise<void> {
    return this.#told(async () => {
      await this.#persisted.close();
      await deleteDatabase();
      await removeJournal();
      forgetAll();
      this.erased = true;
      return "Everything that Nudge kept in this browser was erased.";
    });
  }

  async #events(): Promise<StoredEvent[]> {
    const { connection } = this.#persisted;
    if (connection === null) throw new Error("The database is not open, so nothing was saved.");
    return Store.allEvents(connection);
  }

  #say(sentence: string): void {
    this.done = sentence;
    this.#announcer.say(sentence);
  }

  async #told(work: () => Promise<string>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = "";
    this.done = "";
    try {
      this.#say(await work());
    } catch (error) {
      this.failure = sentenceOf(error);
      this.#announcer.alert(this.failure);
    }
    this.busy = false;
  }
}

async function estimate(): Promise<Keeping["used"]> {
  // Absent on plain http, whatever the types say.
  const { storage } = navigator as { storage?: StorageManager };
  const { usage, quota } = (await storage?.estimate().catch(() => undefined)) ?? {};
  return usage === undefined || quota === undefined ? null : { usage, quota };
}

/** How often and how long to wait for other tabs to let go of their files, in milliseconds. */
const ASK_EVERY = 100;
const ASK_TIMES = 30;

async function removeJournal(): Promise<void> {
  const { storage } = navigator as { storage?: StorageManager };
  const root = await storage?.getDirectory().catch(() => undefined);
  if (root === undefined) return;
  const channel = new BroadcastChannel(JOURNAL_CHANNEL);
  channel.postMessage("close");
  try {
    for (let left = ASK_TIMES; !(await removed(root)); left--) {
      if (left === 0) {
        throw new Error(
          "Another tab holds the second copy open, so it was not erased. Close the other Nudge tabs and try again.",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
    }
  } finally {
    channel.close();
  }
}

async function removed(root: FileSystemDirectoryHandle): Promise<boolean> {
  try {
    await root.removeEntry(JOURNAL_FOLDER, { recursive: true });
    return true;
  } catch (error) {
    return errorName(error) === "NotFoundError";
  }
}

/**
 * All projects in one zip: the lossless files, which any project imports, every version of the
 * guidelines, and every event as it is.
 */
async function everything(
  events: readonly StoredEvent[],
): Promise<{ bytes: Uint8Array; judgements: number }> {
  const fold = new Fold();
  fold.add(events);
  const rows = fold.rows().filter(({ state }) => state === "submitted");
  const made = rows.flatMap((row) => [wholeRanking(row), wholeDemonstration(row)]);
  const kept = fold.records().map(({ record }) => record as unknown as Imported);
  const all = collect([...kept, ...made.filter((record) => record !== null)]);
  const guidelines = fold.projects().flatMap(({ id, name, guidelines: texts }) =>
    texts.map(({ version, text }): Companion => ({
      path: `guidelines/${id}-v${version}.md`,
      content: `${text}\n`,
      about: `Version ${version} of the guideline of “${name}”.`,
    })),
  );
  const history: Companion = {
    path: "events.jsonl",
    content: events.map((event) => `${jsonLine(event)}\n`).join(""),
    about: "Everything that was ever saved, also on the Play page, as one event on each line.",
  };
  const files = bundleFiles(all, [], "Everything in this browser", [...guidelines, history]);
  return { bytes: await zipFiles(files), judgements: rows.length };
}
