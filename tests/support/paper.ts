// Made-up results and samples in the form of `npm run reproduce`, and CSV in the form of the paper's: tests only.
import type { Results, SampledPrompt } from "../../src/reproduce/results.ts";

const KINDS = ["base", "prompted", "sft", "ppo", "ppo-ptx"] as const;
const SIZES = ["micro", "small"] as const;

export const MODELS = SIZES.flatMap((size, s) =>
  KINDS.map((kind, k) => ({
    id: `${size}/${kind}/1`,
    kind,
    size,
    parameters: 60_000 * (1 + 4 * s) + k,
    seed: 1,
    recipe: `${kind} of size ${size}, as a test has it`,
  })),
);

/** A value with an interval of ± 4. */
const near = (y: number) => ({ y, low: y - 4, high: y + 4 });

const wins = SIZES.map((size, s) => ({
  name: `ours, ${size}`,
  source: "ours" as const,
  points: KINDS.map((x, k) => ({
    ...{ x, models: [`${size}/${x}/1`] },
    ...near(14 + 12 * k + 5 * s),
  })),
}));

export const RESULTS: Results = {
  format: "nudge-reproduce-1",
  form: "quick",
  finished: "2026-11-26T20:00:00.000Z",
  engine: "CPU (WebAssembly SIMD)",
  adapter: "a test",
  seeds: [1, 2],
  seconds: 540,
  flops: 3.2e13,
  models: MODELS,
  claims: [
    {
      id: "order",
      paper: "base < prompted < SFT < PPO ≈ PPO-ptx in preference",
      section: "§4.1, Figure 1",
      bar: "the order holds at every trained size",
      measured: "14 [10, 18] < 26 [22, 30] < 38 [34, 42] < 50 [46, 54] % against SFT",
      holds: "yes",
    },
    {
      id: "tax",
      paper: "PPO pays an alignment tax, and ptx mends it",
      section: "§4.2, Figure 33",
      bar: "PPO loses on the suite; PPO-ptx recovers at least half",
      measured: "−3.1 [−4, −2.2] points; 0.8 of them recovered",
      holds: "partly",
      tried: "β up to 2, which recovered nothing",
    },
    {
      id: "toxicity",
      paper: "the biased prefix makes it more toxic",
      section: "§4.2, Figure 7",
      bar: "direction of each of the three prefixes",
      measured: "1 of 3 directions",
      holds: "no",
      tried: "three sizes and a longer run",
    },
    {
      id: "k-way",
      paper: "K-way elements beat shuffled pairs",
      section: "§3.5",
      bar: "measured overfitting gap",
      measured: "",
      holds: "not measured",
    },
  ],
  tables: [
    {
      id: "suite",
      title: "Benchmark suite, few-shot",
      section: "Table 14",
      columns: ["task", "SFT", "PPO", "PPO-ptx", "the paper: PPO-ptx 1.3 B"],
      rows: [
        ["endings", "0.41 [0.37, 0.45]", "0.36 [0.32, 0.4]", "0.4 [0.36, 0.44]", "0.559"],
        ["tongue (BLEU)", "21.3", "−1.2", "19.9", "27.67"],
      ],
      note: "Accuracy unless said otherwise.",
    },
  ],
  figures: [
    {
      id: "preference",
      title: "Preferred to the SFT model",
      section: "Figure 1",
      kind: "bars",
      x: "model",
      y: "win rate, %",
      series: [
        ...wins,
        {
          name: "the paper, 1.3 B",
          source: "paper",
          points: [
            { x: "base", y: 9 },
            { x: "ppo-ptx", y: 58, low: 55, high: 61 },
            { x: "prompted" },
          ],
        },
      ],
      note: "The paper's numbers are read off a figure.",
    },
    {
      id: "kl-sweep",
      title: "Rating by KL coefficient",
      section: "Figure 36",
      kind: "lines",
      x: "β",
      y: "gold rating, 1 to 7",
      task: "toxicity/biased",
      series: [
        {
          name: "PPO",
          source: "ours",
          points: [0, 0.01, 0.02, 0.1, 2].map((x, i) => ({
            ...{ x, models: ["micro/ppo/1"] },
            ...{ y: [2.4, 3.9, 4.2, 3.7, 3][i] ?? 0, low: 2 + i / 4, high: 4.4 + i / 8 },
          })),
        },
        {
          name: "PPO",
          source: "paper",
          points: [
            { x: 0, y: 2.1 },
            { x: 0.02, y: 3.9 },
            { x: 2, y: 3.1 },
          ],
        },
      ],
    },
  ],
  samples: [
    { task: "preference", file: "samples/preference.json", bytes: 4200 },
    { task: "toxicity/biased", file: "samples/toxicity-biased.json", bytes: 1800 },
  ],
};

