// Made-up rows and gold for each state of the quality components.
import type { GoldItem } from "../../../../src/quality/gold.ts";
import type { QualityOptions } from "../../../../src/quality/report.ts";
import type { JudgementRow } from "../../../../src/storage/events.ts";
import { crowd } from "../../../quality/helpers.ts";

interface State {
  readonly rows: readonly JudgementRow[];
  readonly options: QualityOptions;
}

const PEOPLE = [
  "019aaa00-0000-7000-8000-00000000f00d",
  "019aaa00-0000-7000-8000-00000000beef",
  "019aaa00-0000-7000-8000-0000000ca5e5",
  "simulated:cheerful",
] as const;
export const NAMES = { [PEOPLE[0]]: "Ann", [PEOPLE[1]]: "Bartholomew von Lange-Namen" };

/** Every tenth item is gold; model 0 is best by how the crowd is made. */
const GOLD: GoldItem[] = Array.from({ length: 12 }, (_, i) => ({
  task: String(10 * i),
  kind: i % 3 === 0 ? "worked" : "silent",
  ranks: [1, 2, 3, 4],
  explanation: "",
}));

export function stateNamed(name: string): State {
  const rounds = 200;
  if (name === "empty") return { rows: [], options: { rounds } };
  if (name === "one") {
    const rows = crowd({ items: 3, answers: 2, people: PEOPLE.slice(0, 1), noise: 0.1 });
    return { rows: rows.map((row) => timeless(row)), options: { rounds } };
  }
  const rows = [
    ...crowd({ items: 120, answers: 4, people: PEOPLE, noise: 1, primacy: 0.6, repeats: 0.15 }),
    ...crowd({ items: 20, answers: 3, people: PEOPLE.slice(0, 2), noise: 1, seed: 2 }).map(
      (row) => ({ ...row, event: row.event.replace("-0000-7", "-1000-7"), task: `b${row.task}` }),
    ),
  ];
  return { rows, options: { gold: GOLD, rounds: name === "long" ? 1_000_000 : rounds } };
}

function timeless(row: JudgementRow): JudgementRow {
  if (row.judgement === null) return row;
  const milliseconds = { active: 0, idle: 0, hidden: 0 };
  return { ...row, judgement: { ...row.judgement, milliseconds } };
}
