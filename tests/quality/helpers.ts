// Made-up rows for the tests of src/quality: seeded people who rank by a hidden quality with noise.
import type { JudgementRow } from "../../src/storage/events.ts";
import type { Judgement } from "../../src/storage/judgement.ts";
import { normal, random } from "../support/random.ts";

/** A UUID version 7 that sorts by n. */
export function id(n: number): string {
  return `${n.toString(16).padStart(8, "0")}-0000-7000-8000-000000000000`;
}

/** A row with few words: answers are named by letters, ranks belong to them in order. */
export function row(
  n: number,
  more: Partial<JudgementRow> & { j?: Partial<Judgement> } = {},
): JudgementRow {
  const { j = {}, ...rest } = more;
  const ranks = j.ranks ?? [1, 2];
  return {
    event: id(n),
    project: "p",
    task: `t${n}`,
    annotator: "ann",
    session: "s",
    t: n,
    revision: 1,
    supersedes: "",
    state: "submitted",
    reason: "",
    judgement: {
      promptId: "x",
      prompt: "Say something.",
      completions: ranks.map((_, i) => ({
        text: String.fromCharCode(97 + i),
        checkpoint: `model ${i}`,
        seed: i,
      })),
      ranks,
      shown: ranks.map((_, i) => i),
      cannotTell: false,
      milliseconds: { active: 5000, idle: 0, hidden: 0 },
      source: "person",
      ...j,
    },
    ...rest,
  };
}

export interface Crowd {
  readonly items: number;
  readonly answers: number;
  readonly people: readonly string[];
  /** sd of the noise that each person adds to an answer's quality (sd 1) */
  readonly noise: number;
  /** added to the quality of what stands first on screen */
  readonly primacy?: number;
  /** share of items that each person ranks a second time, in another order */
  readonly repeats?: number;
  readonly seed?: number;
}

/** Rows of people who rank the same items; answer i of every item is by `model i`, which is i worse. */
export function crowd({
  items,
  answers,
  people,
  noise,
  primacy = 0,
  repeats = 0,
  seed = 1,
}: Crowd): JudgementRow[] {
  const next = random(seed);
  const rows: JudgementRow[] = [];
  let n = 1;
  for (let item = 0; item < items; item++) {
    const quality = Array.from({ length: answers }, (_, i) => normal(next) - i);
    for (const annotator of people) {
      for (let round = 0; round < (next() < repeats ? 2 : 1); round++) {
        const shown = shuffled(answers, next);
        const completions = quality.map((_, i) => ({
          text: `answer ${i} to ${item}`,
          checkpoint: `model ${i}`,
          seed: i,
        }));
        const judgement = {
          prompt: `prompt ${item}`,
          completions,
          shown,
          ranks: ranksBy(
            quality.map((q, i) => q + noise * normal(next) + (shown[0] === i ? primacy : 0)),
          ),
          milliseconds: {
            active: Math.round(1000 * Math.exp(2 + normal(next) / 2)),
            idle: 0,
            hidden: 0,
          },
        };
        rows.push(row(n++, { annotator, task: `${item}${round > 0 ? "r" : ""}`, j: judgement }));
      }
    }
  }
  return rows;
}

/** 1 = highest; qualities that round to the same half are tied. */
function ranksBy(felt: readonly number[]): number[] {
  const halves = felt.map((x) => Math.round(2 * x));
  const levels = [...new Set(halves)].sort((x, y) => y - x);
  return halves.map((half) => levels.indexOf(half) + 1);
}

function shuffled(n: number, next: () => number): number[] {
  const list = Array.from({ length: n }, (_, i) => ({ i, by: next() }));
  return list.sort((x, y) => x.by - y.by).map(({ i }) => i);
}
