// Chooses how each call is computed on this adapter, by timing every variant that gives the right numbers.
import type { Variant } from "../plan/kernel.ts";
import type { Call } from "../plan/tape.ts";
import { flopsOf } from "../plan/work.ts";
import { differenceOf, toleranceOf } from "./difference.ts";
import type { Executor } from "./executor.ts";
import { shaderSource } from "./shader.ts";
import { Trial } from "./trial.ts";
import { keyOf, PLAIN, programOf, variantsOf } from "./variants.ts";
import type { Program } from "./variants.ts";

/** What became of one way to compute a call. */
export interface Candidate {
  /** PLAIN or a variant's title */
  readonly title: string;
  /** milliseconds of one run; undefined when it was not timed */
  readonly milliseconds?: number;
  /** largest difference from the plain program, relative to the largest magnitude (at least 1) */
  readonly error?: number;
  /** `wrong` and `failed` are never used; `cached` was chosen in an earlier session */
  readonly outcome: "chosen" | "slower" | "wrong" | "failed" | "cached";
  /** what the compiler or the device said about a failure */
  readonly message?: string;
}

/** One kind of call: its size, and how it is computed now. */
export interface Tuned {
  readonly kernel: string;
  readonly key: string;
  readonly flops: number;
  readonly candidates: readonly Candidate[];
  readonly chosen: string;
}

/** Keeps choices from one session to the next; a failure to do so must not throw. */
export interface TuningCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, title: string): Promise<void>;
}

export interface TuningOptions {
  /** no further call is tuned after so many milliseconds; those left keep the plain program */
  readonly budget: number;
  readonly cache?: TuningCache | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Tuning {
  readonly tuned: readonly Tuned[];
  /** kinds of calls left plain because the budget was spent or the signal was given */
  readonly left: number;
  readonly milliseconds: number;
  /** calls of compiled plans that are computed by another program now */
  readonly changed: number;
}

/** What must be gained to leave the plain program. */
const GAIN = 0.97;
/** How many of the ranking are tried on each further call. */
const FINALISTS = 2;
/** Samples of each candidate; they take turns, so that a busy moment hits all of them. */
const ROUNDS = 3;
/** Slower than the best by this factor on the largest call: not tried on the others. */
const HOPELESS = 1.5;

/** FNV-1a, 32 bits, as hexadecimal digits. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** Key of a choice: adapter, call, and the text of every shader that could be chosen. */
function cacheKey(executor: Executor, call: Call, variants: readonly Variant[]): string {
  const files = new Set([call.kernel.name, ...variants.map(({ shader }) => shader)]);
  const sources = hash([...files].map(shaderSource).join("\n"));
  const titles = hash(variants.map(({ title }) => title).join());
  return `${executor.name}|${keyOf(call)}|${sources}${titles}`;
}

/** Calls by key, largest first, in groups that share a ranking. */
function grouped(calls: readonly Call[]): Call[][] {
  const unique = new Map<string, { call: Call; work: number }>();
  for (const call of calls) {
    if (call.kernel.variants === undefined) continue;
    const key = keyOf(call);
    const known = unique.get(key);
    if (known === undefined) unique.set(key, { call, work: flopsOf(call) });
    else known.work += flopsOf(call);
  }
  const groups = new Map<string, Call[]>();
  for (const { call } of [...unique.values()].sort((x, y) => y.work - x.work)) {
    const { kernel, consts } = call;
    const name = `${kernel.name} ${kernel.tuningClass?.(consts as never) ?? ""}`;
    groups.set(name, [...(groups.get(name) ?? []), call]);
  }
  return [...groups.values()];
}

/** Tunes calls one after the other; keeps the ranking of the group that they are in. */
class Tuner {
  readonly tuned: Tuned[] = [];
  private readonly executor: Executor;
  private readonly options: TuningOptions;

  constructor(executor: Executor, options: TuningOptions) {
    this.executor = executor;
    this.options = options;
  }

  /** @returns titles worth trying on the other calls of the group, best first; undefined when the cache answered */
  async tune(call: Call, ranking: readonly string[] | undefined): Promise<string[] | undefined> {
    const { executor, options } = this;
    const here = executor.gpu.software ? "software" : "hardware";
    const applicable = variantsOf(call, executor.choices.traits).filter(
      (variant) =>
        (variant.only === undefined || variant.only === here) &&
        variant.worthTrying?.(call.consts) !== false,
    );
    const key = cacheKey(executor, call, applicable);
    const cached = await options.cache?.get(key);
    const known = applicable.find(({ title }) => title === cached);
    if (cached === PLAIN || known !== undefined) {
      this.choose(call, known, [{ title: cached ?? PLAIN, outcome: "cached" }]);
      return undefined;
    }
    const wanted = (ranking ?? []).flatMap((title) => applicable.filter((v) => v.title === title));
    const variants = ranking === undefined ? applicable : wanted.slice(0, FINALISTS);
    const { candidates, chosen } = await this.compare(call, variants);
    this.choose(call, chosen, candidates);
    await options.cache?.set(key, chosen?.title ?? PLAIN);
    return rank(candidates);
  }

