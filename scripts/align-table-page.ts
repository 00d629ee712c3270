// The page of align-table: every run as a row, what was reached against the bars, and reward accuracy by rankings.

/** What the table reads of the JSON that align writes. */
export interface AlignResult {
  readonly taste: string;
  readonly seed: number;
  readonly k: number;
  readonly rankings: number;
  readonly iterations: number;
  readonly before: Measured;
  readonly after: Measured;
  readonly winRate: { readonly wins: number; readonly ties: number; readonly losses: number };
  readonly rewardModel: { readonly heldOutAccuracy?: number };
  readonly seconds: { readonly total: number; readonly ppo: number };
  readonly kl?: number;
  readonly adapter: string;
  readonly flipped: boolean;
  readonly flopsPerIteration?: number;
}

interface Measured {
  readonly rate: number;
  readonly grammatical: number;
}

const POINTS = 0.25;

/** A run moved if the share of answers with the taste rose by 25 points or doubled. */
export function moved({ before, after }: Pick<AlignResult, "before" | "after">): boolean {
  return after.rate - before.rate >= POINTS || (before.rate > 0 && after.rate >= 2 * before.rate);
}

/** A flipped run moved if the share fell below half of its start, or by 25 points. */
export function movedBack({ before, after }: Pick<AlignResult, "before" | "after">): boolean {
  return before.rate - after.rate >= POINTS || after.rate < before.rate / 2;
}

const percent = (share: number | undefined): string =>
  share === undefined ? "" : (100 * share).toFixed(0);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const arrow = (from: number, to: number): string => `${percent(from)} → ${percent(to)}`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

function runTable(plain: readonly AlignResult[], flipped: readonly AlignResult[]): string {
  const rows = plain.map((run) => {
    const other = flipped.find(({ taste, seed }) => taste === run.taste && seed === run.seed);
    const { wins, ties, losses } = run.winRate;
    return [
      run.taste,
      String(run.seed),
      arrow(run.before.rate, run.after.rate),
      moved(run) ? "yes" : "no",
      arrow(run.before.grammatical, run.after.grammatical),
      run.kl?.toFixed(1) ?? "",
      `${String(wins)}/${String(ties)}/${String(losses)}`,
      percent(run.rewardModel.heldOutAccuracy),
      other === undefined ? "" : arrow(other.before.rate, other.after.rate),
      other === undefined ? "" : movedBack(other) ? "yes" : "no",
      other === undefined ? "" : arrow(other.before.grammatical, other.after.grammatical),
    ];
  });
  const head = [
    "taste",
    "seed",
    "rate, %",
    "moved",
    "grammatical, %",
    "KL, nats",
    "win/tie/loss",
    "reward accuracy, %",
  ];
  return table([...head, "flipped: rate, %", "moved", "grammatical, %"], rows);
}

function accuracyTable(results: readonly AlignResult[]): string {
  const counts = [...new Set(results.map(({ rankings }) => rankings))];
  const tastes = [...new Set(results.map(({ taste }) => taste))];
  const of = (taste: string | undefined, rankings: number): string => {
    const found = results.filter(
      (r) => r.rankings === rankings && (taste === undefined || r.taste === taste),
    );
    return percent(mean(found.flatMap(({ rewardModel }) => rewardModel.heldOutAccuracy ?? [])));
  };
  const row = (name: string, taste?: string): string[] => [
    name,
    ...counts.map((n) => of(taste, n)),
  ];
  const rows = [...tastes.map((taste) => row(taste, taste)), row("mean")];
  return table(["taste", ...counts.map((n) => `${String(n)} rankings`)], rows);
}

function share(results: readonly AlignResult[], test: (run: AlignResult) => boolean): string {
  return `${String(results.filter(test).length)} of ${String(results.length)}`;
}

const drop = (results: readonly AlignResult[]): string =>
  (100 * mean(results.map(({ before, after }) => before.grammatical - after.grammatical))).toFixed(
    1,
  );

function summary(plain: readonly AlignResult[], flipped: readonly AlignResult[]): string {
  const flops = plain.flatMap(({ flopsPerIteration }) => flopsPerIteration ?? []);
  return table(
    ["what", "measured"],
    [
      ["runs that moved", share(plain, moved)],
      ["runs that moved the other way with flipped rankings", share(flipped, movedBack)],
      ["mean fall of the grammatical share, points", drop(plain)],
      ["the same with flipped rankings", drop(flipped)],
      ["mean PPO seconds of a run", mean(plain.map(({ seconds }) => seconds.ppo)).toFixed(0)],
      ["GFLOP of one iteration", (mean(flops) / 1e9).toFixed(1)],
    ],
  );
}

/** The whole page, from results that were all run. */
export function page(
  runs: readonly AlignResult[],
  accuracies: readonly AlignResult[],
  command: string,
): string {
  const plain = runs.filter(({ flipped }) => !flipped);
  const flipped = runs.filter((run) => run.flipped);
  const [first] = runs;
  return `# Does it align? Tastes, seeds, and the rankings turned round

Written on ${new Date().toISOString().slice(0, 10)} by \`${command}\`
from the JSON of \`npm run align\`; on ${first?.adapter ?? "no adapter"}. Each run starts from the shipped
SFT model: ${String(first?.rankings)} rankings of K = ${String(first?.k)} by a simulated taste, the fast reward head, ${String(first?.iterations)} PPO iterations with the
default settings, then one answer at temperature 1 to each of 128 test prompts that were never ranked. The rate is the
share of these answers that show the taste. Moved: up by 25 points or doubled; flipped rankings: down by 25 points or
below half. With 128 answers a rate of 50 % has a 95 % interval of ± 9 points.

${summary(plain, flipped)}

## Every run

${runTable(plain, flipped)}

## Reward model

Share of pairs of fresh answers, of which one shows the taste and the other does not, that the fast reward head orders
rightly (256 fresh answers, mean over the seeds), by the number of rankings of K = ${String(first?.k)}.

${accuracyTable(accuracies)}
`;
}
