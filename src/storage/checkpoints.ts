// Checkpoints of a run in the browser's database: written in two steps, verified before they count.
import type { Connection } from "./database.ts";
import { StorageError } from "./errors.ts";
import { createIds } from "./ids.ts";
import { canonicalJson } from "./json.ts";
import { readSafetensors, toFloat32, writeSafetensors } from "./safetensors.ts";
import type { FileTensor } from "./safetensors.ts";
import type { Database } from "./schema.ts";
import { sha256Async } from "./sha256.ts";

/** What is known about a checkpoint without reading its weights. */
export interface CheckpointRow {
  /** UUID version 7, so later checkpoints have greater ids. */
  id: string;
  run: string;
  step: number;
  /** Named checkpoints are kept until they are deleted; "" for the others. */
  name: string;
  t: number;
  /** "writing" until its bytes were read back and matched; such a row is never loaded. */
  status: "writing" | "complete";
  bytes: number;
  sha256: string;
}

export interface CheckpointContent {
  tensors: Record<string, Float32Array>;
  /** Anything that JSON can say: configuration, random state, position in the data. */
  metadata: unknown;
}

export interface Checkpoint extends CheckpointContent {
  row: CheckpointRow;
}

export interface SaveOptions {
  run: string;
  step: number;
  name?: string;
  /** How many of the newest unnamed checkpoints stay, this one included (default 3). */
  keep?: number;
}

/** A save that was cut off leaves a row "writing"; after this long nobody is writing it any more. */
const ABANDONED = 3600 * 1000;

const ids = createIds();

/**
 * Saves the tensors and metadata, reads them back, and only then marks them complete and removes
 * older ones, in a second transaction. Weights that are not finite are refused.
 * @throws StorageError "invalid", "quota", "corrupt" (read back differently) or a connection error;
 * earlier checkpoints are intact in every case
 */
export async function saveCheckpoint(
  connection: Connection,
  content: CheckpointContent,
  options: SaveOptions,
): Promise<CheckpointRow> {
  const file = encode(content);
  const row: CheckpointRow = {
    id: ids.next(),
    run: options.run,
    step: options.step,
    name: options.name ?? "",
    t: Date.now(),
    status: "writing",
    bytes: file.byteLength,
    sha256: await sha256Async(file),
  };
  const complete: CheckpointRow = { ...row, status: "complete" };
  try {
    await connection.use(DOING, (db) => writeFile(db, row, file.buffer));
    await connection
      .use(DOING, (db) => db.get("files", row.id))
      .then((stored) => verify(row, stored));
    await connection.use(DOING, (db) => finish(db, complete, options.keep ?? 3));
  } catch (error) {
    await deleteCheckpoint(connection, row.id).catch(() => undefined);
    throw error;
  }
  return complete;
}

const DOING = "Saving the checkpoint";
/** The row holds the checksum of the whole file, so the file needs none inside. */
const WHOLE_FILE = { checksum: false };

/** The complete checkpoints, newest first. */
export async function listCheckpoints(
  connection: Connection,
  run?: string,
): Promise<CheckpointRow[]> {
  const rows = await connection.use("Reading the checkpoints", (db) =>
    run === undefined ? db.getAll("checkpoints") : db.getAllFromIndex("checkpoints", "run", run),
  );
  return rows.filter((row) => row.status === "complete").sort(newestFirst);
}

/**
 * Loads one checkpoint after checking its size, checksum and format.
 * @throws StorageError "missing" or "corrupt"
 */
export async function loadCheckpoint(connection: Connection, id: string): Promise<Checkpoint> {
  const [row, file] = await connection.use("Loading the checkpoint", (db) =>
    Promise.all([db.get("checkpoints", id), db.get("files", id)]),
  );
  if (row?.status !== "complete") {
    throw new StorageError("missing", `There is no complete checkpoint ${id}; nothing was loaded.`);
  }
  return { row, ...decode(row, await verify(row, file)) };
}

/** The newest good checkpoint, and a sentence for each newer one that had to be passed over. */
export interface LatestCheckpoint {
  checkpoint: Checkpoint | null;
  refused: string[];
}

