// The file that --json names: opened before a long run, so that nothing is lost at its end.
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "./options.ts";

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Makes sure that a result can be written to `path`, whose folder is made, and gives back what writes it. What cannot
 * be written in the end is printed instead. Without a path nothing is written.
 *
 * @throws UsageError with one sentence, before anything is run, when the file cannot be opened
 */
export function jsonFile(path: unknown): ((result: unknown) => void) | undefined {
  if (typeof path !== "string") return undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // what lies there stays until the run has ended, and a run that is refused leaves nothing
    const there = existsSync(path);
    closeSync(openSync(path, "a"));
    if (!there) rmSync(path);
  } catch (error) {
    throw new UsageError(
      `--json is "${path}", found ${messageOf(error)}, expected a file that can be written; nothing was run.`,
    );
  }
  return (result) => {
    const text = `${JSON.stringify(result, null, 1)}\n`;
    try {
      writeFileSync(path, text);
    } catch (error) {
      console.error(
        `--json "${path}" could not be written (${messageOf(error)}); the result follows.`,
      );
      console.log(text);
    }
  };
}
