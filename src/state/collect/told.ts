// Doing something for a person and saying how it went.
import type { Announcer } from "../announcer.svelte.ts";
import { sentenceOf } from "../format.ts";

/** Announces the sentence of what was done, or why it was not. Never rejects. */
export async function told(announcer: Announcer, work: () => Promise<string>): Promise<void> {
  try {
    announcer.say(await work());
  } catch (error) {
    announcer.alert(sentenceOf(error));
  }
}
