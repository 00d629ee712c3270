// Forces every variant of every kernel in turn: round 0 plain, round i the i-th variant that applies to each call.
import type { Choices, Force } from "../gpu/variants.ts";
import { PLAIN } from "../gpu/variants.ts";
import type { Variant } from "../plan/kernel.ts";
import type { Call } from "../plan/tape.ts";

/** How often a program was forced: "kernel: title" to calls. */
export type Forced = Map<string, number>;

const nameOf = ({ kernel }: Call, title: string): string => `${kernel.name}: ${title}`;

/** Keeps account of what the rounds forced and what is left to force. */
export class Rounds {
  private readonly choices: Choices;
  private readonly known = new Set<string>();
  private readonly wanted = new Set<string>();
  private readonly done = new Set<string>();

  constructor(choices: Choices) {
    this.choices = choices;
  }

  /**
   * Forces the programs of one round on everything compiled until `end`.
   * @param round 0 is plain; where a call has fewer variants than that, they are taken again from the first
   * @returns counts that grow while calls are compiled
   */
  begin(round: number): Forced {
    const forced: Forced = new Map();
    const force: Force = (call, applicable) => {
      const all = (call.kernel.variants ?? []) as readonly Variant[];
      for (const { title } of all) this.known.add(nameOf(call, title));
      for (const { title } of applicable) this.wanted.add(nameOf(call, title));
      const variant = pick(applicable, round);
      if (all.length === 0) return variant;
      const name = nameOf(call, variant?.title ?? PLAIN);
      this.done.add(name);
      forced.set(name, (forced.get(name) ?? 0) + 1);
      return variant;
    };
    this.choices.forced = force;
    return forced;
  }

  end(): void {
    this.choices.forced = undefined;
  }

  /** Variants that apply to some call compiled so far and have not been forced. */
  left(): string[] {
    return [...this.wanted].filter((name) => !this.done.has(name));
  }

  /** Variants of those kernels that applied to no call: this adapter cannot run them, or no case has such a size. */
  never(): string[] {
    return [...this.known].filter((name) => !this.wanted.has(name));
  }
}

function pick(applicable: readonly Variant[], round: number): Variant | undefined {
  return round === 0 ? undefined : applicable[(round - 1) % applicable.length];
}
