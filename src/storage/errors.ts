// The one error type of storage: a code for programs and one sentence for people.

export type StorageErrorCode =
  | "quota" // the browser has no room left
  | "outdated" // a newer version of the page owns the data now
  | "closed" // the store was closed by the caller
  | "connection" // the browser keeps ending the connection
  | "unavailable" // no IndexedDB here, or it refuses to open
  | "invalid" // the value handed in breaks a rule of the format
  | "conflict" // another writer used this key
  | "corrupt" // stored bytes do not match their checksum or their format
  | "missing" // nothing is stored under this name
  | "failed"; // anything else the browser reports

/** Thrown by everything under src/storage; `message` is one sentence that can be shown as it is. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = "StorageError";
    this.code = code;
  }
}

/** The `name` of a DOMException or Error, or "" for anything else. */
export function errorName(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : "";
}

/**
 * Turns what IndexedDB threw into a StorageError.
 * `doing` names the action with a capital, as in "Saving the ranking".
 */
export function asStorageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  if (errorName(error) === "QuotaExceededError") {
    const sentence =
      `${doing}: the browser's storage for this page is full, so nothing was written and what ` +
      `was saved before is intact; export your rankings or delete old checkpoints, then try again.`;
    return new StorageError("quota", sentence, error);
  }
  const found = error instanceof Error ? error.message || error.name : String(error);
  const sentence = `${doing}: the browser's database answered ${quote(found, 120)}, so nothing was written.`;
  return new StorageError("failed", sentence, error);
}

/** Control, bidirectional and invisible characters, which could disguise a quoted value. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** A value as it is quoted in an error sentence: JSON, at most `limit` characters, nothing invisible. */
export function quote(value: unknown, limit = 40): string {
  let text: string;
  try {
    text = value === undefined ? "nothing" : JSON.stringify(value);
  } catch {
    text = typeof value;
  }
  const characters = Array.from(text);
  const short = characters.length > limit ? `${characters.slice(0, limit - 1).join("")}…` : text;
  return short.replace(
    HIDDEN,
    (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
