// The measures of the paper's evaluations as functions over samples; no model, no world.
export * from "./agreement.ts";
export * from "./benchmarks.ts";
export * from "./intervals.ts";
export * from "./over-optimisation.ts";
export * from "./preference.ts";
export * from "./ratings.ts";
export * from "./reward-model.ts";
export * from "./safety.ts";
export * from "./text-metrics.ts";
