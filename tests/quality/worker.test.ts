// The quality job and its store: progress, cancelling, replacing, failing, in Node without a worker.
import { describe, expect, test } from "vitest";
import type { QualityProgress } from "../../src/quality/report.ts";
import { wholeReport } from "../../src/quality/report.ts";
import { Quality } from "../../src/state/quality.svelte.ts";
import type { QualityConnection } from "../../src/workers/quality-client.ts";
import { QualityJob } from "../../src/workers/quality-job.ts";
import { crowd } from "./helpers.ts";

const ROWS = crowd({ items: 60, answers: 4, people: ["ann", "bob"], noise: 1, repeats: 0.3 });
const SOURCE = { rows: ROWS };

describe("the job", () => {
  test("gives the report that the pure function gives, with rising progress", async () => {
    const seen: QualityProgress[] = [];
    const options = { rounds: 300 };
    const report = await new QualityJob().report(SOURCE, options, (p) => void seen.push(p));
    expect(report).toEqual(wholeReport(ROWS, options));
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every(({ done, total }) => done < total && total === 1200)).toBe(true);
    expect(seen.map(({ done }) => done)).toEqual(
      seen.map(({ done }) => done).sort((x, y) => x - y),
    );
    expect(report).toEqual(structuredClone(report));
  });

  test("ends soon after cancel, and a second call ends the first", async () => {
    const job = new QualityJob();
    const options = { rounds: 1_000_000 };
    const first = job.report(SOURCE, options, () => void job.cancel());
    expect(await first).toBeNull();
    const long = job.report(SOURCE, options, () => undefined);
    const short = job.report(SOURCE, { rounds: 1 }, () => undefined);
    expect(await long).toBeNull();
    expect((await short)?.rankings).toBe(ROWS.length);
  });

  test("without a database it rejects with a sentence", async () => {
    await expect(new QualityJob().report({ project: "p" }, {}, () => undefined)).rejects.toThrow(
      "This browser will not open a database",
    );
  });
});

describe("the store", () => {
  const connection = (): QualityConnection => ({ api: new QualityJob(), close: () => undefined });

  test("shows progress, then the report; cancel keeps the last one", async () => {
    const quality = new Quality(async () => connection());
    const work = quality.refresh(SOURCE, { rounds: 50 });
    expect(quality.progress).not.toBeNull();
    await work;
    expect(quality.progress).toBeNull();
    const { report } = quality;
    expect(report?.people).toBe(2);
    const more = quality.refresh(SOURCE, { rounds: 1_000_000 });
    await quality.cancel();
    await more;
    expect(quality).toMatchObject({ progress: null, failure: "" });
    expect(quality.report).toBe(report);
  });

  test("a failure is a sentence, a dead worker too, and the next call starts another", async () => {
    const crash: { now: (sentence: string) => void } = { now: () => undefined };
    let started = 0;
    const quality = new Quality(async (onCrash) => {
      crash.now = onCrash;
      const never = {
        report: () => new Promise<null>(() => undefined),
        cancel: async () => undefined,
        next: async () => ({ picks: [], rankings: 0 }),
      };
      return ++started === 1 ? { api: never, close: () => undefined } : connection();
    });
    const work = quality.refresh(SOURCE);
    await new Promise((resolve) => setTimeout(resolve));
    crash.now("The statistics stopped.");
    await work;
    expect(quality.failure).toBe("The statistics stopped.");
    await quality.refresh(SOURCE, { rounds: 5 });
    expect(quality.failure).toBe("");
    expect(quality.report?.rankings).toBe(ROWS.length);
    quality.close();
    expect(started).toBe(2);
  });
});
