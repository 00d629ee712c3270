// Made-up content in the form of public/first-prompt.json, for the page's tests only.
import type { FirstPrompt } from "../../../src/state/first-prompt.ts";

const TEXTS = [
  "It was a cold afternoon and Hugo was at the market. A strange noise came from the harbor.",
  "Once there was a little fox who lived near the hill. Mia gave it some bread. Everyone laughed and clapped.",
  "The fox was cold. The fox was sad.",
  "One snowy morning, a fox looked for pears. It shared them with an owl!",
];
const PROMPTS = [
  "Write a happy story about a fox in two sentences.",
  "Tell me about the mouse.",
  "Reply to a friend who says: I am hungry.",
  "Write a short poem about the pond.",
  "Write a story about a bear that mentions lemons.",
  "Tell me about the wolf in three sentences.",
  "Write a thank you note from Lily to Ben about the basket.",
  "Write a scary story about Otto.",
];
const text = (prompt: string, i: number) => ({ id: `p${i}`, text: prompt });

export const FIRST_PROMPT: FirstPrompt = {
  version: 1,
  checkpoint: "sft-test",
  made: { adapter: "a test", command: "none", seed: 1 },
  sets: PROMPTS.slice(0, 3).map((prompt, i) => ({
    id: `set-${i}`,
    prompt,
    answers: TEXTS.map((answer, j) => ({ text: answer, tokens: [10 + j, 1], seed: j })),
  })),
  rank: Array.from({ length: 40 }, (_, i) => text(PROMPTS[i % 8] ?? "", i)),
  watch: PROMPTS.slice(0, 6).map((prompt, i) => ({ id: `w${i}`, text: prompt })),
  blind: PROMPTS.map((prompt, i) => ({ id: `b${i}`, text: prompt })),
  show: {
    demonstrations: 3000,
    tokens: 5_000_000,
    seconds: 35,
    adapter: "test adapter",
    loss: Array.from({ length: 200 }, (_, i) => 1.1 + 2.4 * Math.exp(-i / 30)),
    examples: [
      {
        prompt: PROMPTS[0] ?? "",
        before:
          "Instruction: write a scary story about a mouse. Response: Instruction: what number",
        after: TEXTS[1] ?? "",
      },
      {
        prompt: PROMPTS[1] ?? "",
        before: "Of course! The the mouse of and",
        after: "The mouse is an animal.",
      },
    ],
    shown: [],
  },
};
