// An engine that counts the operations of what it runs.
import type { CompiledPlan, Engine } from "../plan/engine.ts";
import { declaredFlops } from "../plan/work.ts";

/** The same engine, and the operations (matrix products and attention) that it was asked for so far. */
export function counting(engine: Engine): { counted: Engine; flops: () => number } {
  let total = 0;
  const known = new WeakMap<CompiledPlan, number>();
  const count = (plans: readonly CompiledPlan[]): void => {
    for (const plan of plans) {
      let one = known.get(plan);
      if (one === undefined) known.set(plan, (one = declaredFlops(plan.calls)));
      total += one;
    }
  };
  const counted: Engine = {
    name: engine.name,
    memory: engine.memory,
    counts: engine.counts,
    limits: engine.limits,
    smoothness: engine.smoothness,
    compile: (label, calls) => engine.compile(label, calls),
    run: (...plans) => {
      count(plans);
      engine.run(...plans);
    },
    runAndRead: (plans, tensors) => {
      count(plans);
      return engine.runAndRead(plans, tensors);
    },
    idle: () => engine.idle(),
  };
  return { counted, flops: () => total };
}
