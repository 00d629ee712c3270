// Tuning in Node: the choices of one machine are kept in a file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Executor } from "../src/gpu/executor.ts";
import { tune } from "../src/gpu/tuner.ts";
import type { Tuning, TuningCache } from "../src/gpu/tuner.ts";
import type { Engine } from "../src/plan/engine.ts";
import type { Call } from "../src/plan/tape.ts";

const FILE = ".cache/tuning.json";

function readChoices(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as Record<string, string>;
  } catch {
    // absent or damaged: the choices are made again
    return {};
  }
}

/** A cache in a file of the working folder. */
function fileCache(): TuningCache {
  const choices = readChoices();
  return {
    get: (key) => Promise.resolve(choices[key]),
    set(key, title) {
      choices[key] = title;
      mkdirSync(dirname(FILE), { recursive: true });
      writeFileSync(FILE, `${JSON.stringify(choices, null, 1)}\n`);
      return Promise.resolve();
    },
  };
}

/** Tunes calls to the end, however long it takes; undefined on the CPU engine. */
export async function tuneCalls(
  engine: Engine,
  calls: readonly Call[],
): Promise<Tuning | undefined> {
  if (!(engine instanceof Executor)) return undefined;
  return tune(engine, calls, { budget: Infinity, cache: fileCache() });
}
