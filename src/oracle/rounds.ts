// Forces every variant of every kernel in turn: round 0 plain, round i the i-th variant that applies to each call.
import type { Choices, Force } from "../gpu/variants.ts";
import { PLAIN } from "../gpu/variants.ts";
import type { Variant } from "../plan/kernel.ts";
import type { Call } from "../plan/tape.ts";

/** How often a program was forced: "kernel: title" to calls. */
export type Forced = Map<string, number>;

const nameOf = ({ kernel }: Call, title: string): string => `${kernel.name}: ${title}`;

/** Keeps account of what the rounds forced and which cases have more to force. */
export class Rounds {
  private readonly choices: Choices;
  private readonly known = new Set<string>();
  private readonly wanted = new Set<string>();
  /** most variants that apply to a call of each case */
  private readonly most = new Map<string, number>();
  private item = "";

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /**
   * Forces the programs of one round on everything compiled until `end`.
   * @param round 0 is plain; a call with fewer variants than that takes them again from the first
   * @returns counts that grow while calls are compiled
   */
  begin(round: number): Forced {
    const forced: Forced = new Map();
    const force: Force = (call, applicable) => {
      const all = (call.kernel.variants ?? []) as readonly Variant[];
      for (const { title } of all) this.known.add(nameOf(call, title));
      for (const { title } of applicable) this.wanted.add(nameOf(call, title));
      this.most.set(this.item, Math.max(this.most.get(this.item) ?? 0, applicable.length));
      const variant = pick(applicable, round);
      if (all.length === 0) return variant;
      const name = nameOf(call, variant?.title ?? PLAIN);
      forced.set(name, (forced.get(name) ?? 0) + 1);
      return variant;
    };
    this.choices.forced = force;
    return forced;
  }

  end(): void {
    this.choices.forced = undefined;
  }

  /**
   * Says which case is compiled next.
   * @returns whether the round puts a program into it that no earlier round did; true for a case not compiled so far
   */
  enter(id: string, round: number): boolean {
    this.item = id;
    return round <= (this.most.get(id) ?? Infinity);
  }

  /** The round after which every variant that applies to a call of any case compiled so far was forced there. */
  get last(): number {
    return Math.max(0, ...this.most.values());
  }

  /** Variants of those kernels that applied to no call: this adapter cannot run them, or no case has such a size. */
  never(): string[] {
    return [...this.known].filter((name) => !this.wanted.has(name));
  }
}

function pick(applicable: readonly Variant[], round: number): Variant | undefined {
  return round === 0 ? undefined : applicable[(round - 1) % applicable.length];
}
