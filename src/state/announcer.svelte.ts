// What a screen reader hears: confirmations at once, training at most every five seconds.

/** Least time between two messages about training, in milliseconds. */
const TRAINING_PAUSE = 5000;

export class Announcer {
  /** read politely, after what is being said */
  polite = $state("");
  /** read at once: failures and ends */
  urgent = $state("");
  /** the newest of both for the eye, without what the progress of a run shows anyway */
  shown = $state("");
  #lastTraining = Number.NEGATIVE_INFINITY;

  say(sentence: string): void {
    this.#speak(sentence);
    this.shown = sentence;
    // what failed before is over
    this.urgent = "";
  }

  /** What was said is over: another station is open. */
  clear(): void {
    this.polite = "";
    this.urgent = "";
    this.shown = "";
  }

  /** @param now milliseconds; messages too close to the one before are dropped */
  sayTraining(sentence: string, now = performance.now()): void {
    if (now - this.#lastTraining < TRAINING_PAUSE) return;
    this.#lastTraining = now;
    this.#speak(sentence);
  }

  #speak(sentence: string): void {
    // The same text twice in a row is silent unless the node changes.
    this.polite = this.polite === sentence ? `${sentence}\u00a0` : sentence;
  }

  alert(sentence: string): void {
    this.shown = sentence;
    this.urgent = this.urgent === sentence ? `${sentence}\u00a0` : sentence;
  }
}
