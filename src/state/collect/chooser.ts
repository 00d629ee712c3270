// Chooses the next set by the project's policy, in batches from the worker, and keeps what must be logged.
import type { Pick } from "../../quality/next.ts";
import type { SelectOptions } from "../../quality/select.ts";
import type { Schedule } from "../../storage/projects.ts";
import type { QualityConnection } from "../../workers/quality-client.ts";

/** How a set came to be asked: columns of `prefs.ranking`. */
export interface Chosen {
  readonly select_policy: string;
  readonly select_score: number;
  readonly propensity: number;
}

/** Draws sets out of those that are open. */
export type Select = (
  project: string,
  open: readonly string[],
  options: SelectOptions,
) => Promise<Pick[]>;

/** Sets drawn at a time: the models behind the draw are fitted again for each batch. */
const BATCH = 10;
const IN_ORDER: Chosen = { select_policy: "order", select_score: 0, propensity: 1 };

let connection: Promise<QualityConnection> | null = null;
let dead: Promise<never> = new Promise(() => undefined);

/** In the quality worker, which is started when first needed and stays. */
export const selectInWorker: Select = async (project, open, options) => {
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
  readonly #project: string;
  readonly #select: Select;
  #picks: readonly Pick[] = [];
  #policy = "";
  #drawn = 0;

  constructor(project: string, select: Select) {
    this.#project = project;
    this.#select = select;
  }

  /**
   * The sets of `open` in the order in which they come, as far as that is known now; the first is
   * next. When the draw fails, one is taken at random and logged as that.
   */
  async next(
    open: readonly string[],
    { policy, explore }: Readonly<Schedule>,
    judged: number,
  ): Promise<{ item: string; chosen: Chosen }[]> {
    if (policy === "order") return open.map((item) => ({ item, chosen: IN_ORDER }));
    const setting = `${policy} ${explore}`;
    if (this.#policy !== setting) this.#picks = [];
    this.#policy = setting;
    const known = new Set(open);
    this.#picks = this.#picks.filter(({ id }) => known.has(id));
    if (this.#picks.length === 0 && open.length > 0) {
      const seed = 1 + judged * 7919 + this.#drawn++;
      const options = { policy, explore, count: BATCH, seed };
      this.#picks = await this.#select(this.#project, open, options).catch(() => atRandom(open));
    }
    return this.#picks.map((pick) => ({ item: pick.id, chosen: chosenOf(pick) }));
  }
}

function chosenOf({ policy, score, propensity }: Pick): Chosen {
  return { select_policy: policy, select_score: score, propensity };
}

function atRandom(open: readonly string[]): Pick[] {
  const id = open[Math.floor(Math.random() * open.length)];
  return id === undefined ? [] : [{ id, policy: "random", score: 0, propensity: 1 / open.length }];
}
