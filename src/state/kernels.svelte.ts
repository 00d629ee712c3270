// The kernels page: the worker's report, and what was checked, timed and tuned since it was opened.
import type {
  KernelCheck,
  KernelInfo,
  KernelReport,
  KernelShape,
  KernelTime,
  PlanMeasure,
} from "../workers/kernel-protocol.ts";
import type { ModelCard } from "../workers/protocol.ts";
import type { Announcer } from "./announcer.svelte.ts";
import { count, sentenceOf } from "./format.ts";
import type { Trainer } from "./trainer.svelte.ts";

/** What the page is waiting for; `done` and `total` where they are known. */
export interface Job {
  readonly kind: "check" | "measure" | "tune";
  readonly what: string;
  readonly done: number;
  readonly total: number;
  readonly stops: boolean;
}

export class Kernels {
  report = $state.raw<KernelReport | null>(null);
  checks = $state.raw<ReadonlyMap<string, KernelCheck>>(new Map());
  measures = $state.raw<ReadonlyMap<string, PlanMeasure>>(new Map());
  job = $state.raw<Job | null>(null);
  /** one sentence about what failed last */
  failure = $state("");
  /** label of the plan whose times are shown */
  plan = $state("");
  #trainer: Trainer;
  #announcer: Announcer;
  #busy: () => boolean;
  #stopped = false;
  /** of the engine that all of this is about */
  #card: ModelCard | null = null;

  constructor(trainer: Trainer, announcer: Announcer, busy: () => boolean) {
    this.#trainer = trainer;
    this.#announcer = announcer;
    this.#busy = busy;
  }

  /** Why nothing can be checked, timed or tuned now; null when it can. */
  get hindrance(): string | null {
    if (!this.#trainer.ready) return "The model is not loaded.";
    if (this.#busy()) return "A run is going on: pause it first.";
    if (this.job !== null) return "One thing at a time: this has to end first.";
    return this.#trainer.pending > 0 ? "The model is answering: a moment." : null;
  }

  /** The times on show; null where the plan was not measured. */
  get measure(): PlanMeasure | null {
    return this.measures.get(this.plan) ?? null;
  }

  /** Times of a kernel in the plan on show; null where it was not measured or is not called. */
  time(name: string): KernelTime | null {
    return this.measure?.kernels.find((row) => row.name === name) ?? null;
  }

  /** Forgets what another engine measured, and reads what this one runs. Never rejects. */
  async open(): Promise<void> {
    if (this.#card !== this.#trainer.card) {
      this.report = null;
      this.checks = new Map();
      this.measures = new Map();
    }
    this.#card = this.#trainer.card;
    this.failure = "";
    await this.refresh();
  }

  /** Reads the report again: plans are compiled when they are first needed. Never rejects. */
  async refresh(): Promise<void> {
    await this.#quietly(async () => {
      const report = await this.#trainer.peek((api) => api.kernels.report());
      this.report = report;
      if (!report.plans.some(({ label }) => label === this.plan)) {
        this.plan = largest(report);
      }
    });
  }

  /** The shader of a program as it is compiled for a shape; null where it cannot be had now. */
  async code(kernel: string, key: string, program: string): Promise<string | null> {
    try {
      return await this.#trainer.peek((api) => api.kernels.code(kernel, key, program));
    } catch {
      return null;
    }
  }

  /** Checks kernels one after the other; those that no plan calls are left out. Never rejects. */
  async check(kernels: readonly KernelInfo[]): Promise<void> {
    const wanted = kernels.filter(({ shapes }) => shapes.length > 0);
    const total = wanted.length;
    await this.#work(async () => {
      let right = 0;
      let done = 0;
      for (const { name } of wanted) {
        if (this.#stopped) break;
        this.job = { kind: "check", what: name, done, total, stops: total > 1 };
        const check = await this.#trainer.ask((api) => api.kernels.check(name));
        this.checks = new Map(this.checks).set(name, check);
        done++;
        if (check.programs.every(({ outcome }) => outcome === "right")) right++;
      }
      this.#announcer.say(`${right} of ${count(done, "kernel")} checked are right.`);
    });
  }

  /** Times the plan on show. Never rejects. */
  async measurePlan(): Promise<void> {
    const { plan } = this;
    await this.#work(async () => {
      this.job = { kind: "measure", what: plan, done: 0, total: 0, stops: false };
      const measure = await this.#trainer.ask((api) => api.kernels.measure(plan));
      this.measures = new Map(this.measures).set(plan, measure);
      this.#announcer.say(`${plan} is measured.`);
    });
  }

  /** Tunes all plans anew. Never rejects. */
  async tune(): Promise<void> {
    await this.#work(async () => {
      const show = (done: number, total: number): void => {
        if (this.job !== null) {
          this.job = { kind: "tune", what: "all plans", done, total, stops: true };
        }
      };
      this.job = { kind: "tune", what: "all plans", done: 0, total: 0, stops: true };
      const { tuned, left, changed } = await this.#trainer.ask((api) => api.kernels.tune(show));
      // Times of programs that are no longer in use say nothing.
      if (changed > 0) this.measures = new Map();
      await this.refresh();
      const rest = left > 0 ? ` ${left} are left as they were.` : "";
      this.#announcer.say(
        `${count(tuned, "kind")} of calls tuned, ${count(changed, "call")} changed.${rest}`,
      );
    });
  }

  /** Ends the job after the step at hand. */
  stop(): void {
    this.#stopped = true;
    if (this.job?.kind !== "tune") return;
    void this.#quietly(() => this.#trainer.interrupt((api) => api.kernels.stopTuning()));
  }

  async #work(job: () => Promise<void>): Promise<void> {
    if (this.hindrance !== null) return;
    this.#stopped = false;
    this.failure = "";
    await this.#quietly(job);
    this.job = null;
  }

  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.failure = sentenceOf(error);
    }
  }
}

/** The plan with the most calls. */
function largest({ plans }: KernelReport): string {
  return [...plans].sort((x, y) => y.calls - x.calls)[0]?.label ?? "";
}

/** Calls of a shape or kernel in all plans. */
export function callsOf(shapes: readonly KernelShape[]): number {
  return shapes.reduce(
    (sum, { calls }) => sum + calls.reduce((all, { count: n }) => all + n, 0),
    0,
  );
}

/** `right` where all programs are; the worst of them otherwise; null when not checked. */
export function verdictOf(check: KernelCheck | undefined): "right" | "wrong" | "failed" | null {
  if (check === undefined) return null;
  const found = (outcome: string): boolean => check.programs.some((p) => p.outcome === outcome);
  if (found("failed")) return "failed";
  return found("wrong") ? "wrong" : "right";
}
