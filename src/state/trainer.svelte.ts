// The trainer as the page sees it: device, phase, progress, checks, and one request at a time.
import type { RunConfig } from "../config.ts";
import type { TrainerConnection } from "../workers/client.ts";
import type {
  EngineWish,
  ErrorReport,
  ModelCard,
  Phase,
  SelfChecks,
  TrainerEvent,
} from "../workers/protocol.ts";
import type { StoredTrainerApi } from "../workers/stored-trainer.ts";
import { findGpuCause } from "./gpu-cause.ts";
import type { EngineCause } from "./gpu-cause.ts";
import { sentenceOf } from "./format.ts";
import { Metrics } from "./metrics.svelte.ts";
import { Timeline } from "./timeline.svelte.ts";

/** Whether anything can compute here: a GPU or the CPU engine. */
export type EngineState =
  | { readonly kind: "opening" }
  | { readonly kind: "ready" }
  | { readonly kind: "unavailable"; readonly cause: EngineCause; readonly sentence: string }
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
  engine = $state.raw<EngineState>({ kind: "opening" });
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
  /** how often it was opened; only the newest time counts */
  #opened = 0;
  #tail: Promise<unknown> = Promise.resolve();
  /** ends the running request when the worker dies, which would never answer it */
  #abandon: (error: Error) => void = () => undefined;
  #listeners = new Set<(event: TrainerEvent) => void>();

  constructor(connect: Connect = connectWorker) {
    this.#connect = connect;
  }

  get ready(): boolean {
    return this.engine.kind === "ready";
  }

  /** Starts the worker, which picks its engine and loads the shipped weights. Never rejects: see `engine`. */
  async open(config: RunConfig, wish: EngineWish = "auto"): Promise<void> {
    const mine = ++this.#opened;
    const current = (): boolean => mine === this.#opened;
    this.#close("The model is being loaded again.");
    this.#tail = Promise.resolve();
    this.engine = { kind: "opening" };
    try {
      const connection = await this.#connect((sentence) => this.#crashed(sentence));
      this.#connection = connection;
      const receive = (event: TrainerEvent): void => {
        if (this.#connection === connection) this.receive(event);
      };
      const dead = new Promise<never>((_, reject) => (this.#abandon = reject));
      const card = await Promise.race([connection.api.open(config, receive, wish), dead]);
      if (!current()) return;
      this.card = card;
      this.error = null;
      this.engine = { kind: "ready" };
    } catch (error) {
      if (!current()) return;
      // Comlink keeps an error's name across the worker, not its class.
      const nothing = error instanceof Error && error.name === "NoEngine";
      const cause = nothing ? ((await findGpuCause()) ?? "no-device") : "no-model";
      this.engine = { kind: "unavailable", cause, sentence: sentenceOf(error) };
    } finally {
      if (current()) this.#rest();
    }
  }

  /**
   * Makes a request after those before it have ended.
   * @throws Error with the trainer's sentence, or one saying that it is not there
   */
  ask<T>(request: (api: StoredTrainerApi) => Promise<T>): Promise<T> {
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
  async interrupt(request: (api: StoredTrainerApi) => Promise<void>): Promise<void> {
    if (this.#connection !== null && this.ready) await request(this.#connection.api);
  }

  /** A request that only reads and must not wait for the running one. @throws Error when the trainer is not there */
  async peek<T>(request: (api: StoredTrainerApi) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    if (connection === null || !this.ready) throw new Error("The model is not ready yet.");
    return request(connection.api);
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
    this.#close(error.sentence);
    this.engine = { kind: "lost", sentence: error.sentence, weightsUsable: error.weightsUsable };
  }

  /** Ends the worker and whatever waits for it. */
  #close(why: string): void {
    this.#connection?.close();
    this.#connection = null;
    this.#abandon(new Error(why));
  }

  #crashed(sentence: string): void {
    if (this.engine.kind !== "opening") {
      this.engine = { kind: "lost", sentence, weightsUsable: false };
    }
    this.#close(sentence);
    this.#rest();
  }

  #rest(): void {
    this.phase = "idle";
    this.progress = null;
  }
}
