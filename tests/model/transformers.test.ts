// What transformers is given beside the weights: words must be cut and looked up as the page's own tokenizer does.
import { unzipSync } from "fflate";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gpt2 } from "../../src/model/gpt.ts";
import { transformersFiles } from "../../src/model/transformers.ts";
import { modelZip } from "../../src/state/model-zip.ts";
import { readSafetensors } from "../../src/storage/safetensors.ts";
import { SPECIALS, buildTokenizer } from "../../src/world/tokenizer.ts";

interface Rule {
  readonly type: string;
  readonly pattern?: { readonly Regex: string };
  readonly content?: string;
}

interface Words {
  readonly normalizer: { readonly normalizers: readonly Rule[] };
  readonly pre_tokenizer: { readonly pattern: { readonly Regex: string } };
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

const config = gpt2(583, 64, 4, 4, 96);
const files = new Map(transformersFiles(config).map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)])); // prettier-ignore
const rules = JSON.parse(files.get("tokenizer.json")!) as Words;
const tokenizer = buildTokenizer();

/** The rules of tokenizer.json, followed one by one; texts with specials are left to the real library. */
function followed(text: string): number[] {
  let now = text;
  for (const { type, pattern, content } of rules.normalizer.normalizers) {
    now = type === "Lowercase" ? now.toLowerCase() : now.replace(new RegExp(pattern!.Regex, "gu"), () => content!); // prettier-ignore
  }
  const words = now.match(new RegExp(rules.pre_tokenizer.pattern.Regex, "gu")) ?? [];
  return words.map((word) => rules.model.vocab[word] ?? SPECIALS.indexOf("<unk>"));
}

const TEXTS = [
  "Where do foxes live?",
  "Tell me about the ant.\nAn ant is small.\r\nYes!",
  "I'm not sure; it’s grey – or GRAY - isn't it?",
  "Don't, can't and cannot: 10 + 7 is 17, 1 is one.",
  "well-known - semi-; --, a-b-c, 'quoted' o'clock",
  "émile naïve 🐸 日本語 “curly”",
  "colors color colour, harbour harbours, it's what's",
  "",
  "   spaces\tand\ttabs   ",
];

describe("tokenizer.json", () => {
  test.each(TEXTS)("cuts %j as the page does", (text) => {
    expect(followed(text)).toEqual([...tokenizer.parse(text).ids]);
  });

  test("has every word under the id that the weights have", () => {
    const entries = Object.entries(rules.model.vocab);
    expect(entries.filter(([word, id]) => tokenizer.vocabulary[id] !== word)).toEqual([]);
    expect(entries).toHaveLength(tokenizer.vocabulary.length);
  });
});

test("a model of another kind is refused before anything is written", () => {
  const other = { ...config, norm: "rmsnorm", positions: "rope" } as const;
  expect(() => transformersFiles(other)).toThrow(/found a model with rmsnorm, rope positions .* expected GPT-2's kind/); // prettier-ignore
});

test("the zip of a model holds its weights as they are, and the folder loads by its name", () => {
  const weights = new Uint8Array(readFileSync("public/models/sft.safetensors"));
  const folder = unzipSync(modelZip(weights));
  expect(Object.keys(folder).sort()).toEqual(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].map((name) => `nudge-policy/${name}`)); // prettier-ignore
  expect(folder["nudge-policy/model.safetensors"]).toEqual(weights);
  const shape = JSON.parse(new TextDecoder().decode(folder["nudge-policy/config.json"])) as Record<string, unknown>; // prettier-ignore
  const { tensors } = readSafetensors(weights, { name: "sft" });
  const values = Number(shape["vocab_size"]) * Number(shape["n_embd"]);
  expect(tensors.get("wte.weight")?.shape).toEqual([values]); // shipped weights are flat
});