/** Loads the newest checkpoint that is whole, passing over damaged ones. */
export async function loadLatestCheckpoint(
  connection: Connection,
  run?: string,
): Promise<LatestCheckpoint> {
  const refused: string[] = [];
  for (const { id } of await listCheckpoints(connection, run)) {
    try {
      return { checkpoint: await loadCheckpoint(connection, id), refused };
    } catch (error) {
      const damaged = error instanceof StorageError && /^(corrupt|missing)$/.test(error.code);
      if (!damaged) throw error;
      refused.push(`${error.message} An older checkpoint is used if there is one.`);
    }
  }
  return { checkpoint: null, refused };
}

export async function deleteCheckpoint(connection: Connection, id: string): Promise<void> {
  await connection.use("Deleting the checkpoint", async (db) => {
    const tx = db.transaction(["checkpoints", "files"], "readwrite", { durability: "strict" });
    await Promise.all([
      tx.objectStore("checkpoints").delete(id),
      tx.objectStore("files").delete(id),
      tx.done,
    ]);
  });
}

async function writeFile(db: Database, row: CheckpointRow, file: ArrayBuffer): Promise<void> {
  const tx = db.transaction(["checkpoints", "files"], "readwrite", { durability: "strict" });
  await Promise.all([
    tx.objectStore("checkpoints").put(row),
    tx.objectStore("files").put(file, row.id),
    tx.done,
  ]);
}

/** Marks the checkpoint complete and removes the ones that it makes superfluous. */
async function finish(db: Database, complete: CheckpointRow, keep: number): Promise<void> {
  const tx = db.transaction(["checkpoints", "files"], "readwrite", { durability: "strict" });
  const rows = await tx.objectStore("checkpoints").getAll();
  const unnamed = rows.filter((row) => row.status === "complete" && row.name === "");
  const kept = complete.name === "" ? Math.max(keep, 1) - 1 : keep;
  const old = unnamed
    .filter((row) => row.id !== complete.id)
    .sort(newestFirst)
    .slice(kept);
  const abandoned = rows.filter(
    (row) => row.status === "writing" && row.t < complete.t - ABANDONED,
  );
  await Promise.all([
    tx.objectStore("checkpoints").put(complete),
    ...[...old, ...abandoned].flatMap(({ id }) => [
      tx.objectStore("checkpoints").delete(id),
      tx.objectStore("files").delete(id),
    ]),
    tx.done,
  ]);
}

/** The file's bytes when they are the ones the row describes. */
async function verify(row: CheckpointRow, file: ArrayBuffer | undefined): Promise<Uint8Array> {
  const where = describe(row);
  if (file === undefined) throw corrupt(`${where}: its weights are missing; it was not loaded.`);
  if (file.byteLength !== row.bytes) {
    const sentence = `${where}: found ${file.byteLength} bytes, expected ${row.bytes}; it was not loaded.`;
    throw corrupt(sentence);
  }
  const bytes = new Uint8Array(file);
  if ((await sha256Async(bytes)) !== row.sha256) {
    throw corrupt(`${where}: its content does not match its checksum; it was not loaded.`);
  }
  return bytes;
}

function encode({ tensors, metadata }: CheckpointContent): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors).map(([name, data]): [string, FileTensor] => {
    const bad = data.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      const sentence = `Saving the checkpoint: tensor "${name}" holds ${data[bad]} at index ${bad}, so it was not saved; the last good checkpoint is intact.`;
      throw new StorageError("invalid", sentence);
    }
    return [name, { dtype: "F32", shape: [data.length], data }];
  });
  return writeSafetensors(new Map(entries), { metadata: canonicalJson(metadata) }, WHOLE_FILE);
}

function decode(row: CheckpointRow, bytes: Uint8Array): CheckpointContent {
  const file = readSafetensors(bytes, { name: describe(row) });
  const tensors = Array.from(file.tensors, ([name, t]): [string, Float32Array] => [
    name,
    toFloat32(t),
  ]);
  const metadata: unknown = JSON.parse(file.metadata["metadata"] ?? "null");
  return { tensors: Object.fromEntries(tensors), metadata };
}

function describe({ name, run, step }: CheckpointRow): string {
  return `Checkpoint ${name === "" ? `${run} at step ${step}` : `"${name}"`}`;
}

function corrupt(sentence: string): StorageError {
  return new StorageError("corrupt", sentence);
}

function newestFirst(a: CheckpointRow, b: CheckpointRow): number {
  return a.id < b.id ? 1 : -1;
}
