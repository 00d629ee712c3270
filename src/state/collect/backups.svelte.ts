// When a project was last saved as a file, and whether it is time to do it again.
import { recall, remember } from "../settings.svelte.ts";
import type { Ledger } from "./ledger.ts";

/** A reminder comes after this many judgements without a file, or after this long with any. */
const MANY = 25;
const LONG = 24 * 3600 * 1000;

export interface BackupState {
  /** milliseconds since 1970; null: never */
  readonly last: number | null;
  /** judgements made or changed since */
  readonly since: number;
  /** it is time */
  readonly due: boolean;
}

class Backups {
  /** (project) time of its last file */
  #times = $state.raw<Readonly<Record<string, number>>>(saved());

  /** A file of the project was saved now. */
  made(project: string, now = Date.now()): void {
    this.#times = { ...this.#times, [project]: now };
    remember("backups", JSON.stringify(this.#times));
  }

  stateOf(project: string, ledger: Pick<Ledger, "since">, now = Date.now()): BackupState {
    const last = this.#times[project] ?? null;
    const { count: since, first } = ledger.since(last ?? 0);
    return { last, since, due: since >= MANY || (first !== null && now - first > LONG) };
  }
}

/** One for the page, because every project's files are remembered together. */
export const backups = new Backups();

function saved(): Record<string, number> {
  try {
    const value: unknown = JSON.parse(recall("backups") ?? "{}");
    const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
    return Object.fromEntries(entries.filter(([, t]) => typeof t === "number"));
  } catch {
    return {}; // written by hand or by something else: the reminder comes once too often
  }
}
