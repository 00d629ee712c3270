// Which item is asked a second time: by a seeded order that a reload keeps, found without looking at all of them.

/** Whether an item can be asked again now, perhaps later, or not any more. */
export type Fitness = "now" | "later" | "never";

interface Seat {
  readonly place: number;
  readonly name: string;
}

/** A heap of items in an order that a seed fixes. */
export class Repeats {
  readonly #seed: string;
  readonly #heap: Seat[] = [];

  constructor(seed: string) {
    this.#seed = seed;
  }

  add(name: string): void {
    this.#push({ place: placeIn(this.#seed, name), name });
  }

  /** The first that can be asked again now; null for none. What can never be is forgotten. */
  first(fitness: (name: string) => Fitness): string | null {
    const later: Seat[] = [];
    let found: string | null = null;
    while (found === null) {
      const top = this.#heap[0];
      if (top === undefined) break;
      const fits = fitness(top.name);
      if (fits === "now") found = top.name;
      else {
        this.#pop();
        if (fits === "later") later.push(top);
      }
    }
    for (const seat of later) this.#push(seat);
    return found;
  }

  #push(seat: Seat): void {
    const heap = this.#heap;
    let at = heap.push(seat) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(seat, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = seat;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && isBefore(heap[down + 1]!, heap[down]!)) down++;
      if (!isBefore(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
  }
}

function isBefore(a: Seat, b: Seat): boolean {
  return a.place === b.place ? a.name < b.name : a.place < b.place;
}

/** Where a seed puts a name: FNV-1a with MurmurHash3's last mix, since SHA-256 of 100,000 names takes a second. */
export function placeIn(seed: string, name: string): number {
  let hash = 0x811c9dc5;
  for (const text of [seed, "\n", name]) {
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
