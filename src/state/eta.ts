// The time left of a run, from when its last steps ended.

/** The time left is told after this share of the steps, when it can be told. */
const AFTER = 0.1;
/** Steps that the pace is taken from. */
const STEPS = 12;

export class Eta {
  #ends: readonly { step: number; time: number }[] = [];

  /** Begins at a step: what was slower or faster before does not count. */
  start(step: number): void {
    this.#ends = [{ step, time: performance.now() }];
  }

  add(step: number): void {
    this.#ends = [...this.#ends.slice(1 - STEPS), { step, time: performance.now() }];
  }

  /** Seconds from `step` to `total`, or null while that cannot be told. */
  seconds(step: number, total: number): number | null {
    const first = this.#ends[0];
    const last = this.#ends.at(-1);
    if (first === undefined || last === undefined) return null;
    const steps = last.step - first.step;
    if (steps < Math.max(2, total * AFTER)) return null;
    return ((last.time - first.time) / steps / 1000) * (total - step);
  }
}
