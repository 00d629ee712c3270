// The ranking of one set of answers: places 1..K with ties, and every way a person may change it.

/** slots[i] is the place of answer i: 1 = best, equal = tie, null = no place yet. */
export type Slots = readonly (number | null)[];

/** No answer has a place. */
export function emptySlots(count: number): Slots {
  return Array.from({ length: count }, () => null);
}

/** The smallest place that nobody holds, from 1 to K. */
export function nextSlot(slots: Slots): number {
  let slot = 1;
  while (slots.includes(slot) && slot < slots.length) slot++;
  return slot;
}

/** Gives one answer a place; the others keep theirs, so an equal place is a tie. */
export function place(slots: Slots, answer: number, slot: number): Slots {
  const bounded = Math.min(slots.length, Math.max(1, Math.round(slot)));
  return slots.map((old, i) => (i === answer ? bounded : old));
}

/** Takes the place of one answer away. */
export function unplace(slots: Slots, answer: number): Slots {
  return slots.map((old, i) => (i === answer ? null : old));
}

/**
 * Gives the only answer without a place the place that is left, so that K answers take K - 1
 * decisions. `last` is that answer, or null when there was nothing to do.
 * @param aside answers that stay without a place on purpose
 */
export function placeLast(
  slots: Slots,
  aside: readonly number[] = [],
): { slots: Slots; last: number | null } {
  const open = slots.flatMap((slot, i) => (slot === null && !aside.includes(i) ? [i] : []));
  const last = open.length === 1 && slots.some((slot) => slot !== null) ? open[0] : undefined;
  if (last === undefined) return { slots, last: null };
  return { slots: place(slots, last, nextSlot(slots)), last };
}

/** Answers grouped by place, best first; those without a place are left out. */
export function buckets(slots: Slots): number[][] {
  const levels = [...new Set(slots.filter((slot) => slot !== null))].sort((a, b) => a - b);
  return levels.map((level) => slots.flatMap((slot, i) => (slot === level ? [i] : [])));
}

/** Places 1..m without a gap in the same order, as judgements are stored. */
export function denseSlots(slots: Slots): Slots {
  const groups = buckets(slots);
  return slots.map((slot, i) =>
    slot === null ? null : groups.findIndex((group) => group.includes(i)) + 1,
  );
}

/** The order on screen: placed answers best first, then the others as they were shown. */
export function displayOrder(slots: Slots, shown: readonly number[]): number[] {
  const rank = (answer: number): number => slots[answer] ?? Number.POSITIVE_INFINITY;
  return [...shown].sort((a, b) => {
    const difference = rank(a) - rank(b);
    return Number.isNaN(difference) || difference === 0
      ? shown.indexOf(a) - shown.indexOf(b)
      : difference;
  });
}

/** Where a dragged answer is dropped: beside another one, or on it for a tie. */
export type DropSide = "before" | "tie" | "after";

/**
 * Drops `answer` beside or on `target` in the order on screen. A drag states a whole order, so
 * answers without a place get the one they stand at.
 */
export function dropOn(
  slots: Slots,
  shown: readonly number[],
  answer: number,
  target: number,
  side: DropSide,
): Slots {
  if (answer === target) return slots;
  const placed = buckets(slots).map((group) => group.filter((i) => i !== answer));
  const open = displayOrder(slots, shown).filter((i) => slots[i] === null && i !== answer);
  const groups = [...placed, ...open.map((i) => [i])].filter((group) => group.length > 0);
  const at = groups.findIndex((group) => group.includes(target));
  if (side === "tie") groups[at]?.push(answer);
  else groups.splice(side === "before" ? at : at + 1, 0, [answer]);
  return fromBuckets(groups, slots.length);
}

/** Moves an answer one step up (-1) or down (+1) in the order on screen, out of any tie. */
export function nudge(slots: Slots, shown: readonly number[], answer: number, by: -1 | 1): Slots {
  const order = displayOrder(slots, shown);
  const target = order[order.indexOf(answer) + by];
  const side = by < 0 ? "before" : "after";
  const tie = order.filter((i) => i !== answer && slots[i] !== null && slots[i] === slots[answer]);
  // Inside a tie the first step leads out of it, to just before or after the rest.
  const edge = by < 0 ? tie[0] : tie.at(-1);
  const beside = edge ?? target;
  return beside === undefined ? slots : dropOn(slots, shown, answer, beside, side);
}

function fromBuckets(groups: readonly (readonly number[])[], count: number): Slots {
  return Array.from({ length: count }, (_, answer) => {
    const at = groups.findIndex((group) => group.includes(answer));
    return at < 0 ? null : at + 1;
  });
}

/** How many pairs of answers the places put in an order: C(K, 2) less ties and open places. */
export function comparisons(slots: Slots): number {
  let count = 0;
  for (const [i, a] of slots.entries()) {
    for (const b of slots.slice(i + 1)) if (a !== null && b !== null && a !== b) count++;
  }
  return count;
}

/** Share of the ordered pairs that the scores (higher = better) order alike; equal scores count half. */
export function agreement(
  slots: Slots,
  scores: readonly number[],
): { right: number; pairs: number } {
  let right = 0;
  let pairs = 0;
  for (const [i, a] of slots.entries()) {
    for (const [j, b] of slots.entries()) {
      if (j <= i || a === null || b === null || a === b) continue;
      const gap = ((scores[i] ?? 0) - (scores[j] ?? 0)) * (b - a);
      right += gap > 0 ? 1 : gap === 0 ? 0.5 : 0;
      pairs++;
    }
  }
  return { right, pairs };
}

/** "1st", "2nd", "3rd", "4th" … */
export function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** "A", "B", … for the answer at a position of the order shown. */
export function letter(position: number): string {
  return String.fromCharCode(65 + position);
}
