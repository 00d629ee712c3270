// Chooses the next set by the project's policy, in batches from the worker, and keeps what must be logged.
import { pickNext } from "../../quality/next.ts";
import type { Pick } from "../../quality/next.ts";
import { LEAST_RANKINGS } from "../../quality/select-options.ts";
import type { Selection, SelectOptions } from "../../quality/select-options.ts";
import type { Schedule } from "../../storage/projects.ts";
import type { QualityConnection } from "../../workers/quality-client.ts";
import { Rng } from "../../world/rng.ts";

/** How a set came to be asked: columns of `prefs.ranking`. */
export interface Chosen {
  readonly select_policy: string;
  readonly select_score: number;
  readonly propensity: number;
}

/** Draws sets out of those with these ids. */
export type Select = (
  project: string,
  ids: readonly string[],
  options: SelectOptions,
) => Promise<Selection>;

/** Why sets come at random although something else is wanted: too little to learn from, or no models. */
export type Fallback = "few" | "failed";

interface Batch {
  readonly picks: readonly Pick[];
  readonly fallback: Fallback | null;
}

/** The sets that wait, whatever their number: Agenda. */
export interface Waiting {
  readonly waiting: number;
  waitingAt(k: number): string;
  isWaiting(item: string): boolean;
}

/** Sets drawn at a time: the models behind the draw are fitted again for each batch. */
const BATCH = 10;
/** Milliseconds that a person waits for the models before one set is taken at random. */
const PATIENCE = 50;
/** Milliseconds before the worker is asked: what it reads would hold up the first judgement that is saved. */
const REST = 400;
/** Most sets that a batch is drawn from; of more that wait, so many are taken at random. */
export const POOL = 1000;
export const IN_ORDER: Chosen = { select_policy: "order", select_score: 0, propensity: 1 };

let connection: Promise<QualityConnection> | null = null;
let dead: Promise<never> = new Promise(() => undefined);

/** In the quality worker, which is started when first needed and stays. */
export const selectInWorker: Select = async (project, open, options) => {
  await new Promise((resolve) => setTimeout(resolve, REST));
  connection ??= connect();
  return Promise.race([(await connection).api.next(project, open, options), dead]);
};

async function connect(): Promise<QualityConnection> {
  const { connectQuality } = await import("../../workers/quality-client.ts");
  let fail: (error: Error) => void = () => undefined;
  dead = new Promise((_, reject) => (fail = reject));
  dead.catch(() => undefined);
  return connectQuality((sentence) => {
    connection = null;
    fail(new Error(sentence));
  });
}

export class Chooser {
  /** of the batch that the next set is from */
  fallback: Fallback | null = null;
  readonly #project: string;
  readonly #select: Select;
  #picks: readonly Pick[] = [];
  #policy = "";
  #drawn = 0;
  /** the next batch: drawn before the last set of this one was judged, so that nobody waits for it */
  #ahead: Promise<Batch> | null = null;

  constructor(project: string, select: Select) {
    this.#project = project;
    this.#select = select;
  }

