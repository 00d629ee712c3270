// Training a reward model on a project's judgements, and what the model would say if it listened to it.
import { bootstrap } from "../../quality/bootstrap.ts";
import { percentileInterval } from "../../quality/distributions.ts";
import type { Interval } from "../../quality/distributions.ts";
import type { JudgementRow } from "../../storage/events.ts";
import type { PairScore, Sample, StudyFold, StudyReport } from "../../workers/protocol.ts";
import { Rng } from "../../world/rng.ts";
import { buildTokenizer } from "../../world/tokenizer.ts";
import type { Announcer } from "../announcer.svelte.ts";
import { sentenceOf } from "../format.ts";
import { percent } from "../statistics.ts";
import type { Trainer } from "../trainer.svelte.ts";
import { LEAST_PAIRS, readRankings } from "./readable-rankings.ts";
import type { Readable, Reading } from "./readable-rankings.ts";

const FOLDS = 5;
const SHARES = [0.125, 0.25, 0.5, 0.75, 1];
const ROUNDS = 1000;
/** Answers of which the best is taken, and prompts that are asked. */
export const BEST_OF = 16;
const MOST_PROMPTS = 8;

/** What is held out: a fifth of the sets, five times; or everything that one person said. */
export type Split = { readonly by: "sets" } | { readonly by: "person"; readonly annotator: string };

/** A trained and tried reward model, with what it was tried on. */
export interface Trained {
  readonly report: StudyReport;
  readonly split: Split;
  readonly heldOut: PairScore;
  /** 95 %, by bootstrap over the sets that were held out; null for fewer than two */
  readonly interval: Interval | null;
  readonly rankings: number;
  /** held-out judgements of sets that somebody in training judged too */
  readonly shared: number;
}

export class Training {
  /** null until the judgements were read */
  reading = $state.raw<Reading | null>(null);
  trained = $state.raw<Trained | null>(null);
  best = $state.raw<readonly { readonly plain: Sample; readonly best: Sample }[]>([]);
  busy = $state<"train" | "best" | null>(null);
  failure = $state("");
  readonly #trainer: Trainer;
  readonly #announcer: Announcer;
  readonly #tokenizer = buildTokenizer();
  /** only what was read last counts */
  #turn = 0;

  constructor(trainer: Trainer, announcer: Announcer) {
    this.#trainer = trainer;
    this.#announcer = announcer;
  }

  /** Looks at the judgements, without training. Never rejects. */
  async read(rows: Promise<readonly JudgementRow[]>): Promise<void> {
    const turn = ++this.#turn;
    try {
      const read = await rows;
      if (turn === this.#turn) this.reading = readRankings(read, this.#tokenizer);
    } catch (error) {
      this.#fail(sentenceOf(error));
    }
  }

  /** people whose judgements can be held out: others must be left to learn from */
  get people(): readonly { readonly annotator: string; readonly rankings: number }[] {
    const counts = new Map<string, number>();
    for (const { annotator } of this.reading?.rankings ?? []) {
      counts.set(annotator, (counts.get(annotator) ?? 0) + 1);
    }
    return counts.size < 2 ? [] : [...counts].map(([annotator, rankings]) => ({ annotator, rankings })); // prettier-ignore
  }

  /** prompts of the judgements that can be read, each once, with the id of one of them */
  get prompts(): { readonly id: string; readonly text: string }[] {
    const prompts = new Map(this.reading?.rankings.map(({ ranking }) => [ranking.prompt, ranking.id])); // prettier-ignore
    return [...prompts].map(([text, id]) => ({ id, text }));
  }

  /** the newest of them: those that are answered on screen */
  get asked(): { readonly id: string; readonly text: string }[] {
    return this.prompts.slice(-MOST_PROMPTS);
  }

  /** Trains and tries; null and a sentence in `failure` when it cannot. Never rejects. */
  async train(split: Split, stage: "fast" | "full"): Promise<void> {
    const { reading } = this;
    if (this.busy !== null || reading === null || reading.refusal !== "") return;
    const { rankings } = reading;
    const folds = split.by === "sets" ? foldsBySet(rankings) : [foldOf(rankings, split.annotator)];
    const tried = folds.flatMap(({ test }) => test).reduce((sum, i) => sum + (rankings[i]?.pairs ?? 0), 0); // prettier-ignore
    this.failure = "";
    this.best = [];
    this.trained = null;
    if (tried < LEAST_PAIRS || folds.some(({ train }) => train.length === 0)) {
      this.#fail(`Only ${tried} pairs would be held out, which says nothing; hold out something else or judge more.`); // prettier-ignore
      return;
    }
    this.busy = "train";
    try {
      const list = rankings.map(({ ranking }) => ranking);
      const request = { rankings: list, folds, stage, shares: SHARES, seed: 1 };
      const report = await this.#trainer.ask((api) => api.study(request));
      if (report === null) this.#announcer.say("Stopped. Nothing was changed.");
      else this.#show(report, rankings, split, folds);
    } catch (error) {
      this.#fail(sentenceOf(error));
    } finally {
      this.busy = null;
    }
  }

  async stop(): Promise<void> {
    await this.#trainer.interrupt((api) => api.stopStudy()).catch(() => undefined);
  }

  /** The answers of the supervised model and the best of several by this reward. Never rejects. */
  async listen(seed: number): Promise<void> {
    if (this.busy !== null || this.trained === null) return;
    this.busy = "best";
    this.failure = "";
    try {
      this.best = await this.#trainer.ask((api) => api.studyBest(this.asked, BEST_OF, seed));
      this.#announcer.say(`${this.best.length} prompts answered twice.`);
    } catch (error) {
      this.#fail(sentenceOf(error));
    } finally {
      this.busy = null;
    }
  }

  #show(
    report: StudyReport,
    rankings: readonly Readable[],
    split: Split,
    folds: readonly StudyFold[],
  ): void {
    const heldOut = total(report.heldOut);
    const learned = new Set(folds.flatMap(({ train }) => train).map((i) => rankings[i]?.set));
    const shared = split.by === "sets" ? 0 : report.heldOut.filter(({ ranking }) => learned.has(rankings[ranking]?.set)).length; // prettier-ignore
    const interval = intervalOf(report.heldOut, (i) => rankings[i]?.set ?? "");
    this.trained = { report, split, heldOut, interval, rankings: rankings.length, shared };
    this.#announcer.say(`Trained. Right in ${percent(heldOut.right / heldOut.pairs)} of held-out pairs.`); // prettier-ignore
  }

