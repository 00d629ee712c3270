// The kernels in the order in which a reader meets them: by what they are for.

const GROUPS: readonly (readonly [string, RegExp])[] = [
  ["Matrix products", /^matmul/],
  ["Attention", /^(attention|rope|cache_fill)/],
  ["Normalisation", /^(layernorm|rmsnorm|whiten)/],
  ["Activations", /^(gelu|silu|swiglu|softmax(_backward)?$|dropout)/],
  ["Embedding", /^(embedding|position_ids)/],
  ["Losses", /^(cross_entropy|loss_|logprobs|kl_(full|estimators)|softmax_parts|centered_pair)/],
  ["Sampling", /^(sample|draw|advance|join|response_mask)/],
  [
    "Rewards and advantages",
    /^(reward|gae|kl_rewards|adaptive_kl|grpo|rloo|missing_eos|scalar_head|pool|response_features|rollout_metrics|clamp)/,
  ],
  ["Optimiser", /^(adamw|ema|global_norm)/],
];
const REST = "Sums and copies";

/** Group of a kernel, by its name. */
export function groupOf(name: string): string {
  return GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? REST;
}

/** Items in groups, both in the order that is read; groups without items are left out. */
export function grouped<T extends { readonly name: string }>(
  items: readonly T[],
): { readonly title: string; readonly items: readonly T[] }[] {
  return [...GROUPS.map(([title]) => title), REST]
    .map((title) => ({ title, items: items.filter(({ name }) => groupOf(name) === title) }))
    .filter((group) => group.items.length > 0);
}
