// The cache of stages on disk: one folder per key, written whole or not at all, checked when it is read.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readSafetensors, toFloat32, writeSafetensors } from "../storage/safetensors.ts";
import type { FileTensor } from "../storage/safetensors.ts";
import { sha256 } from "../storage/sha256.ts";
import type { Artefact, Json } from "./stage.ts";

const FORMAT = "nudge-stage-1";
const HEAD = "stage.json";
const DATA = "data.json";
const WEIGHTS = "weights.safetensors";

/** What is known of a finished stage besides its result. */
export interface Finished {
  readonly name: string;
  readonly seconds: number;
  readonly flops: number;
  readonly engine: string;
}

interface Head extends Finished {
  readonly format: typeof FORMAT;
  readonly key: string;
  readonly data: string;
  readonly weights: string | null;
}

/** Stages by key below a folder. */
export class Cache {
  readonly folder: string;
  private readonly say: (sentence: string) => void;
  private readonly checked = new Map<string, Head>();

  /** @param say receives one sentence for each entry that cannot be used */
  constructor(folder: string, say: (sentence: string) => void) {
    this.folder = folder;
    this.say = say;
    mkdirSync(folder, { recursive: true });
  }

  /** The record of a finished stage, or undefined; an entry that is not whole or not its own is removed. */
  record(name: string, key: string): Finished | undefined {
    const known = this.checked.get(key);
    if (known !== undefined) return known;
    const path = join(this.folder, key);
    if (!existsSync(path)) return undefined;
    try {
      const head = this.checkedHead(path, name, key);
      this.checked.set(key, head);
      return head;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.say(
        `${path}: ${reason}, expected the finished stage ${name}; it is thrown away and made again.`,
      );
      rmSync(path, { recursive: true, force: true });
      return undefined;
    }
  }

  private checkedHead(path: string, name: string, key: string): Head {
    if (!existsSync(join(path, HEAD))) throw new Error(`found no ${HEAD} in it (a partial entry)`);
    const head = parsed(readFileSync(join(path, HEAD), "utf8")) as Partial<Head> | null;
    if (head?.format !== FORMAT) throw new Error(`found a foreign ${HEAD}`);
    if (head.name !== name || head.key !== key) {
      throw new Error(`found the stage ${String(head.name)} of another run`);
    }
    const files: [string, string | null | undefined][] = [
      [DATA, head.data],
      [WEIGHTS, head.weights],
    ];
    for (const [file, sum] of files) {
      if (sum === null) continue;
      if (!existsSync(join(path, file)))
        throw new Error(`found no ${file} in it (a partial entry)`);
      if (sha256(readFileSync(join(path, file))) !== sum) {
        throw new Error(`found a ${file} that was changed or cut`);
      }
    }
    return head as Head;
  }

  /** A finished stage's artefact. @throws Error when it is not there */
  read(name: string, key: string): Artefact {
    if (this.record(name, key) === undefined) throw new Error(`reproduce: ${name} is not made yet`);
    return readArtefact(join(this.folder, key), name);
  }

  /** Puts a finished stage in its place. */
  write(key: string, { name, seconds, flops, engine }: Finished, artefact: Artefact): void {
    const path = join(this.folder, `${key}.new-${process.pid}`);
    const sums = writeArtefact(path, artefact);
    const head: Head = { format: FORMAT, key, name, seconds, flops, engine, ...sums };
    writeFileSync(join(path, HEAD), `${JSON.stringify(head, null, 1)}\n`);
    rmSync(join(this.folder, key), { recursive: true, force: true });
    renameSync(path, join(this.folder, key));
    rmSync(join(this.folder, `${key}.part`), { recursive: true, force: true });
  }

  /** The state that an interrupted stage kept. */
  kept(name: string, key: string): Artefact | undefined {
    const path = join(this.folder, `${key}.part`);
    if (!existsSync(join(path, DATA))) return undefined;
    try {
      return readArtefact(path, name);
    } catch {
      this.say(`${path}: found a state that was cut, expected one of ${name}; it starts again.`);
      return undefined;
    }
  }

  keep(key: string, state: Artefact): void {
    const path = join(this.folder, `${key}.part-${process.pid}`);
    writeArtefact(path, state);
    const place = join(this.folder, `${key}.part`);
    rmSync(place, { recursive: true, force: true });
    renameSync(path, place);
  }

  /** Takes a stage for this process; false when another living process has it. */
  lock(key: string): boolean {
    const path = join(this.folder, `${key}.lock`);
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return true;
    } catch {
      const owner = existsSync(path) ? Number(readFileSync(path, "utf8")) : NaN;
      // a lock that was just made may have no number in it yet
      if (!Number.isInteger(owner) || owner === 0) {
        if (!existsSync(path) || Date.now() - statSync(path).mtimeMs < 2000) return false;
      } else if (owner !== process.pid && alive(owner)) return false;
      rmSync(path, { force: true });
      return this.lock(key);
    }
  }

  unlock(key: string): void {
    rmSync(join(this.folder, `${key}.lock`), { force: true });
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function writeArtefact(
  path: string,
  { data, tensors }: Artefact,
): { data: string; weights: string | null } {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  const text = JSON.stringify(data);
  writeFileSync(join(path, DATA), text);
  if (Object.keys(tensors).length === 0) return { data: sha256(text), weights: null };
  const files = new Map<string, FileTensor>();
  for (const [name, values] of Object.entries(tensors)) {
    files.set(name, { dtype: "F32", shape: [values.length], data: Float32Array.from(values) });
  }
  const bytes = writeSafetensors(files, {}, { checksum: false });
  writeFileSync(join(path, WEIGHTS), bytes);
  return { data: sha256(text), weights: sha256(bytes) };
}

function readArtefact(path: string, name: string): Artefact {
  const data = JSON.parse(readFileSync(join(path, DATA), "utf8")) as Json;
  const file = join(path, WEIGHTS);
  if (!existsSync(file)) return { data, tensors: {} };
  const { tensors } = readSafetensors(readFileSync(file), { name, checksum: "if present" });
  const entries = [...tensors].map(([key, tensor]) => [key, toFloat32(tensor)] as const);
  return { data, tensors: Object.fromEntries(entries) };
}