  private choose(call: Call, variant: Variant | undefined, candidates: readonly Candidate[]): void {
    this.executor.choices.set(call, variant);
    this.tuned.push({
      kernel: call.kernel.name,
      key: keyOf(call),
      flops: flopsOf(call),
      candidates,
      chosen: variant?.title ?? PLAIN,
    });
  }

  private async compare(
    call: Call,
    variants: readonly Variant[],
  ): Promise<{ candidates: Candidate[]; chosen: Variant | undefined }> {
    const trial = new Trial(this.executor, call);
    try {
      const { traits } = this.executor.choices;
      const programs = [undefined, ...variants].map((v) => programOf(call, traits, v));
      const [plain, ...others] = programs as [Program, ...Program[]];
      // compiled side by side; a failure is reported where the program is checked
      for (const program of programs) this.executor.pipeline(program).catch(() => undefined);
      const expected = await trial.results(plain);
      const entries: Entry[] = [{ program: plain, error: 0, outcome: "slower" }];
      const tolerance = toleranceOf(call);
      for (const program of others) {
        entries.push(await checked(trial, program, { expected, tolerance }));
      }
      await race(trial, entries);
      // on a lost device everything fails or takes no time: nothing may be concluded from that, and kept
      await trial.alive();
      const base = entries[0]?.milliseconds ?? Infinity;
      const fast = entries.filter((entry) => (entry.milliseconds ?? Infinity) < GAIN * base);
      const [winner = entries[0]] = fast.sort(byTime);
      const candidates = entries.map(({ program, ...rest }): Candidate => {
        const outcome = program === winner?.program ? "chosen" : rest.outcome;
        return { ...rest, title: program.title, outcome };
      });
      const chosen = variants.find(({ title }) => title === winner?.program.title);
      return { candidates, chosen };
    } finally {
      trial.destroy();
    }
  }
}

interface Entry {
  readonly program: Program;
  milliseconds?: number;
  readonly error?: number;
  readonly outcome: "slower" | "wrong" | "failed";
  readonly message?: string;
}

const byTime = (x: Pick<Entry, "milliseconds">, y: Pick<Entry, "milliseconds">): number =>
  (x.milliseconds ?? Infinity) - (y.milliseconds ?? Infinity);

/** Compiles and checks one program; never throws for what the program does. */
async function checked(
  trial: Trial,
  program: Program,
  { expected, tolerance }: { expected: readonly ArrayLike<number>[]; tolerance: number },
): Promise<Entry> {
  try {
    const { relative: error } = differenceOf(await trial.results(program), expected);
    return { program, error, outcome: error <= tolerance ? "slower" : "wrong" };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { program, outcome: "failed", message };
  }
}

/** Times the programs that are right, in rounds. One that is far behind after the first round is out. */
async function race(trial: Trial, entries: readonly Entry[]): Promise<void> {
  const right = entries.filter(({ outcome }) => outcome === "slower");
  for (let round = 0; round < ROUNDS; round++) {
    const best = Math.min(...right.map(({ milliseconds = Infinity }) => milliseconds));
    for (const entry of right) {
      const known = entry.milliseconds ?? 0;
      if (known > 2 * HOPELESS * best) continue;
      const now = await trial.milliseconds(entry.program);
      entry.milliseconds = Math.min(entry.milliseconds ?? Infinity, now);
    }
  }
}

function rank(candidates: readonly Candidate[]): string[] {
  const timed = candidates
    .filter(({ title, milliseconds }) => title !== PLAIN && milliseconds !== undefined)
    .sort(byTime);
  const best = timed[0]?.milliseconds ?? 0;
  return timed.filter((c) => (c.milliseconds ?? 0) <= HOPELESS * best).map(({ title }) => title);
}

/**
 * Tunes the calls of plans, the most work first, and puts the choices into all compiled plans at the end. Runs
 * between other work of the device; plans stay usable all the time and use plain programs until it is done.
 * Rejects only when the device is lost.
 */
export async function tune(
  executor: Executor,
  calls: readonly Call[],
  options: TuningOptions,
): Promise<Tuning> {
  const started = performance.now();
  const spent = (): number => performance.now() - started;
  const tuner = new Tuner(executor, options);
  const groups = grouped(calls);
  const total = groups.reduce((sum, group) => sum + group.length, 0);
  let done = 0;
  for (const group of groups) {
    let ranking: string[] | undefined;
    for (const call of group) {
      if (spent() > options.budget || options.signal?.aborted === true) break;
      ranking = (await tuner.tune(call, ranking)) ?? ranking;
      done++;
      options.onProgress?.(done, total);
    }
  }
  const changed = await executor.adoptChoices();
  return { tuned: tuner.tuned, left: total - done, milliseconds: spent(), changed };
}
