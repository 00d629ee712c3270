// A trained stage as a folder that this page's reader and transformers' GPT-2 read: weights, configuration, words.
import type { CheckpointCard } from "../model/checkpoint.ts";
import type { GptConfig } from "../model/gpt.ts";
import { gptSpecs } from "../model/gpt.ts";
import { layOut, unflatten } from "../model/parameters.ts";
import { writeSafetensors } from "../storage/safetensors.ts";
import type { FileTensor } from "../storage/safetensors.ts";
import { EOS, PAD, SPECIALS } from "../world/index.ts";
import { tokenizer } from "./models.ts";

/** A file of the folder. */
export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const json = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 1)}\n`);

/** GPT-2's configuration as transformers has it. */
function configuration(config: GptConfig): object {
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

/** Words between spaces, as the internal form has them. */
function words(): object {
  const { vocabulary } = tokenizer;
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIALS.map((content, id) => ({
      ...{ id, content, special: id < 3, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    })),
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
      unk_token: SPECIALS[2],
    },
  };
}

/**
 * The files of a model: weights in float32 under GPT-2's names and in its shapes, with the card in the metadata.
 * @throws RangeError when the weights do not fit the configuration
 */
export function exportedFiles(card: CheckpointCard, flat: Float32Array): ExportedFile[] {
  const { config } = card;
  const layout = layOut("exported", gptSpecs(config), false);
  const tensors = new Map<string, FileTensor>();
  for (const [name, data] of Object.entries(unflatten(layout, flat))) {
    const shape = [...(layout.tensors.get(name)?.shape ?? [])];
    tensors.set(name, { dtype: "F32", shape, data: Float32Array.from(data) });
  }
  const metadata = { format: "pt", card: JSON.stringify(card) };
  const [pad, eos, unk] = SPECIALS;
  return [
    { name: "model.safetensors", bytes: writeSafetensors(tensors, metadata) },
    { name: "config.json", bytes: json(configuration(config)) },
    { name: "tokenizer.json", bytes: json(words()) },
    {
      name: "tokenizer_config.json",
      bytes: json({
        tokenizer_class: "PreTrainedTokenizerFast",
        ...{ pad_token: pad, eos_token: eos, bos_token: eos, unk_token: unk },
        model_max_length: config.context,
        clean_up_tokenization_spaces: false,
      }),
    },
  ];
}
