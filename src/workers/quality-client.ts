// Starts the quality worker under Trusted Types and gives its requests to the page.
import { proxy, wrap } from "comlink";
import type { QualityApi } from "./quality-job.ts";
import workerUrl from "./quality.worker.ts?worker&url";
import { trustedWorkerUrl } from "./trusted-url.ts";

export interface QualityConnection {
  readonly api: QualityApi;
  /** Ends the worker at once, whatever it is doing. */
  close(): void;
}

/**
 * Starts a worker.
 * @param onCrash called with one sentence when the worker itself fails, so that no answer comes
 */
export function connectQuality(onCrash: (sentence: string) => void): QualityConnection {
  const worker = new Worker(trustedWorkerUrl(workerUrl), { type: "module", name: "quality" });
  worker.onerror = (event) => {
    const what = event.message === "" ? "its script did not load" : event.message;
    onCrash(`The statistics stopped: ${what}. Your rankings are safe; open this page again.`);
  };
  const remote = wrap<QualityApi>(worker);
  const api: QualityApi = {
    report: (source, options, onProgress) => remote.report(source, options, proxy(onProgress)),
    cancel: () => remote.cancel(),
    next: (project, open, options) => remote.next(project, open, options),
  };
  return { api, close: () => worker.terminate() };
}
