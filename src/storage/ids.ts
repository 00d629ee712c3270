// Identifiers that sort by time: UUID version 7 (RFC 9562 §5.7), monotone within a writer.

/** Mints UUIDv7s that never go backwards, even when the clock does. */
export interface IdSource {
  /** The next identifier: greater, as a string, than every one minted or observed before. */
  next(): string;
  /** Makes later identifiers greater than this one (a Lamport clock in UUID's clothes). */
  observe(id: string): void;
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isUuidV7(text: string): boolean {
  return UUID_V7.test(text);
}

/**
 * @param now milliseconds since 1970
 * The 12 bits after the time are a counter: it starts random, grows within one millisecond and
 * carries into the time when it is full.
 */
export function createIds(now: () => number = Date.now): IdSource {
  let time = 0;
  let counter = 0;
  return {
    next() {
      const clock = now();
      const random = crypto.getRandomValues(new Uint8Array(10));
      if (clock > time) {
        time = clock;
        counter = ((random[8] ?? 0) << 3) | ((random[9] ?? 0) >> 5); // 11 bits: half stays free
      } else if (++counter > 0xfff) {
        time += 1;
        counter = 0;
      }
      return format(time, counter, random);
    },
    observe(id) {
      if (!isUuidV7(id)) return;
      const seenTime = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
      const seenCounter = Number.parseInt(id.slice(15, 18), 16);
      if (seenTime > time || (seenTime === time && seenCounter > counter)) {
        time = seenTime;
        counter = seenCounter;
      }
    },
  };
}

function format(time: number, counter: number, random: Uint8Array): string {
  const stamp = time.toString(16).padStart(12, "0");
  const low = Array.from(random.subarray(0, 8), (byte, i) =>
    (i === 0 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, "0"),
  ).join("");
  const version = `7${counter.toString(16).padStart(3, "0")}`;
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-${version}-${low.slice(0, 4)}-${low.slice(4)}`;
}
