// A person's way through a collection of samples: filters, order, and the prompt that is open.
import { filtered, NO_FILTER } from "./collection.ts";
import type { Collection, Filter, ShownPrompt } from "./collection.ts";

export class Browser {
  collection = $state.raw<Collection | null>(null);
  filter = $state.raw<Filter>(NO_FILTER);
  #at = $state(0);
  readonly shown: readonly ShownPrompt[] = $derived(
    this.collection === null ? [] : filtered(this.collection, this.filter),
  );

  /** Opens a collection from its first prompt. */
  open(collection: Collection | null, filter: Partial<Filter> = {}): void {
    this.collection = collection;
    this.filter = { ...NO_FILTER, ...filter };
    this.#at = 0;
  }

  /** Index of the open prompt among those shown. */
  get at(): number {
    return Math.min(this.#at, Math.max(0, this.shown.length - 1));
  }

  get current(): ShownPrompt | null {
    return this.shown[this.at] ?? null;
  }

  set(change: Partial<Filter>): void {
    const open = this.current?.id;
    this.filter = { ...this.filter, ...change };
    // The prompt stays open when it is still there.
    this.#at = Math.max(
      0,
      this.shown.findIndex(({ id }) => id === open),
    );
  }

  /** Goes on or back; it stays at the ends. */
  go(by: number): void {
    this.#at = Math.min(this.shown.length - 1, Math.max(0, this.at + by));
  }

  goTo(index: number): void {
    this.#at = index;
    this.go(0);
  }
}
