// The blind test: pairs of old and new answers on random sides, and what the choices can show.
import type { Ranking, Sample } from "../workers/protocol.ts";
import { count, sentenceOf } from "./format.ts";
import type { PromptText } from "./first-prompt.ts";
import { luck, verdict, wilson } from "./statistics.ts";
import type { Trainer } from "./trainer.svelte.ts";
import { recall, remember } from "./settings.svelte.ts";
import { differs } from "./words.ts";

/** Pairs asked about; the paper's rankings are judged blind too. */
export const PAIRS = 6;

export interface Pair {
  readonly prompt: string;
  readonly before: Sample;
  readonly after: Sample;
  /** the trained model's answer stands on this side */
  readonly trained: "left" | "right";
}

export type Choice = "trained" | "start" | "tie";

export interface TasteResult {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** chance of at least this many wins by a fair coin */
  readonly luck: number;
  /** 95 % interval of the share of wins */
  readonly interval: readonly [number, number];
  readonly sentence: string;
}

/** Which model the newer answers are of. */
export interface Tested {
  /** the run */
  readonly run: string;
  readonly step: number;
  /** the newer answers were drawn, and of so many the best; null: a trained model wrote them */
  readonly drawn: number | null;
}

/** A test as it is kept over a reload. */
interface KeptTest {
  readonly tested: Tested;
  readonly pairs: readonly Pair[];
  readonly choices: readonly Choice[];
}

/** Influence of one ranking on the difference between old and new answers. */
export interface Influence {
  readonly task: string;
  readonly value: number;
  /** share of all influence, 0..1 */
  readonly share: number;
}

/** Pairs whose answers differ, at most PAIRS, with random sides. */
export function makePairs(
  before: readonly Sample[],
  after: readonly Sample[],
  random: () => number = Math.random,
): Pair[] {
  const pairs: Pair[] = [];
  for (const [i, old] of before.entries()) {
    const trained = after[i];
    if (trained === undefined || !differs(old.text, trained.text)) continue;
    const side = random() < 0.5 ? "left" : "right";
    pairs.push({ prompt: old.prompt, before: old, after: trained, trained: side });
  }
  return pairs.slice(0, PAIRS);
}

/** Counts the choices. */
export function resultOf(choices: readonly Choice[]): TasteResult {
  const number = (wanted: Choice): number => choices.filter((choice) => choice === wanted).length;
  const [wins, losses, ties] = [number("trained"), number("start"), number("tie")];
  return {
    wins,
    losses,
    ties,
    luck: luck(wins, wins + losses),
    interval: wilson(wins, wins + losses),
    sentence: verdict(wins, losses, ties),
  };
}

/** Shares of the absolute influences, in the order of the rankings. */
export function shares(rankings: readonly Ranking[], values: readonly number[]): Influence[] {
  const sum = values.reduce((total, value) => total + Math.abs(value), 0);
  return rankings.map((ranking, i) => {
    const value = values[i] ?? 0;
    return { task: ranking.id, value, share: sum === 0 ? 0 : Math.abs(value) / sum };
  });
}

export class Taste {
  state = $state<"idle" | "sampling" | "asking" | "done" | "same" | "failed">("idle");
  pairs = $state.raw<readonly Pair[]>([]);
  choices = $state.raw<readonly Choice[]>([]);
  influence = $state.raw<readonly Influence[]>([]);
  failure = $state("");
  /** what the pairs on screen are of; null before there are any */
  tested = $state.raw<Tested | null>(null);
  #trainer: Trainer;
  /** tests whose sides have been shown: the next one asks other prompts with other dice */
  #shown = 0;

  constructor(trainer: Trainer) {
    this.#trainer = trainer;
  }

  get pair(): Pair | null {
    return this.pairs[this.choices.length] ?? null;
  }

  get drawn(): number | null {
    return this.tested?.drawn ?? null;
  }

  /** What is compared with the model at the start. */
  get subject(): string {
    return this.drawn === null ? "trained model" : `best of ${this.drawn}`;
  }

  get result(): TasteResult {
    return resultOf(this.choices);
  }

