// Progress with an estimate of the time left: a bar on a terminal, plain lines otherwise.

export class Progress {
  private readonly label: string;
  private readonly total: number;
  private readonly first: number;
  private readonly started = Date.now();
  private printed = 0;

  /** `first`: what was done before this run, so that the estimate counts only this run's speed. */
  constructor(label: string, total: number, first = 0) {
    this.label = label;
    this.total = total;
    this.first = first;
  }

  /** Reports `done` of the total. */
  at(done: number, note = ""): void {
    const elapsed = (Date.now() - this.started) / 1000;
    const rate = (done - this.first) / Math.max(elapsed, 1e-3);
    const left = rate > 0 ? (this.total - done) / rate : NaN;
    const eta = Number.isFinite(left) ? `${clock(left)} left` : "";
    const text = `${this.label} ${String(done)}/${String(this.total)} ${note} ${eta}`;
    if (process.stdout.isTTY) {
      const filled = Math.round((20 * done) / this.total);
      process.stdout.write(
        `\r[${"#".repeat(filled)}${"-".repeat(20 - filled)}] ${text.padEnd(70)}`,
      );
      if (done >= this.total) process.stdout.write("\n");
    } else if (done >= this.total || elapsed - this.printed >= 5) {
      this.printed = elapsed;
      console.log(text);
    }
  }
}

/** 75 -> "1:15". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, "0")}`;
}
