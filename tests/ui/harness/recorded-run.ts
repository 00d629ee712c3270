// Made-up content in the form of public/recorded-run.json, for the page's tests only.
import { DEFAULTS } from "../../../src/config.ts";
import type { RecordedRun } from "../../../src/state/recorded-run.ts";

const STEPS = 20;
const sample = (id: string, step: number) => ({
  promptId: id,
  prompt: "Tell me about the mouse.",
  text: step < 8 ? "The mouse is an animal." : "The mouse is my best friend!",
  tokens: [1],
  reward: step / 10,
  seed: 1,
  checkpoint: "ppo",
  finished: true,
});

export const RECORDED_RUN: RecordedRun = {
  version: 1,
  made: { adapter: "a test", command: "none", seed: 1, date: "2026-01-01" },
  taste: "cheerful",
  rankings: 12,
  comparisons: 104,
  config: DEFAULTS,
  metrics: ["step", "objective/scores", "objective/kl", "ptx_loss"],
  rows: Array.from({ length: STEPS }, (_, i) => [i + 1, i / 10, i / 5, 1.5 + i / 100]),
  checks: { ratioError: 1e-7, initialKl: 0, finite: true, eosRate: 0.97 },
  samples: [0, 4, 8, 12, 16, 20].map((step) => ({
    step,
    samples: [sample("a", step), sample("b", step + 4)],
  })),
};