  /**
   * Samples both models with the same dice, other ones than in tests before. Never rejects: see `failure`.
   * @param tested the run and its step; with `drawn` the best of so many answers of the untrained model is tested
   */
  async start(prompts: readonly PromptText[], seed: number, tested: Tested): Promise<void> {
    if (this.state === "sampling") return;
    if (this.state === "done") this.#shown++;
    const first = prompts.length === 0 ? 0 : (PAIRS * this.#shown) % prompts.length;
    const asked = [...prompts.slice(first), ...prompts.slice(0, first)];
    this.state = "sampling";
    this.tested = tested;
    this.choices = [];
    this.influence = [];
    try {
      this.pairs = makePairs(...(await this.#answers(asked, seed + this.#shown, tested.drawn)));
      this.state = this.pairs.length === 0 ? "same" : "asking";
      this.#keep();
    } catch (error) {
      this.failure = sentenceOf(error);
      this.state = "failed";
    }
  }

  async #answers(
    prompts: readonly PromptText[],
    seed: number,
    draws: number | null,
  ): Promise<[Sample[], Sample[]]> {
    if (draws !== null) {
      const both = await this.#trainer.ask((api) => api.bestOfN(prompts, draws, seed));
      return [both.map(({ plain }) => plain), both.map(({ best }) => best)];
    }
    const old = await this.#trainer.ask((api) => api.sample(prompts, 1, seed, "sft"));
    const trained = await this.#trainer.ask((api) => api.sample(prompts, 1, seed, "policy"));
    return [old.flat(), trained.flat()];
  }

  choose(side: "left" | "right" | "tie"): void {
    const { pair } = this;
    if (pair === null) return;
    const choice = side === "tie" ? "tie" : side === pair.trained ? "trained" : "start";
    this.choices = [...this.choices, choice];
    if (this.pair === null) this.state = "done";
    this.#keep();
  }

  /** Takes the last choice back. */
  back(): void {
    if (this.choices.length === 0) return;
    this.choices = this.choices.slice(0, -1);
    this.state = "asking";
    this.#keep();
  }

  /** The pair on screen in words, or what the test showed: what is said when it changes. "" for neither. */
  get spoken(): string {
    const { pair, pairs, choices } = this;
    if (this.state === "done") return `${this.headline}. ${this.result.sentence}`;
    if (this.state !== "asking" || pair === null) return "";
    const [left, right] = pair.trained === "left" ? [pair.after, pair.before] : [pair.before, pair.after]; // prettier-ignore
    return `Pair ${choices.length + 1} of ${pairs.length}: ${pair.prompt} A: ${left.text} B: ${right.text}`;
  }

  /** How the choices fell. */
  get headline(): string {
    const { wins, losses } = this.result;
    const trials = wins + losses;
    return trials === 0
      ? "You could not tell them apart"
      : `You chose the ${this.subject} ${wins} of ${count(trials, "time")}`;
  }

  /** Brings back the test of this run that a reload ended. */
  restore(run: string): void {
    const kept = readKept(recall(KEPT));
    if (kept === null || kept.tested.run !== run || this.state !== "idle") return;
    this.tested = kept.tested;
    this.pairs = kept.pairs;
    this.choices = kept.choices;
    this.state = this.pair === null ? "done" : "asking";
  }

  #keep(): void {
    const { tested, pairs, choices } = this;
    if (tested === null || pairs.length === 0) return;
    remember(KEPT, JSON.stringify({ tested, pairs, choices } satisfies KeptTest));
  }

  /**
   * Which rankings moved the answers of this test.
   * @param flip the run learned from them turned round
   */
  async explain(rankings: readonly Ranking[], flip: boolean): Promise<void> {
    const before = this.pairs.map((pair) => pair.before);
    const after = this.pairs.map((pair) => pair.after);
    try {
      const values = await this.#trainer.ask((api) => api.influence(rankings, before, after, flip));
      this.influence = shares(rankings, values);
    } catch (error) {
      this.failure = sentenceOf(error);
    }
  }

  clear(): void {
    this.state = "idle";
    this.tested = null;
    this.pairs = [];
    this.choices = [];
    this.influence = [];
    this.failure = "";
  }
}

const KEPT = "taste";
const CHOICES: readonly Choice[] = ["trained", "start", "tie"];

/** A kept test; null for none, or one that somebody changed. */
function readKept(text: string | null): KeptTest | null {
  try {
    const { tested, pairs, choices } = JSON.parse(text ?? "null") as Partial<KeptTest>;
    const whole =
      typeof tested?.run === "string" &&
      Number.isInteger(tested.step) &&
      Array.isArray(pairs) &&
      Array.isArray(choices) &&
      pairs.length > 0 &&
      choices.length <= pairs.length &&
      choices.every((choice) => CHOICES.includes(choice as Choice)) &&
      pairs.every(isPair);
    return whole ? { tested, pairs, choices } : null;
  } catch {
    return null;
  }
}

function isPair(value: unknown): value is Pair {
  const { prompt, before, after, trained } = (value ?? {}) as Partial<Pair>;
  const texts = [prompt, before?.text, after?.text];
  return texts.every((text) => typeof text === "string") && (trained === "left" || trained === "right"); // prettier-ignore
}