  #fail(sentence: string): void {
    this.failure = sentence;
    this.#announcer.alert(sentence);
  }
}

/** Sets in five groups, so that the judgements of one set are held out together. */
export function foldsBySet(rankings: readonly Readable[], seed = 1): StudyFold[] {
  const sets = new Rng(seed).shuffle([...new Set(rankings.map(({ set }) => set))]);
  const group = new Map(sets.map((set, i) => [set, i % FOLDS]));
  const folds = Array.from({ length: Math.min(FOLDS, sets.length) }, (_, fold) => {
    const test = rankings.flatMap(({ set }, i) => (group.get(set) === fold ? [i] : []));
    return { train: rest(rankings.length, test), test };
  });
  return folds;
}

/** One person held out, everybody else learned from (Ouyang et al. 2022, §4.1). */
export function foldOf(rankings: readonly Readable[], annotator: string): StudyFold {
  const test = rankings.flatMap((one, i) => (one.annotator === annotator ? [i] : []));
  return { train: rest(rankings.length, test), test };
}

function rest(n: number, out: readonly number[]): number[] {
  const held = new Set(out);
  return Array.from({ length: n }, (_, i) => i).filter((i) => !held.has(i));
}

function total(scores: readonly PairScore[]): PairScore {
  return scores.reduce<PairScore>(
    (sum, { right, pairs }) => ({ right: sum.right + right, pairs: sum.pairs + pairs }),
    { right: 0, pairs: 0 },
  );
}

/** Bootstrap over sets: the pairs of one set depend on each other. */
function intervalOf(
  heldOut: StudyReport["heldOut"],
  setOf: (ranking: number) => string,
): Interval | null {
  const sets = new Map<string, PairScore>();
  for (const one of heldOut) {
    const key = setOf(one.ranking);
    sets.set(key, total([sets.get(key) ?? { right: 0, pairs: 0 }, one]));
  }
  const list = [...sets.values()];
  if (list.length < 2) return null;
  const draws = bootstrap(list.length, ROUNDS, 1, (weights) => {
    const { right, pairs } = list.reduce(
      (sum, one, i) => ({
        right: sum.right + (weights[i] ?? 0) * one.right,
        pairs: sum.pairs + (weights[i] ?? 0) * one.pairs,
      }),
      { right: 0, pairs: 0 },
    );
    return pairs === 0 ? Number.NaN : right / pairs;
  });
  for (;;) {
    const next = draws.next();
    if (next.done === true) return percentileInterval(next.value);
  }
}
