// Runs stages in the order of their inputs, what is cached only read; several processes can share one cache.
import type { Engine } from "../plan/engine.ts";
import type { Cache, Finished } from "./cache.ts";
import { counting } from "./counting.ts";
import { neededFor, stageKeys } from "./stage.ts";
import type { Artefact, Stage, Work } from "./stage.ts";

export interface RunnerOptions {
  /** stages that are wanted; all by default */
  readonly wanted?: readonly string[];
  /** a fresh engine for one stage */
  readonly engine: () => Promise<{ engine: Engine; destroy: () => void }>;
  /** its name, as reports and keys have it */
  readonly engineName: string;
  readonly progress?: (state: ProgressState) => void;
  /** milliseconds until a stage that another process makes is looked for again */
  readonly pause?: number;
}

/** Where a run stands, for whoever prints it. */
export interface ProgressState {
  readonly stage: string;
  /** of the stage, 0 to 1 */
  readonly share: number;
  readonly note: string;
  /** planned operations of everything, of what is done, and of what was done before this run */
  readonly total: number;
  readonly done: number;
  readonly before: number;
  /** a stage has ended */
  readonly ended: boolean;
}

/** Finished stages of a run. */
export interface Made {
  artefact(name: string): Artefact;
  readonly records: ReadonlyMap<string, Finished>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Runner {
  readonly stages: readonly Stage[];
  private readonly keys: ReadonlyMap<string, string>;
  private readonly cache: Cache;
  private readonly options: RunnerOptions;

  constructor(stages: readonly Stage[], cache: Cache, options: RunnerOptions) {
    this.keys = stageKeys(stages, options.engineName);
    this.stages = options.wanted === undefined ? stages : neededFor(stages, options.wanted);
    this.cache = cache;
    this.options = options;
  }

  /** Planned operations, and those of the stages that are in the cache already. */
  plan(): { total: number; cached: number } {
    const sum = (list: readonly Stage[]): number => list.reduce((all, { flops }) => all + flops, 0);
    return {
      total: sum(this.stages),
      cached: sum(this.stages.filter((one) => this.has(one.name))),
    };
  }

  /** Makes everything that is missing, beside other processes that do the same. */
  async run(): Promise<Made> {
    const { total, cached } = this.plan();
    for (;;) {
      const missing = this.stages.filter(({ name }) => !this.has(name));
      if (missing.length === 0) break;
      const next = missing.find(
        ({ name, inputs }) =>
          inputs.every((input) => this.has(input)) && this.cache.lock(this.key(name)),
      );
      if (next === undefined) {
        await sleep(this.options.pause ?? 500);
        continue;
      }
      try {
        // it may have been finished between the look and the lock
        if (!this.has(next.name)) await this.make(next, { total, before: cached });
      } finally {
        this.cache.unlock(this.key(next.name));
      }
    }
    return this.made();
  }

  private async make(
    stage: Stage,
    { total, before }: { total: number; before: number },
  ): Promise<void> {
    const { cache, options } = this;
    const key = this.key(stage.name);
    const { engine, destroy } = await options.engine();
    const { counted, flops } = counting(engine);
    const started = Date.now();
    const report = (share: number, note: string, ended: boolean): void => {
      const done = this.plan().cached + (ended ? 0 : share * stage.flops);
      options.progress?.({ stage: stage.name, share, note, total, done, before, ended });
    };
    const work: Work = {
      engine: counted,
      input: (name) => {
        if (!stage.inputs.includes(name)) throw new Error(`${stage.name} does not declare ${name}`);
        return cache.read(name, this.key(name));
      },
      progress: async (share, note = "") => {
        report(share, note, false);
        await sleep(0);
      },
      kept: () => cache.kept(stage.name, key),
      keep: (state) => cache.keep(key, state),
    };
    try {
      const artefact = await stage.run(work);
      const seconds = (Date.now() - started) / 1000;
      cache.write(
        key,
        { name: stage.name, seconds, flops: flops(), engine: engine.name },
        artefact,
      );
    } finally {
      destroy();
    }
    report(1, "", true);
  }

  /** What is in the cache. */
  made(): Made {
    const records = new Map<string, Finished>();
    for (const { name } of this.stages) {
      const record = this.cache.record(name, this.key(name));
      if (record !== undefined) records.set(name, record);
    }
    return { artefact: (name) => this.cache.read(name, this.key(name)), records };
  }

  private has(name: string): boolean {
    return this.cache.record(name, this.key(name)) !== undefined;
  }

  private key(name: string): string {
    const key = this.keys.get(name);
    if (key === undefined) throw new Error(`reproduce: there is no stage ${name}`);
    return key;
  }
}
