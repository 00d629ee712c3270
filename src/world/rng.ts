// A small seeded random generator (sfc32) with the draws that the text generator needs.

/** Deterministic generator: the same seed gives the same draws on every machine. */
export class Rng {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `seed`: any finite number; only its low 53 bits matter. */
  constructor(seed: number) {
    const low = seed >>> 0;
    const high = Math.floor(Math.abs(seed) / 4294967296) >>> 0;
    this.a = mix(low ^ 0x9e3779b9);
    this.b = mix(high ^ 0x243f6a88);
    this.c = mix((low + 0xb7e15162) >>> 0);
    // PractRand's author runs 12 rounds so that similar seeds part before the first draw.
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** One draw of 32 uniform bits, as an unsigned integer (sfc32 by Chris Doty-Humphrey). */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.bits() / 4294967296;
  }

  /** Uniform integer in [0, n). */
  int(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One item, uniformly. Throws a RangeError on an empty list. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.int(items.length)];
    if (item === undefined)
      throw new RangeError("Rng.pick: the list is empty, so nothing is drawn.");
    return item;
  }

  /** The key of one entry of `[key, weight]` pairs, with probability proportional to its weight. */
  weighted<T>(entries: readonly (readonly [T, number])[]): T {
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    const last = entries.at(-1);
    if (last === undefined) throw new RangeError("Rng.weighted: the list is empty.");
    return last[0];
  }

  /** `count` different items in random order (all of them when the list is shorter). */
  sample<T>(items: readonly T[], count: number): T[] {
    const pool = items.slice();
    const taken: T[] = [];
    while (taken.length < count && pool.length > 0) {
      taken.push(...pool.splice(this.int(pool.length), 1));
    }
    return taken;
  }

  shuffle<T>(items: readonly T[]): T[] {
    return this.sample(items, items.length);
  }

  /** Standard normal draw (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Standard Gumbel draw; adding it to utilities and sorting gives Plackett-Luce rankings. */
  gumbel(): number {
    return -Math.log(-Math.log(1 - this.next() + Number.MIN_VALUE) + Number.MIN_VALUE);
  }
}

/** One round of the murmur3 finaliser: spreads a seed over 32 bits. */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** 32-bit FNV-1a hash of a text: decides which split a prompt belongs to. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash) >>> 0;
}
