// Tuning in Node: the choices of one machine are kept in a file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { TuningCache } from "../src/gpu/tuner.ts";

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
export function fileCache(): TuningCache {
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
