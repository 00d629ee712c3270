// Starts the trainer worker under Trusted Types and gives its requests to the page.
import { proxy, wrap } from "comlink";
import type { Remote } from "comlink";
import type { KernelApi } from "./kernel-protocol.ts";
import type { ListeningApi } from "./protocol.ts";
import type { StoredTrainerApi } from "./stored-trainer.ts";
import workerUrl from "./trainer.worker.ts?worker&url";
import { trustedWorkerUrl } from "./trusted-url.ts";

export interface TrainerConnection {
  readonly api: StoredTrainerApi;
  /** Ends the worker at once, whatever it is doing. */
  close(): void;
}

/**
 * Starts a worker.
 * @param onCrash called with one sentence when the worker itself fails, so that no answer comes
 */
export function connectTrainer(onCrash: (sentence: string) => void): TrainerConnection {
  const worker = new Worker(trustedWorkerUrl(workerUrl), { type: "module", name: "trainer" });
  worker.onerror = (event) => {
    const what = event.message === "" ? "its script did not load" : event.message;
    onCrash(`The trainer stopped: ${what}. Reload the page; saved rankings are safe.`);
  };
  worker.onmessageerror = () => {
    onCrash("The trainer sent a message that cannot be read. Reload the page.");
  };
  const remote = wrap<StoredTrainerApi>(worker);
  // Comlink follows paths; its types know that only of functions.
  const kernels = remote.kernels as unknown as Remote<KernelApi>;
  const listening = remote.listening as unknown as Remote<ListeningApi>;
  const api: StoredTrainerApi = {
    kernels: {
      report: () => kernels.report(),
      code: (kernel, key, program) => kernels.code(kernel, key, program),
      check: (kernel) => kernels.check(kernel),
      measure: (plan) => kernels.measure(plan),
      tune: (onProgress) => kernels.tune(proxy(onProgress)),
      stopTuning: () => kernels.stopTuning(),
    },
    listening: {
      begin: (prompts, onEvent) => listening.begin(prompts, proxy(onEvent)),
      play: (iterations) => listening.play(iterations),
      pause: () => listening.pause(),
      drop: () => listening.drop(),
      sample: (prompts, seed, from) => listening.sample(prompts, seed, from),
    },
    open: (config, onEvent, wish) => remote.open(config, proxy(onEvent), wish),
    sample: (prompts, k, seed, from) => remote.sample(prompts, k, seed, from),
    demonstrate: (demonstrations) => remote.demonstrate(demonstrations),
    fitReward: (rankings, options) => remote.fitReward(rankings, options),
    score: (samples) => remote.score(samples),
    bestOfN: (prompts, n, seed) => remote.bestOfN(prompts, n, seed),
    study: (request) => remote.study(request),
    stopStudy: () => remote.stopStudy(),
    studyBest: (prompts, n, seed) => remote.studyBest(prompts, n, seed),
    influence: (rankings, before, after, flip) => remote.influence(rankings, before, after, flip),
    play: (iterations, options) => remote.play(iterations, options),
    pause: () => remote.pause(),
    reset: () => remote.reset(),
    rollback: (step) => remote.rollback(step),
    tune: (knobs) => remote.tune(knobs),
    exportModel: (which) => remote.exportModel(which),
    snapshot: () => remote.snapshot(),
    restore: (snapshot) => remote.restore(snapshot),
    saveSnapshot: (run, step) => remote.saveSnapshot(run, step),
    loadSnapshot: (run) => remote.loadSnapshot(run),
    destroyDevice: () => remote.destroyDevice(),
  };
  return { api, close: () => worker.terminate() };
}