  /**
   * The sets that wait, in the order in which they come, as far as that is known now; the first is
   * next. Nobody waits for the models: while they are not ready, as for the first set of a visit, one
   * set is taken at random, and so are all when there is too little to learn from or the draw fails;
   * each is logged as that.
   * @param now what waits at the moment, which may be something else after a draw
   * @param judged judgements by everyone: with the number of draws it is the seed
   * @param most sets wanted
   */
  async next(
    now: () => Waiting,
    { policy, explore }: Readonly<Schedule>,
    judged: number,
    most: number,
  ): Promise<{ item: string; chosen: Chosen }[]> {
    const setting = `${policy} ${explore}`;
    if (this.#policy !== setting) {
      this.#picks = [];
      this.#ahead = null;
      this.fallback = null;
    }
    this.#policy = setting;
    if (policy === "order") return inOrder(now(), most);
    const options = { policy, explore };
    const waits = ({ id }: Pick): boolean => now().isWaiting(id);
    this.#picks = this.#picks.filter(waits);
    // Twice at most: what was drawn ahead may have been judged in another tab since.
    for (let left = 2; this.#picks.length === 0 && now().waiting > 0 && left > 0; left--) {
      this.#ahead ??= this.#draw(now(), options, judged);
      const batch = await soon(this.#ahead);
      if (batch === null) break;
      this.#ahead = null;
      this.#picks = batch.picks.filter(waits);
      this.fallback = batch.fallback;
    }
    if (this.#picks.length === 0 && now().waiting > 0) {
      this.#picks = this.#draws(now(), judged).atRandom(1, null).picks;
    }
    if (this.#picks.length < most && now().waiting > this.#picks.length) {
      this.#ahead ??= this.#draw(now(), options, judged);
    }
    return this.#picks.map((pick) => ({ item: pick.id, chosen: chosenOf(pick) }));
  }

  /**
   * Draws a batch out of what waits beside the one that is known: by the models, or on the page when
   * they are not needed, could learn nothing, or were not asked yet. Never rejects.
   */
  async #draw(
    from: Waiting,
    { policy, explore }: Omit<SelectOptions, "count" | "seed">,
    judged: number,
  ): Promise<Batch> {
    const { pool, seed, atRandom, batch } = this.#draws(from, judged);
    if (policy === "random") return atRandom(BATCH, null);
    if (judged < LEAST_RANKINGS) return atRandom(LEAST_RANKINGS, "few");
    if (this.#drawn === 1) return atRandom(1, null);
    try {
      const options = { policy, explore, count: BATCH, seed };
      const { picks, rankings } = await this.#select(this.#project, pool, options);
      return batch(picks, rankings < LEAST_RANKINGS ? "few" : null);
    } catch {
      return atRandom(BATCH, "failed");
    }
  }

  /** What one draw is from, its seed, and its batches with the probability of each set among all that wait. */
  #draws(from: Waiting, judged: number) {
    const seed = 1 + judged * 7919 + this.#drawn++;
    const known = new Set(this.#picks.map(({ id }) => id));
    const pool = poolOf(from, seed).filter((id) => !known.has(id));
    // what is not in the pool could not be drawn
    const share = Math.min(1, POOL / from.waiting);
    const batch = (picks: readonly Pick[], fallback: Fallback | null): Batch => ({
      picks: picks.map((pick) => ({ ...pick, propensity: pick.propensity * share })),
      fallback,
    });
    const atRandom = (count: number, fallback: Fallback | null): Batch => {
      const candidates = pool.map((id) => ({ id }));
      return batch(pickNext(candidates, { count, seed, policy: "random" }), fallback);
    };
    return { pool, seed, batch, atRandom };
  }
}

/** The batch, or null when it takes longer than a person should wait. */
async function soon(drawing: Promise<Batch>): Promise<Batch | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), PATIENCE)));
  try {
    return await Promise.race([drawing, late]);
  } finally {
    clearTimeout(timer);
  }
}

function inOrder(from: Waiting, most: number): { item: string; chosen: Chosen }[] {
  return Array.from({ length: Math.min(most, from.waiting) }, (_, k) => ({
    item: from.waitingAt(k),
    chosen: IN_ORDER,
  }));
}

/** What a batch is drawn from: all that waits, or so many of it at random, in the order they came. */
function poolOf(from: Waiting, seed: number): string[] {
  const { waiting: n } = from;
  if (n <= POOL) return Array.from({ length: n }, (_, k) => from.waitingAt(k));
  const rng = new Rng(seed);
  const places = new Set<number>();
  // Floyd's sample without replacement
  for (let j = n - POOL; j < n; j++) {
    const k = rng.int(j + 1);
    places.add(places.has(k) ? j : k);
  }
  return [...places].sort((a, b) => a - b).map((k) => from.waitingAt(k));
}

function chosenOf({ policy, score, propensity }: Pick): Chosen {
  return { select_policy: policy, select_score: score, propensity };
}
