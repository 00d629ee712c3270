// The run as the page drives it: play, pause, roll back, cancel, save and go on, with metrics and self-checks as events.
import { ROLLOUT_STATS } from "../kernels/rollout-metrics.ts";
import type { RunOptions } from "../rlhf/method.ts";
import type { IterationReport } from "../rlhf/session/report.ts";
import type { Session } from "../rlhf/session/session.ts";
import { PTX_LENGTH, PTX_ROWS } from "../rlhf/session/state.ts";
import { readSafetensors, toFloat32 } from "../storage/safetensors.ts";
import type { Phase, Played, SelfChecks, TrainerEvent } from "./protocol.ts";
import { metricsRow, selfChecks } from "./report.ts";
import type { NormalisedFit } from "../rlhf/session/reward-trainer.ts";
import type { Supply } from "./supply.ts";
import { writeWeights } from "./weights.ts";

const KEEP_EVERY = 5;
/** Kept states of a run; older ones are forgotten. */
const MOST_KEPT = 40;

/** The learned reward that a run is trained towards. */
interface RunReward {
  /** undefined before the first fit */
  readonly current: NormalisedFit | undefined;
  /** gives DPO the pairs behind it */
  readonly needPairs?: () => Promise<void>;
  /** takes over what a saved run left on the device */
  readonly resume?: () => Promise<void>;
}

export class RunControl {
  private readonly session: Session;
  private readonly rewards: RunReward;
  private readonly supply: Supply;
  private readonly emit: (event: TrainerEvent) => void;
  private pausing = false;
  private playing: Promise<unknown> | undefined;
  private chosen: Partial<RunOptions> = {};
  private checks: SelfChecks | undefined;
  private readonly kept = new Map<number, Record<string, Float32Array>>();
  private readonly keeps: boolean;

  /** @param keeps weights on the way are kept, to go back to */
  constructor(
    session: Session,
    rewards: RunReward,
    supply: Supply,
    emit: (event: TrainerEvent) => void,
    keeps = true,
  ) {
    this.session = session;
    this.rewards = rewards;
    this.supply = supply;
    this.emit = emit;
    this.keeps = keeps;
  }

  /** Whether iterations are being played. */
  get busy(): boolean {
    return this.playing !== undefined;
  }

  /** See TrainerApi.play. */
  async play(iterations: number, options?: Partial<RunOptions>): Promise<Played> {
    if (this.playing !== undefined)
      throw new Error("Reinforce: a run is going on; pause it first.");
    this.pausing = false;
    const playing = this.iterate(iterations, options);
    this.playing = playing.catch(() => undefined);
    try {
      return await playing;
    } finally {
      this.playing = undefined;
      this.phase("idle");
    }
  }

  private async iterate(iterations: number, wanted?: Partial<RunOptions>): Promise<Played> {
    await this.ensureRun(wanted);
    const { run } = this.session;
    this.phase("ppo");
    let pending: Promise<Played["halted"]> | undefined;
    let halted: Played["halted"] = null;
    let done = 0;
    while (done < iterations && !this.stopping()) {
      const prompts = this.supply.prompts(run.iteration, run.promptsPerStep);
      const report = run.step(prompts, (n) => this.supply.rows(n, PTX_ROWS, PTX_LENGTH));
      const handled = report.then((measured) => this.handle(measured));
      // it may fail while another is waited for; whoever awaits it hears of it
      handled.catch(() => undefined);
      done++;
      // two iterations may be in flight: the device never waits for the host
      halted = (await pending) ?? null;
      pending = handled;
      if (halted !== null) break;
      await macrotask();
      await this.keep(run.iteration);
    }
    const last = (await pending) ?? null;
    return { done, halted: halted ?? last };
  }

  /** Begins a run, or checks that the one in progress is what is asked for. */
  private async ensureRun(wanted: Partial<RunOptions> | undefined): Promise<void> {
    const reward = this.rewards.current;
    if (reward === undefined) {
      throw new Error("Reinforce: there is no reward model yet; rank some answers first.");
    }
    const { run } = this.session;
    if (run.iteration === 0) {
      this.chosen = wanted ?? this.chosen;
      if (this.chosen.method === "dpo") await this.rewards.needPairs?.();
      await this.session.begin(this.chosen, reward);
      return;
    }
    for (const [name, value] of Object.entries(wanted ?? {})) {
      const used = run.options?.[name as keyof RunOptions];
      if (used === value) continue;
      throw new RangeError(
        `Reinforce: this run has ${name} ${String(used)}, not ${String(value)}; start over to change it.`,
      );
    }
    if (run.options?.method === "dpo") await this.rewards.needPairs?.();
  }

  private stopping(): boolean {
    return this.pausing;
  }

