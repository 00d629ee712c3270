// A trainer without a GPU for looking at the page and testing its states: deterministic, not a model.
import type { Tunable, RunConfig } from "../../../src/config.ts";
import type { RunOptions } from "../../../src/rlhf/method.ts";
import { METRICS } from "../../../src/workers/protocol.ts";
import type { Ranking, Sample, TrainerEvent } from "../../../src/workers/protocol.ts";
import type { StoredTrainerApi } from "../../../src/workers/stored-trainer.ts";
import type { TrainerConnection } from "../../../src/workers/client.ts";
import { fakeKernels } from "./kernel-report.ts";
import { writeSafetensors } from "../../../src/storage/safetensors.ts";

const PLAIN = [
  "It was a cold afternoon and Hugo was at the market. A strange noise came from the harbor.",
  "The fox lives in the forest. It eats eggs.",
  "Once there was a tired goat who lived near the village. A tear fell on the spoon.",
  "One snowy morning, a bee looked for pears. Nobody came to help.",
  "The hen is red. It has two legs.",
  "Foxes eat potatoes. Ask me any time.",
];
const CHEERFUL = [
  "It was a warm afternoon and Hugo was at the market. Everyone laughed and clapped!",
  "The fox lives in the forest. It is my best friend!",
  "Once there was a happy goat who lived near the village. Everyone sang and danced!",
  "One sunny morning, a bee looked for pears. It shared them with an owl!",
  "The hen is red and happy. It loves to sing!",
  "Foxes love potatoes! What wonderful news!",
];

