// The trainer with this browser's database beside it: weights are saved and loaded without passing the page.
import { loadLatestCheckpoint, saveCheckpoint } from "../storage/checkpoints.ts";
import { openDatabase } from "../storage/database.ts";
import type { Connection } from "../storage/database.ts";
import { readSafetensors, toFloat32, writeSafetensors } from "../storage/safetensors.ts";
import type { TrainerApi } from "./protocol.ts";
import { Trainer } from "./trainer.ts";

/** Page → worker: the trainer, and its snapshots in the database. */
export interface StoredTrainerApi extends TrainerApi {
  /** Saves what the run needs to go on; false when there is nothing to save yet. Rejects with one sentence. */
  saveSnapshot(run: string, step: number): Promise<boolean>;
  /** Goes on from the newest good snapshot of a run, or null when there is none. */
  loadSnapshot(run: string): Promise<LoadedSnapshot | null>;
}

export interface LoadedSnapshot {
  readonly step: number;
  /** a sentence when a newer snapshot was damaged and passed over */
  readonly refused: string | null;
}

/** Snapshots of a run that stay. */
const KEEP = 2;

type Shapes = Record<string, number[]>;
interface Kept {
  readonly shapes: Shapes;
  readonly metadata: Record<string, string>;
}

async function save(
  connection: Connection,
  run: string,
  step: number,
  file: ArrayBuffer,
): Promise<void> {
  const { tensors, metadata } = readSafetensors(new Uint8Array(file), { name: "The snapshot" });
  const shapes: Shapes = {};
  const content: Record<string, Float32Array> = {};
  for (const [name, tensor] of tensors) {
    shapes[name] = [...tensor.shape];
    content[name] = toFloat32(tensor);
  }
  const kept = { tensors: content, metadata: { shapes, metadata } };
  await saveCheckpoint(connection, kept, { run, step, keep: KEEP });
}

export class StoredTrainer extends Trainer implements StoredTrainerApi {
  private connection: Promise<Connection> | undefined;

  async saveSnapshot(run: string, step: number): Promise<boolean> {
    const file = await this.snapshot();
    if (file === null) return false;
    await save(await this.database(), run, step, file);
    return true;
  }

  async loadSnapshot(run: string): Promise<LoadedSnapshot | null> {
    const { checkpoint, refused } = await loadLatestCheckpoint(await this.database(), run);
    if (checkpoint === null) return null;
    const { shapes, metadata } = checkpoint.metadata as Kept;
    const tensors = new Map(
      Object.entries(checkpoint.tensors).map(([name, data]) => [
        name,
        {
          dtype: "F32" as const,
          shape: shapes[name] ?? [data.length],
          data: Float32Array.from(data),
        },
      ]),
    );
    await this.restore(writeSafetensors(tensors, metadata).buffer);
    return { step: checkpoint.row.step, refused: refused[0] ?? null };
  }

  /** Opened when first needed; a failure is not remembered, so that the next save tries again. */
  private database(): Promise<Connection> {
    this.connection ??= openDatabase().then((outcome) => {
      if (outcome.kind === "open") return outcome.connection;
      this.connection = undefined;
      throw new Error(outcome.sentence);
    });
    return this.connection;
  }
}