const PROMPTS = [
  "write a happy story about a fox in two sentences .",
  "tell me about the mouse .",
  "=sum(a1:a9) is what the owl wrote . what is it ?",
];

/** Every model's answer to a few prompts. */
export function samples(task: string): SampledPrompt[] {
  return PROMPTS.map((prompt, p) => ({
    id: `p${p}`,
    prompt,
    task,
    split: p === 2 ? "held-out customers" : "training customers",
    answers: MODELS.map(({ id, kind }, m) => ({
      model: id,
      text: kind === "base" ? "" : `the ${kind} answer to number ${p} , with an owl .`,
      rating: 1 + ((m + p) % 7),
      labels: m % 3 === 0 ? ["follows"] : ["rude", "false claim"],
    })),
  }));
}

/** Files beside results.json, by path. */
export const FILES: Readonly<Record<string, unknown>> = {
  "results.json": RESULTS,
  "samples/preference.json": samples("preference"),
  "samples/toxicity-biased.json": samples("toxicity/biased"),
};

const TYPES = ["gpt", "sft", "ppo-ptx", "ppo-noptx"].flatMap((kind) =>
  ["xl", "6b", "175b"].map((size) => `${kind}-${size}`),
);

/** A file with the columns of real_toxicity_samples.csv and texts of our own: 3 prompts × 12 models × 3 ways. */
export function toxicityCsv(): string {
  const ways = ["basic prompt", "respectful prompt", "biased prompt"];
  const lines = ["", `One morning, the "owl"`, "The fox,\nwho was late,"].flatMap((start, p) =>
    TYPES.flatMap((type, t) =>
      ways.map((way, w) => {
        const context = `"${start === "" ? "Nobody knew why the hen" : start.replaceAll('"', '""')}"`;
        const toxicity = ((p * 7 + t * 3 + w * 5) % 20) / 20;
        return `${type},${way},${context},"went home, slowly",${toxicity}`;
      }),
    ),
  );
  return table("model_type,prompt_type,context,sample,toxicity", lines);
}

/** A file with the columns of truthful_qa_samples.csv. */
export function truthfulnessCsv(): string {
  const ways = ["QA prompt", "QA + instruction", "instruction prompt"];
  const lines = TYPES.flatMap((type, t) =>
    ways.map((way, w) => `${type},${way},${t % 2 === 0 ? "True" : "False"},Can hens fly far?,Not far.,${1 / (1 + t + w)},0.5`),
  ); // prettier-ignore
  return table("model_type,prompt_type,adversarial,question,answer,true,info", lines);
}

/** A file with the columns of drop_samples.csv. */
export function referenceCsv(): string {
  const lines = TYPES.flatMap((type) =>
    ["zeroshot", "fewshot"].map(
      (way) =>
        `${type},${way},"Passage: six eggs, two hens.\nQuestion: how many eggs?\nAnswer:",6|six,six`,
    ),
  );
  return table("model_type,prompt_type,context,ref_text,sample", lines);
}

/** A file with the columns of tldr_samples.csv. */
export function summaryCsv(): string {
  const lines = TYPES.map((type) => `${type},"A long tale.\n\nTL;DR:",A tale.,Short.`);
  return table("model_type,context,ref_text,sample", lines);
}

function table(columns: string, lines: readonly string[]): string {
  return [`,${columns}`, ...lines.map((line, i) => `${i},${line}`), ""].join("\n");
}
