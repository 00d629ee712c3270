// The WebAssembly module of the CPU engine: the kernels that a training step spends its time in.
export {
  attention_backward_key,
  attention_backward_query,
  attention_scratch,
  attention,
} from "./attention";
export { classifier_parts, classifier_scratch } from "./classifier";
export {
  attention_decode,
  attention_decode_scratch,
  cache_fill,
  draw,
  draw_scratch,
} from "./decode";
export {
  adamw,
  dropout_drawn,
  gelu,
  gelu_backward,
  residual,
  residual_backward,
} from "./elementwise";
export { matmul, matmul_scratch } from "./matmul";
export {
  column_sum,
  column_sum_blocks,
  global_norm_blocks,
  layernorm,
  layernorm_backward,
  layernorm_backward_blocks,
} from "./rows";
export { cross_entropy_backward, logprobs_backward, softmax_parts } from "./softmax";
export {
  embedding,
  embedding_backward,
  scalar_head,
  scalar_head_backward,
  scalar_head_backward_blocks,
} from "./tables";
