// Tunes the kernels of an open engine while the page is idle, and keeps the choices in IndexedDB.
import { openDB } from "idb";
import type { IDBPDatabase } from "idb";
import { Executor } from "../gpu/executor.ts";
import { tune } from "../gpu/tuner.ts";
import type { Tuning, TuningCache } from "../gpu/tuner.ts";
import type { Engine } from "../plan/engine.ts";

const DATABASE = "nudge-kernels";
const STORE = "choices";
/** Start-up cost of tuning on a real GPU, in milliseconds; calls left over keep their plain programs. */
const BUDGET_MS = 3000;

/** A cache in IndexedDB. Where that does not work every question is answered with undefined. */
export function indexedDbCache(): TuningCache {
  let database: Promise<IDBPDatabase | undefined> | undefined;
  const open = (): Promise<IDBPDatabase | undefined> =>
    (database ??= openDB(DATABASE, 1, {
      upgrade: (db) => {
        db.createObjectStore(STORE);
      },
    }).catch(() => undefined));
  return {
    async get(key) {
      const found: unknown = await (await open())?.get(STORE, key).catch(() => undefined);
      return typeof found === "string" ? found : undefined;
    },
    async set(key, title) {
      // Losing a choice costs some milliseconds at the next start.
      await (await open())?.put(STORE, title, key).catch(() => undefined);
    },
  };
}

/**
 * Tunes all plans that an engine has compiled. Does nothing on the CPU engine, nor by itself on a software adapter,
 * where compiling the candidates takes longer than a visit.
 * @returns undefined when there was nothing to do or the device was lost, which its owner reports
 */
export async function tuneInBackground(
  engine: Engine,
  software: boolean,
  cache: TuningCache,
): Promise<Tuning | undefined> {
  if (!(engine instanceof Executor) || software) return undefined;
  return tune(engine, engine.compiledCalls(), { budget: BUDGET_MS, cache }).catch(() => undefined);
}
