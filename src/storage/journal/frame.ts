// How one record lies in a journal file: framed with its length and checksum, found again after damage.
import type { StoredEvent } from "../events.ts";
import { jsonLine } from "../json.ts";

/** First bytes of every record, "NJL1": where reading goes on behind bytes that make no sense. */
const MAGIC = [0x4e, 0x4a, 0x4c, 0x31];
/** Magic, length of the payload (u32, little-endian), CRC-32 of the payload. */
const HEADER = 12;
/** Longer payloads are damage: an event of an import holds 200 records, some hundred kilobytes. */
const LONGEST = 64 * 2 ** 20;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One record: a key of one line, and JSON. The key of an event is its writer and its number. */
export interface JournalRecord {
  key: string;
  /** bytes of the JSON, a view into the file */
  json: Uint8Array;
}

/** What a file holds. */
export interface Scan {
  records: JournalRecord[];
  /** stretches of bytes in the middle that are no whole record */
  damaged: number;
  /** bytes at the end that are no whole record: a write that was cut off */
  torn: number;
}

/** Reflected polynomial of CRC-32 (ISO 3309), as in zip and Ethernet. */
const POLYNOMIAL = 0xedb88320;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
  return c;
});

/** CRC-32 of bytes. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

export function eventKey({ writer, seq }: { writer: string; seq: number }): string {
  return `${writer} ${seq}`;
}

/** The record of an event. */
export function eventFrame(event: StoredEvent): Uint8Array<ArrayBuffer> {
  return frame(eventKey(event), jsonLine(event));
}

/** A record as it is appended. `key` holds no line end. */
export function frame(key: string, json: string): Uint8Array<ArrayBuffer> {
  const payload = encoder.encode(`${key}\n${json}`);
  const bytes = new Uint8Array(HEADER + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(4, payload.length, true);
  view.setUint32(8, crc32(payload), true);
  bytes.set(payload, HEADER);
  return bytes;
}

/** Reads all whole records of a file, passing over what is damaged. Never throws. */
export function scan(bytes: Uint8Array): Scan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: JournalRecord[] = [];
  let damaged = 0;
  let at = 0;
  while (at < bytes.length) {
    const payload = payloadAt(bytes, view, at);
    if (payload !== null) {
      records.push(recordOf(payload));
      at += HEADER + payload.length;
      continue;
    }
    const next = nextWhole(bytes, view, at + 1);
    if (next < 0) return { records, damaged, torn: bytes.length - at };
    damaged++;
    at = next;
  }
  return { records, damaged, torn: 0 };
}

/** The event of a record, or null when its JSON is not one. */
export function eventOf({ json }: JournalRecord): StoredEvent | null {
  try {
    const value = JSON.parse(decoder.decode(json)) as Partial<StoredEvent> | null;
    const whole = typeof value?.id === "string" && typeof value.kind === "string";
    return whole ? (value as StoredEvent) : null;
  } catch {
    return null; // its checksum is right, so another program wrote it
  }
}

function recordOf(payload: Uint8Array): JournalRecord {
  const end = Math.max(0, payload.indexOf(0x0a));
  return { key: decoder.decode(payload.subarray(0, end)), json: payload.subarray(end + 1) };
}

/** The payload of the record at `at`, or null when there is no whole one. */
function payloadAt(bytes: Uint8Array, view: DataView, at: number): Uint8Array | null {
  if (at + HEADER > bytes.length || !MAGIC.every((byte, i) => bytes[at + i] === byte)) return null;
  const length = view.getUint32(at + 4, true);
  if (length > LONGEST || at + HEADER + length > bytes.length) return null;
  const payload = bytes.subarray(at + HEADER, at + HEADER + length);
  return crc32(payload) === view.getUint32(at + 8, true) ? payload : null;
}

/** Where the next whole record begins, from `from` on; -1 for none. */
function nextWhole(bytes: Uint8Array, view: DataView, from: number): number {
  for (let at = bytes.indexOf(MAGIC[0]!, from); at >= 0; at = bytes.indexOf(MAGIC[0]!, at + 1)) {
    if (payloadAt(bytes, view, at) !== null) return at;
  }
  return -1;
}
