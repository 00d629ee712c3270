// The data tables as Markdown, our column beside the paper's.
import type { Agreement } from "../../evaluation/agreement.ts";
import type { Estimate } from "../../evaluation/intervals.ts";
import type { Screened } from "./labelers.ts";
import { PARTS, PAPER_AGREEMENT, PAPER_ANNOTATIONS, PAPER_CATEGORY_TOKENS } from "./paper.ts";
import { PAPER_DEMONSTRATION_TOKENS, PAPER_PROMPTS_PER_CUSTOMER } from "./paper.ts";
import { PAPER_PROMPT_TOKENS, PAPER_SIZES } from "./paper.ts";
import type { DatasetStatistics, Spread } from "./statistics.ts";

type Row = readonly (string | number)[];

/** A Markdown table with aligned columns, as the formatter writes it. */
export function markdownTable(head: Row, rows: readonly Row[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, c) => Math.max(3, ...cells.map((row) => row[c]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join(" | ")} |`;
  const [first = [], ...others] = cells;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(first), line(rule), ...others.map(line)].join("\n");
}

const fixed = (value: number, digits = 1) => (Number.isFinite(value) ? value.toFixed(digits) : "–");
const whole = (value: number) => value.toLocaleString("en-US");
const both = ({ mean, median }: Spread) => `${fixed(mean)} / ${fixed(median, 0)}`;
const given = (value: number | null | undefined, digits = 1) =>
  value === null || value === undefined ? "–" : value.toFixed(digits);

function sizes({ sets }: DatasetStatistics): string {
  const rows = sets.map((set) => {
    const paper = PAPER_SIZES.find((one) => one.stage === set.stage && one.part === set.part);
    return [
      set.stage === "test" ? "test" : `${set.stage} ${set.part}`,
      whole(set.labeler),
      whole(paper?.labeler ?? 0),
      whole(set.customer),
      whole(paper?.customer ?? 0),
    ];
  });
  const head = ["set", "labeler", "the paper", "customer", "the paper"];
  return markdownTable(head, rows);
}

function useCases({ useCases: list }: DatasetStatistics): string {
  const rows = list.map(({ category, percent, half, paper }) => [
    category,
    `${fixed(percent)} ± ${fixed(half)}`,
    paper.toFixed(1),
  ]);
  return markdownTable(["use case", "ours, %", "the paper, %"], rows);
}

function sources({ sets }: DatasetStatistics): string {
  const rows = sets.map(({ stage, part, sources: by, authors }) => [
    stage === "test" ? "test" : `${stage} ${part}`,
    by.plain,
    by["few-shot"],
    by["user-based"],
    by.customer,
    authors,
  ]);
  return markdownTable(["set", "plain", "few-shot", "user-based", "customer", "authors"], rows);
}

function annotations({ annotations: list }: DatasetStatistics): string {
  const rows = list.map(({ name, rm, sft, test }) => {
    const paper = PAPER_ANNOTATIONS.find(([other]) => other === name);
    const [, paperRm, paperSft, paperTest] = paper ?? [];
    const pairs = [given(rm), given(paperRm), given(sft), given(paperSft)];
    return [name, ...pairs, given(test), given(paperTest)];
  });
  const head = ["annotation", "RM", "the paper", "SFT", "the paper", "test", "the paper"];
  return markdownTable(head, rows);
}

function perCustomer({ sets }: DatasetStatistics): string {
  const rows = sets
    .filter((set) => set.customer > 0)
    .map((set) => [
      set.stage === "test" ? "test" : `${set.stage} ${set.part}`,
      fixed(set.perCustomer, 2),
      given(PAPER_PROMPTS_PER_CUSTOMER[`${set.stage} ${set.part}`], 2),
    ]);
  return markdownTable(["set", "ours", "the paper"], rows);
}

function lengths({ sets, categoryTokens, demonstrationTokens }: DatasetStatistics): string {
  const pair = (paper: readonly [number, number] | undefined) =>
    paper === undefined ? "–" : paper.join(" / ");
  const bySet = sets.map((set) => [
    set.stage === "test" ? "test" : `${set.stage} ${set.part}`,
    both(set.tokens),
    pair(PAPER_PROMPT_TOKENS[`${set.stage} ${set.part}`]),
  ]);
  const byUse = categoryTokens.map(({ category, tokens }) => [
    category,
    fixed(tokens.mean),
    PAPER_CATEGORY_TOKENS[category],
  ]);
  const { labeler, customer } = demonstrationTokens;
  const byWriter = [
    ["labeler", both(labeler), PAPER_DEMONSTRATION_TOKENS.labeler.join(" / "), labeler.n],
    ["customer", both(customer), PAPER_DEMONSTRATION_TOKENS.customer.join(" / "), customer.n],
  ];
  return [
    "### Table 9: tokens of a prompt, mean / median",
    markdownTable(["set", "ours", "the paper"], bySet),
    "### Table 10: mean tokens of a prompt by use case (RM train)",
    markdownTable(["use case", "ours", "the paper"], byUse),
    "### Table 11: tokens of a demonstration, mean / median, by who wrote its prompt",
    markdownTable(["prompt by", "ours", "the paper", "demonstrations"], byWriter),
  ].join("\n\n");
}

function hygiene({ hygiene: counts, sets }: DatasetStatistics): string {
  const rows = PARTS.map((part) => {
    const one = counts[part];
    const dropped = [one.duplicates, one.tooLong, one.foreign, one.personal, one.overLimit];
    return [part, one.drawn, ...dropped, one.kept];
  });
  const head = ["part", "drawn", "duplicate", "too long", "foreign", "personal", "over limit"];
  const leaks = sets
    .filter((set) => set.part !== "train")
    .map((set) => [
      set.stage === "test" ? "test" : `${set.stage} ${set.part}`,
      fixed(set.unseen),
      fixed(set.knownTask),
    ]);
  return [
    markdownTable([...head, "kept"], rows),
    "Share of prompts about what no training prompt names, and of prompts whose bare task stands in a training set too (in another frame or none), in percent:",
    markdownTable(["set", "unseen hero or fact", "task known from training"], leaks),
  ].join("\n\n");
}

const interval = ({ value, low, high }: Estimate) =>
  `${fixed(100 * value)} [${fixed(100 * low)}, ${fixed(100 * high)}]`;

/** Agreement of both groups beside the paper's, in percent. */
export function agreementTable(groups: {
  readonly training: Agreement;
  readonly heldOut: Agreement;
}): string {
  const row = (name: string, found: Agreement, paper: { percent: number; half: number }) => [
    name,
    interval(found.decided),
    interval(found.withTies),
    fixed(100 * found.tied),
    `${paper.percent} ± ${paper.half}`,
  ];
  const head = ["labelers", "agreement, %", "a tie counts half, %", "ties, %", "the paper, %"];
  return markdownTable(head, [
    row("training", groups.training, PAPER_AGREEMENT.training),
    row("held-out", groups.heldOut, PAPER_AGREEMENT.heldOut),
  ]);
}

/** Where the screening drew its line: agreement of candidates with the gold labeler, in percent. */
export function screeningTable(scores: Screened["scores"], kept: number): string {
  const at = (i: number) => fixed(100 * (scores[i]?.agreement ?? NaN));
  const head = ["candidates", "best", "median", "last kept", "first refused", "worst"];
  const middle = Math.floor(scores.length / 2);
  return markdownTable(head, [
    [scores.length, at(0), at(middle), at(kept - 1), at(kept), at(scores.length - 1)],
  ]);
}

/** All tables of the statistics under headings of the third level. */
export function statisticsMarkdown(statistics: DatasetStatistics): string {
  return [
    "### Table 6: prompts of each set",
    sizes(statistics),
    "### Kinds of prompts and number of authors",
    sources(statistics),
    "### Table 1: use cases of the RM training prompts",
    "The half width takes the prompts of one author as one draw, because a customer keeps to a use case.",
    useCases(statistics),
    "### Table 7: what labelers note about prompts, %",
    annotations(statistics),
    "### Table 8: prompts of a customer",
    perCustomer(statistics),
    lengths(statistics),
    "### Hygiene and leakage",
    hygiene(statistics),
  ].join("\n\n");
}