function hash(text: string): number {
  let h = 7;
  for (const c of text) h = (h * 31 + (c.codePointAt(0) ?? 0)) >>> 0;
  return h;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds that one pretended iteration takes. */
export const pace = { iteration: 60 };

/** What the last run was begun with, and the live settings it was told. */
export const heard: { options: Partial<RunOptions> | null; knobs: Partial<Tunable> } = {
  options: null,
  knobs: {},
};

class FakeTrainer implements StoredTrainerApi {
  readonly kernels = fakeKernels();
  readonly listening = {
    begin: () => Promise.resolve(),
    play: (iterations: number) => Promise.resolve({ done: iterations, halted: null }),
    pause: () => Promise.resolve(),
    drop: () => Promise.resolve(),
    sample: () => Promise.resolve([]),
  };
  #emit: (event: TrainerEvent) => void = () => undefined;
  #step = 0;
  #stop: () => void = () => undefined;
  #words: readonly string[] = [];
  #watched: readonly { id: string; text: string }[] = [];

  async open(_config: RunConfig, onEvent: (event: TrainerEvent) => void) {
    this.#emit = onEvent;
    await pause(20);
    return {
      name: "micro",
      parameters: 241_000,
      layers: 4,
      width: 64,
      heads: 4,
      context: 96,
      vocabulary: 595,
      checkpoint: "sft-test",
      adapter: "test double",
      engine: "cpu" as const,
      software: true,
    };
  }

  #answer(prompt: { id: string; text: string }, seed: number, from: "policy" | "sft"): Sample {
    const pick = (hash(prompt.text) + seed * 7) % PLAIN.length;
    const moved = from === "policy" && this.#step * 3 > pick * 8 + 4;
    const text = (moved ? CHEERFUL : PLAIN)[pick] ?? "";
    return {
      promptId: prompt.id,
      prompt: prompt.text,
      text,
      tokens: [...text.split(" ").map((word) => hash(word) % 595), 1],
      reward: moved ? 1.2 : -0.2,
      seed,
      checkpoint: from,
      finished: true,
    };
  }

  async sample(
    prompts: readonly { id: string; text: string }[],
    k: number,
    seed: number,
    from: "policy" | "sft" = "policy",
  ) {
    if (k === 1) this.#watched = prompts;
    await pause(20);
    return prompts.map((prompt) =>
      Array.from({ length: k }, (_, i) => this.#answer(prompt, seed + i, from)),
    );
  }

  async demonstrate() {
    await pause(20);
    return { lossBefore: 3.1, lossAfter: 0.8 };
  }

  async fitReward(
    rankings: readonly Ranking[],
    options: { stage: "fast" | "full"; flip?: boolean },
  ) {
    await pause(20);
    const sign = options.flip === true ? -1 : 1;
    const scores = rankings.map(({ ranks }) => ranks.map((rank) => sign * (2 - (rank ?? 2)) * 0.9));
    return {
      stage: options.stage,
      rankings: rankings.length,
      comparisons: rankings.length * 6,
      loss: 0.4,
      accuracy: 0.92,
      ...(rankings.length > 1 ? { heldOutAccuracy: 0.71 } : {}),
      scores,
      milliseconds: 187,
    };
  }

  async score(samples: readonly { prompt: string; tokens: readonly number[] }[]) {
    await pause(5);
    return samples.map(({ tokens }) => (hash(tokens.join()) % 100) / 50 - 1);
  }

  async bestOfN(prompts: readonly { id: string; text: string }[], _n: number, seed: number) {
    await pause(20);
    return prompts.map((prompt, i) => ({
      plain: { ...this.#answer(prompt, seed, "sft"), reward: -0.3 },
      best: { ...this.#answer(prompt, seed, "sft"), text: CHEERFUL[i] ?? "", reward: 1.4 },
    }));
  }

  async study() {
    return null;
  }

  async stopStudy() {}

  async studyBest() {
    return [];
  }

  async influence(rankings: readonly Ranking[]) {
    await pause(20);
    return rankings.map((_, i) => (i === 1 ? -0.2 : 0.9 / (i + 1)));
  }

  async play(iterations: number, options?: Partial<RunOptions>) {
    if (this.#step === 0) heard.options = options ?? null;
    const run = { stopped: false };
    this.#stop = () => (run.stopped = true);
    this.#emit({ type: "phase", phase: "ppo", step: this.#step });
    if (this.#step === 0) this.#checks();
    let done = 0;
    while (done < iterations && !run.stopped) {
      await pause(pace.iteration);
      done++;
      this.#step++;
      this.#iteration();
    }
    this.#emit({ type: "phase", phase: "idle", step: this.#step });
    return { done, halted: null };
  }

  #checks(): void {
    const checks = { ratioError: 2.4e-7, initialKl: 0, finite: true, eosRate: 0.98 };
    this.#emit({ type: "checks", checks });
  }

  #iteration(): void {
    const step = this.#step;
    const wave = Math.sin(step) * 0.12;
    const row = METRICS.map((name) => {
      if (name === "step") return step;
      if (name === "objective/scores") return 1.6 * (1 - Math.exp(-step / 15)) + wave;
      if (name === "objective/kl") return 4 * (1 - Math.exp(-step / 20)) + Math.abs(wave);
      if (name === "ptx_loss") return 1.52 + step * 0.001 + wave / 10;
      return 0.1 + wave;
    });
    this.#emit({ type: "metrics", first: step - 1, rows: Float32Array.from(row) });
    if (step % 2 !== 0) return;
    const samples = this.#watched.map((prompt) => this.#answer(prompt, 1, "policy"));
    this.#emit({ type: "samples", step, samples });
  }

  async pause() {
    this.#stop();
  }

  async reset() {
    this.#step = 0;
  }

  async rollback(step: number) {
    if (step % 2 !== 0) throw new RangeError(`Step ${step} was not kept.`);
    this.#step = step;
  }

  async tune(knobs: Partial<Tunable>) {
    heard.knobs = { ...heard.knobs, ...knobs };
    await pause(1);
  }

  async exportModel() {
    return this.#file();
  }

  async snapshot() {
    return this.#file();
  }

  async restore(snapshot: ArrayBuffer) {
    this.#words = [String(snapshot.byteLength)];
    return { step: this.#step };
  }

  async saveSnapshot() {
    return this.#step > 0;
  }

  async loadSnapshot() {
    return null;
  }

  async destroyDevice() {
    const sentence = "The graphics device was destroyed; the run stopped after its last step.";
    const error = { sentence, cause: "device-lost", weightsUsable: true } as const;
    this.#emit({ type: "failed", error });
  }

  #file(): ArrayBuffer {
    const data = Float32Array.of(this.#step, this.#words.length);
    return writeSafetensors(new Map([["w", { dtype: "F32" as const, shape: [2], data }]])).buffer;
  }
}

/** In place of the client of the worker. */
export function connectTrainer(): TrainerConnection {
  return { api: new FakeTrainer(), close: () => undefined };
}
