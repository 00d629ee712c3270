// Whether the browser promised to keep this page's data when the disk gets full.

/** "best-effort": the browser may delete it when space is short; "unknown": it does not say. */
export type Persistence = "persistent" | "best-effort" | "unknown";

/** What the browser promises now; asks nobody. Never rejects. */
export function persisted(): Promise<Persistence> {
  return ask((storage) => storage.persisted());
}

/** Asks the browser to keep the data; some browsers then ask the person. Never rejects. */
export function requestPersistence(): Promise<Persistence> {
  return ask((storage) => storage.persist());
}

async function ask(question: (storage: StorageManager) => Promise<boolean>): Promise<Persistence> {
  // Absent on plain http and in old browsers, whatever the types say.
  const { navigator } = globalThis as { navigator?: { storage?: StorageManager } };
  const storage = navigator?.storage;
  if (storage === undefined) return "unknown";
  try {
    return (await question(storage)) ? "persistent" : "best-effort";
  } catch {
    return "unknown";
  }
}
