// The trainer as the page sees it: device, phase, progress, checks, and one request at a time.
import type { RunConfig } from "../config.ts";
import type { TrainerConnection } from "../workers/client.ts";
import type {
  ErrorReport,
  ModelCard,
  Phase,
  SelfChecks,
  TrainerApi,
  TrainerEvent,
} from "../workers/protocol.ts";
import { findGpuCause } from "./gpu-cause.ts";
import type { GpuCause } from "./gpu-cause.ts";
import { sentenceOf } from "./format.ts";
import { Metrics } from "./metrics.svelte.ts";
import { Timeline } from "./timeline.svelte.ts";

export type GpuState =
  | { readonly kind: "checking" }
  | { readonly kind: "opening" }
  | { readonly kind: "ready" }
  | { readonly kind: "unavailable"; readonly cause: GpuCause; readonly sentence: string }
  /** it worked, then it failed; `weightsUsable` as the trainer says */
  | { readonly kind: "lost"; readonly sentence: string; readonly weightsUsable: boolean };

export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
  readonly etaSeconds: number | null;
}

type Connect = (onCrash: (sentence: string) => void) => Promise<TrainerConnection>;

const connectWorker: Connect = async (onCrash) =>
  (await import("../workers/client.ts")).connectTrainer(onCrash);

export class Trainer {
  gpu = $state.raw<GpuState>({ kind: "checking" });
  card = $state.raw<ModelCard | null>(null);
  phase = $state<Phase>("idle");
  progress = $state.raw<Progress | null>(null);
  checks = $state.raw<SelfChecks | null>(null);
  error = $state.raw<ErrorReport | null>(null);
  /** requests waiting or running */
  pending = $state(0);
  readonly metrics = new Metrics();
  readonly timeline = new Timeline();
  #connect: Connect;
  #connection: TrainerConnection | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  /** ends the running request when the worker dies, which would never answer it */
  #abandon: (error: Error) => void = () => undefined;
  #listeners = new Set<(event: TrainerEvent) => void>();

  constructor(connect: Connect = connectWorker) {
    this.#connect = connect;
  }

  get ready(): boolean {
    return this.gpu.kind === "ready";
  }

  /** Diagnoses, starts the worker and loads the shipped weights. Never rejects: see `gpu`. */
  async open(config: RunConfig): Promise<void> {
    this.#connection?.close();
    this.#connection = null;
    this.#tail = Promise.resolve();
    this.gpu = { kind: "checking" };
    const cause = await findGpuCause();
    if (cause !== null) {
      this.gpu = { kind: "unavailable", cause, sentence: "" };
      return;
    }
    this.gpu = { kind: "opening" };
    try {
      const connection = await this.#connect((sentence) => this.#crashed(sentence));
      this.#connection = connection;
      this.card = await connection.api.open(config, (event) => {
        if (this.#connection === connection) this.receive(event);
      });
      this.error = null;
      this.gpu = { kind: "ready" };
    } catch (error) {
      // Comlink keeps an error's name across the worker, not its class.
      const device = error instanceof Error && error.name === "GpuUnavailable";
      const cause = device ? "no-device" : "no-model";
      this.gpu = { kind: "unavailable", cause, sentence: sentenceOf(error) };
    } finally {
      this.#rest();
    }
  }

  /**
   * Makes a request after those before it have ended.
   * @throws Error with the trainer's sentence, or one saying that it is not there
   */
  ask<T>(request: (api: TrainerApi) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      const connection = this.#connection;
      if (connection === null || !this.ready) throw new Error("The model is not ready yet.");
      try {
        const dead = new Promise<never>((_, reject) => (this.#abandon = reject));
        return await Promise.race([request(connection.api), dead]);
      } finally {
        this.#rest();
      }
    };
    this.pending++;
    const result = this.#tail.then(run, run);
    this.#tail = result.then(
      () => this.pending--,
      () => this.pending--,
    );
    return result;
  }

  /** A request that must not wait for the running one: pause and live settings. */
  async interrupt(request: (api: TrainerApi) => Promise<void>): Promise<void> {
    if (this.#connection !== null && this.ready) await request(this.#connection.api);
  }

  /** Calls `listener` after each event; gives a function that ends it. */
  onEvent(listener: (event: TrainerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes an event of the worker, or of a recording. */
  receive(event: TrainerEvent): void {
    switch (event.type) {
      case "progress": {
        const { phase, done, total, etaSeconds } = event;
        this.phase = phase;
        this.progress = { phase, done, total, etaSeconds: etaSeconds ?? null };
        break;
      }
      case "phase":
        this.phase = event.phase;
        if (event.phase === "idle") this.progress = null;
        break;
      case "metrics":
        this.metrics.append(event.first, event.rows);
        break;
      case "samples":
        this.timeline.add(event.step, event.samples);
        break;
      case "checks":
        this.checks = event.checks;
        break;
      case "failed":
        this.#failed(event.error);
        break;
      default:
        event satisfies never;
    }
    for (const listener of this.#listeners) listener(event);
  }

  #failed(error: ErrorReport): void {
    this.error = error;
    this.#rest();
    if (error.cause !== "device-lost") return;
    this.gpu = { kind: "lost", sentence: error.sentence, weightsUsable: error.weightsUsable };
  }

  #crashed(sentence: string): void {
    this.#connection?.close();
    this.#connection = null;
    if (this.gpu.kind === "opening") {
      this.gpu = { kind: "unavailable", cause: "no-model", sentence };
    } else {
      this.gpu = { kind: "lost", sentence, weightsUsable: false };
    }
    this.#abandon(new Error(sentence));
    this.#rest();
  }

  #rest(): void {
    this.phase = "idle";
    this.progress = null;
  }
}
