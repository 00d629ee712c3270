// What a screen reader hears: confirmations at once, training at most every five seconds.

/** Least time between two messages about training, in milliseconds. */
const TRAINING_PAUSE = 5000;

export class Announcer {
  /** read politely, after what is being said */
  polite = $state("");
  /** read at once: failures and ends */
  urgent = $state("");
  #lastTraining = Number.NEGATIVE_INFINITY;

  say(sentence: string): void {
    // The same text twice in a row is silent unless the node changes.
    this.polite = this.polite === sentence ? `${sentence}\u00a0` : sentence;
  }

  /** @param now milliseconds; messages too close to the one before are dropped */
  sayTraining(sentence: string, now = performance.now()): void {
    if (now - this.#lastTraining < TRAINING_PAUSE) return;
    this.#lastTraining = now;
    this.say(sentence);
  }

  alert(sentence: string): void {
    this.urgent = this.urgent === sentence ? `${sentence}\u00a0` : sentence;
  }
}
