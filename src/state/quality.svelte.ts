// The quality report as the page sees it: the last one, how far the next is, and how to stop it.
import type { QualityOptions, QualityProgress, QualityReport } from "../quality/report.ts";
import type { QualityConnection } from "../workers/quality-client.ts";
import type { QualitySource } from "../workers/quality-job.ts";
import { sentenceOf } from "./format.ts";

type Connect = (onCrash: (sentence: string) => void) => Promise<QualityConnection>;

const connectWorker: Connect = async (onCrash) =>
  (await import("../workers/quality-client.ts")).connectQuality(onCrash);

export class Quality {
  /** stays on show while the next one is computed, and when that is stopped */
  report = $state.raw<QualityReport | null>(null);
  /** null when nothing is being computed */
  progress = $state.raw<QualityProgress | null>(null);
  /** one sentence about what failed last */
  failure = $state("");
  #connect: Connect;
  #connection: Promise<QualityConnection> | null = null;
  #newest = 0;
  /** ends the running request when the worker dies, which would never answer it */
  #abandon: (error: Error) => void = () => undefined;

  constructor(connect: Connect = connectWorker) {
    this.#connect = connect;
  }

  /** Computes a report; a second call replaces the first. Never rejects: see `failure`. */
  async refresh(source: QualitySource, options: QualityOptions = {}): Promise<void> {
    const mine = ++this.#newest;
    const current = (): boolean => mine === this.#newest;
    this.failure = "";
    this.progress = { what: "starting", done: 0, total: 1 };
    const show = (progress: QualityProgress): void => {
      if (current()) this.progress = progress;
    };
    try {
      const dead = new Promise<never>((_, reject) => (this.#abandon = reject));
      this.#connection ??= this.#connect((sentence) => this.#crashed(sentence));
      const { api } = await this.#connection;
      const report = await Promise.race([api.report(source, options, show), dead]);
      if (current() && report !== null) this.report = report;
    } catch (error) {
      if (current()) this.failure = sentenceOf(error);
    } finally {
      if (current()) this.progress = null;
    }
  }

  /** Stops what is being computed; the last report stays. */
  async cancel(): Promise<void> {
    this.#newest++;
    this.progress = null;
    const connection = await this.#connection?.catch(() => null);
    await connection?.api.cancel();
  }

  /** Ends the worker; the next refresh starts another. */
  close(): void {
    this.#newest++;
    this.progress = null;
    void this.#connection?.then((connection) => connection.close()).catch(() => undefined);
    this.#connection = null;
  }

  #crashed(sentence: string): void {
    this.#abandon(new Error(sentence));
    void this.#connection?.then((connection) => connection.close()).catch(() => undefined);
    this.#connection = null;
  }
}
