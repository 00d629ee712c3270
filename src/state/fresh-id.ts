// Identifiers for what a person makes here; crypto.randomUUID is missing on plain http.
import { createIds } from "../storage/ids.ts";

const ids = createIds();

/** A new UUID. */
export function freshId(): string {
  return ids.next();
}