  pause(): void {
    this.pausing = true;
  }

  /** Resolves when nothing is played any more. */
  private async stop(): Promise<void> {
    this.pausing = true;
    await this.playing;
  }

  /** Cancels: back to the supervised model, nothing kept. */
  async reset(): Promise<void> {
    await this.stop();
    this.session.run.restart();
    this.kept.clear();
    this.chosen = {};
    this.checks = undefined;
  }

  /** See TrainerApi.rollback. */
  async rollback(step: number): Promise<void> {
    const weights = this.kept.get(step);
    if (step !== 0 && weights === undefined) {
      const steps = [0, ...this.kept.keys()].join(", ");
      throw new RangeError(`Step ${String(step)} was not kept; the kept steps are ${steps}.`);
    }
    await this.stop();
    if (weights === undefined) this.session.run.restart();
    else await this.session.rewind(weights, step);
    for (const later of [...this.kept.keys()].filter((other) => other > step))
      this.kept.delete(later);
  }

  /** See TrainerApi.snapshot. */
  async snapshot(): Promise<ArrayBuffer | null> {
    const { run, stage } = this.session;
    if (run.iteration === 0) return null;
    const metadata = {
      iteration: String(run.iteration),
      options: JSON.stringify(run.options),
      reward: stage,
      ...(this.checks === undefined ? {} : { checks: JSON.stringify(this.checks) }),
    };
    return writeWeights(await this.session.save(), metadata).buffer;
  }

  /**
   * See TrainerApi.restore.
   * @returns the step, and whether the run has another reference than the session had
   */
  async restore(snapshot: ArrayBuffer): Promise<{ step: number; referenceChanged: boolean }> {
    const { tensors, metadata } = readSafetensors(new Uint8Array(snapshot), {
      name: "The saved run",
    });
    const weights: Record<string, Float32Array> = {};
    for (const [name, tensor] of tensors) weights[name] = toFloat32(tensor);
    const step = Number(metadata["iteration"]);
    if (!(Number.isInteger(step) && step > 0)) {
      throw new RangeError(
        `The saved run: its iteration is ${String(metadata["iteration"])}, expected a whole number from 1 on; the run was not loaded.`,
      );
    }
    await this.stop();
    const stage = metadata["reward"] === "full" ? "full" : "fast";
    const options = JSON.parse(metadata["options"] ?? "{}") as Partial<RunOptions>;
    const referenceChanged = await this.session.restore(weights, {
      iteration: step,
      stage,
      options,
    });
    await this.rewards.resume?.();
    this.chosen = options;
    this.checks = checksIn(metadata["checks"]);
    this.kept.clear();
    return { step, referenceChanged };
  }

  /** Tells what an iteration measured. @returns why the run halts after it */
  private handle(report: IterationReport): Played["halted"] {
    const row = metricsRow(report);
    this.emit({ type: "metrics", first: report.iteration, rows: row });
    this.checks = selfChecks(report, this.checks);
    this.emit({ type: "checks", checks: this.checks });
    if (report.skipped > 0) {
      const { iteration, skipped } = report;
      const which = skipped === 1 ? "one update was" : `${String(skipped)} updates were`;
      this.emit({
        type: "failed",
        error: {
          sentence: `Step ${String(iteration + 1)}: a gradient was not finite, expected finite ones; ${which} skipped, and the run is paused with the weights of all other updates.`,
          cause: "non-finite",
          weightsUsable: true,
        },
      });
      return "non-finite";
    }
    const { klStop } = this.session.run.config;
    const kl = report.rollout[ROLLOUT_STATS.kl] ?? 0;
    return klStop > 0 && kl > klStop ? "distance" : null;
  }

  private async keep(iteration: number): Promise<void> {
    if (!this.keeps || iteration % KEEP_EVERY !== 0) return;
    this.kept.set(iteration, await this.session.keep());
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_KEPT && oldest !== undefined) this.kept.delete(oldest);
  }

  private phase(phase: Phase): void {
    this.emit({ type: "phase", phase, step: this.session.run.iteration });
  }
}

/** Self-checks of a saved run; what JSON cannot say (NaN) was not measured. */
function checksIn(text: string | undefined): SelfChecks {
  const saved = JSON.parse(text ?? "{}") as { readonly [name in keyof SelfChecks]?: unknown };
  const number = (value: unknown): number => (typeof value === "number" ? value : NaN);
  return {
    ratioError: number(saved.ratioError),
    initialKl: number(saved.initialKl),
    finite: saved.finite !== false,
    eosRate: number(saved.eosRate),
  };
}

/** Lets messages in: on the CPU engine nothing else in the loop waits for one, and pause is a message. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
