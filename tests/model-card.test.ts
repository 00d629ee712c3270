// The model card says what the shipped files are: sizes, checksums, parameter counts and loss curves.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cardFacts, main } from "../scripts/model-card.ts";
import { sha256 } from "../src/storage/sha256.ts";

const card = readFileSync("docs/MODEL-CARD.md", "utf8");

test("files, configuration and training in the card are those of public/models", () => {
  const { blocks, plot } = cardFacts("public/models");
  for (const [name, text] of Object.entries(blocks)) {
    expect(card).toContain(`<!-- measured: ${name} -->\n\n${text}\n\n<!-- end -->\n`);
  }
  expect(readFileSync("docs/model-card-loss.svg", "utf8")).toBe(plot);
});

test("every checksum in the card is one of a shipped file", () => {
  const sums = [...card.matchAll(/`([0-9a-f]{64})`/g)].map((match) => match[1]);
  const files = ["base", "sft"].map((name) =>
    sha256(new Uint8Array(readFileSync(`public/models/${name}.safetensors`))),
  );
  expect(sums).toEqual(files);
});

test("a card without its blocks is refused before anything is measured", async () => {
  const before = readFileSync("docs/KERNELS.md", "utf8");
  expect(await main(["--card", "docs/KERNELS.md"])).toBe(2);
  expect(readFileSync("docs/KERNELS.md", "utf8")).toBe(before);
});
