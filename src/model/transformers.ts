// What stands beside weights so that transformers loads them: configuration, words, and how a conversation is spelled.
import { EOS, PAD, SPECIALS, SPELLINGS, buildTokenizer } from "../world/tokenizer.ts";
import { check } from "../plan/tensor.ts";
import type { GptConfig } from "./gpt.ts";

/** A file of a folder that `from_pretrained` reads. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const json = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);

/** GPT-2's configuration as transformers has it. @throws RangeError when the model is no GPT-2 */
function configuration(config: GptConfig): object {
  const { norm, positions, mlp, bias, tied } = config;
  check(
    norm === "layernorm" && positions === "learned" && mlp === "gelu_tanh" && bias && tied,
    `export: found a model with ${norm}, ${positions} positions and ${mlp}; expected GPT-2's kind, which transformers has; nothing was written`,
  );
  return {
    architectures: ["GPT2LMHeadModel"],
    model_type: "gpt2",
    vocab_size: config.vocabulary,
    n_embd: config.width,
    n_layer: config.layers,
    n_head: config.heads,
    n_inner: config.inner,
    n_positions: config.context,
    activation_function: "gelu_new",
    layer_norm_epsilon: config.normEps,
    tie_word_embeddings: true,
    bos_token_id: EOS,
    eos_token_id: EOS,
    pad_token_id: PAD,
    torch_dtype: "float32",
  };
}

const replaced = (pattern: string, content: string): object => ({
  ...{ type: "Replace", pattern: { Regex: pattern }, content },
});

/** What people type as the world writes it: the same steps as `parse` of the tokenizer. */
function normalizer(): object {
  const letter = "[\\p{L}\\p{N}]";
  const alone = (word: string): string => `(?<![\\p{L}\\p{N}'-])${word}(?![\\p{L}\\p{N}'-])`;
  return {
    type: "Sequence",
    normalizers: [
      { type: "Lowercase" },
      replaced("’", "'"),
      replaced("\\r?\\n", " <nl> "),
      replaced("[;–—]", ","),
      replaced(`(?<!${letter})-|-(?!${letter})`, ","),
      ...[...SPELLINGS].map(([typed, written]) => replaced(alone(typed), written)),
    ],
  };
}

/** Words, numbers and marks, each by itself. */
function words(vocabulary: readonly string[]): object {
  const letter = "[\\p{L}\\p{N}]";
  const token = `<nl>|<eos>|<pad>|<unk>|instruction:|response:|${letter}+(?:['-]${letter}+)*|[^\\s\\p{L}\\p{N}]`;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.map((content, id) => ({
      ...{ id, content, special: id < 3, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    })),
    normalizer: normalizer(),
    pre_tokenizer: { type: "Split", pattern: { Regex: token }, behavior: "Removed", invert: true },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: SPECIALS[2],
    },
  };
}

/** A conversation as the models of this project have learned it: `<eos> instruction: … <nl> response: … <eos>`. */
const CHAT_TEMPLATE =
  "{%- for m in messages -%}{%- if m['role'] == 'user' -%}{{ '<eos> instruction: ' + m['content'] + ' <nl> response:' }}{%- else -%}{{ ' ' + m['content'] + ' <eos>' }}{%- endif -%}{%- endfor -%}";

/**
 * The files beside `model.safetensors`: config.json, tokenizer.json, tokenizer_config.json.
 * @throws RangeError when the model is no GPT-2
 */
export function transformersFiles(config: GptConfig): ModelFile[] {
  const { vocabulary } = buildTokenizer();
  const [pad, eos, unk] = SPECIALS;
  return [
    { name: "config.json", bytes: json(configuration(config)) },
    { name: "tokenizer.json", bytes: json(words(vocabulary)) },
    {
      name: "tokenizer_config.json",
      bytes: json({
        tokenizer_class: "PreTrainedTokenizerFast",
        ...{ pad_token: pad, eos_token: eos, bos_token: eos, unk_token: unk },
        chat_template: CHAT_TEMPLATE,
        model_max_length: config.context,
        clean_up_tokenization_spaces: false,
      }),
    },
  ];
}
