// A changing subset of the places 0 … n − 1 whose k-th member is found in O(log n): a Fenwick tree.

export class Places {
  /** members */
  size = 0;
  readonly #n: number;
  readonly #in: Uint8Array;
  /** #tree[i] counts the members among the i & −i places that end at i */
  readonly #tree: Int32Array;
  readonly #top: number;

  constructor(n: number, isIn: (place: number) => boolean) {
    this.#n = n;
    this.#in = new Uint8Array(n);
    this.#tree = new Int32Array(n + 1);
    for (let place = 0; place < n; place++) {
      if (isIn(place)) {
        this.#in[place] = 1;
        this.#tree[place + 1]!++;
        this.size++;
      }
      const i = place + 1;
      const parent = i + (i & -i);
      if (parent <= n) this.#tree[parent]! += this.#tree[i]!;
    }
    this.#top = n === 0 ? 0 : 2 ** Math.floor(Math.log2(n));
  }

  has(place: number): boolean {
    return this.#in[place] === 1;
  }

  set(place: number, isIn: boolean): void {
    if (this.has(place) === isIn) return;
    this.#in[place] = isIn ? 1 : 0;
    const by = isIn ? 1 : -1;
    this.size += by;
    for (let i = place + 1; i <= this.#n; i += i & -i) this.#tree[i]! += by;
  }

  /** The member with k members before it; -1 when there are not so many. */
  at(k: number): number {
    if (k < 0 || k >= this.size) return -1;
    let place = 0;
    let left = k;
    for (let step = this.#top; step > 0; step >>= 1) {
      const next = place + step;
      if (next > this.#n || this.#tree[next]! > left) continue;
      place = next;
      left -= this.#tree[next]!;
    }
    return place;
  }
}
