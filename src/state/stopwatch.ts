// How long a judgement took, without the time spent away from it.

/** After this long without a touch the person was elsewhere, in milliseconds. */
const IDLE_AFTER = 60_000;

export interface Times {
  readonly active: number;
  readonly idle: number;
  readonly hidden: number;
}

/** Counts milliseconds as active, idle or hidden; call `touch` on every sign of the person. */
export class Stopwatch {
  #now: () => number;
  #last: number;
  #hidden = false;
  #times = { active: 0, idle: 0, hidden: 0 };

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#last = now();
  }

  touch(): void {
    const now = this.#now();
    const passed = now - this.#last;
    this.#last = now;
    if (this.#hidden) this.#times.hidden += passed;
    else {
      this.#times.active += Math.min(passed, IDLE_AFTER);
      this.#times.idle += Math.max(0, passed - IDLE_AFTER);
    }
  }

  /** Tells whether the page can be seen from now on. */
  visibility(hidden: boolean): void {
    this.touch();
    this.#hidden = hidden;
  }

  read(): Times {
    this.touch();
    return { ...this.#times };
  }
}
