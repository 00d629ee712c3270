// SHA-256 (FIPS 180-4) of our own: synchronous, and there where plain http has no crypto.subtle.

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4 §4.2.2). */
const K = fractions(64, 1 / 3);
/** The same of the square roots of the first 8 primes: the initial hash (§5.3.3). */
const INITIAL = fractions(8, 1 / 2);

/** As signed words, because unsigned ones above 2^31 would be kept as doubles and be slow. */
function fractions(count: number, power: number): Int32Array {
  const words = new Int32Array(count);
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) words[found++] = Math.floor((n ** power % 1) * 2 ** 32);
  }
  return words;
}

/** SHA-256 of bytes, or of the UTF-8 of a string, as 64 lowercase hexadecimal digits. */
export function sha256(input: Uint8Array | string): string {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const state = INITIAL.slice();
  const w = new Int32Array(64);
  const whole = bytes.length - (bytes.length % 64);
  for (let at = 0; at < whole; at += 64) compress(state, w, bytes, at);
  const tail = padded(bytes.subarray(whole), bytes.length);
  for (let at = 0; at < tail.length; at += 64) compress(state, w, tail, at);
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * The same digest off the thread where the platform offers it, for megabytes: 40 MB took 1 s here on
 * the thread, against the 50 ms that a page may block.
 */
export async function sha256Async(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Absent on plain http, whatever the types say.
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (subtle === undefined) return sha256(bytes);
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The last partial block, the bit 1, zeros, and the length of the whole message in bits (§5.1.1). */
function padded(rest: Uint8Array, length: number): Uint8Array {
  const block = new Uint8Array(rest.length < 56 ? 64 : 128);
  block.set(rest);
  block[rest.length] = 0x80;
  const view = new DataView(block.buffer);
  view.setUint32(block.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(block.length - 4, (length * 8) >>> 0);
  return block;
}

/** The message schedule of the block at `at` (§6.2.2 step 1) in `w` (64). */
function schedule(w: Int32Array, bytes: Uint8Array, at: number): void {
  for (let t = 0; t < 16; t++) {
    const i = at + 4 * t;
    w[t] = (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!;
  }
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]!;
    const y = w[t - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (((s1 + w[t - 7]!) | 0) + ((s0 + w[t - 16]!) | 0)) | 0;
  }
}

/** Mixes one block into the state (§6.2.2 steps 2–4). `w` (64) is scratch, reused between blocks. */
function compress(state: Int32Array, w: Int32Array, bytes: Uint8Array, at: number): void {
  schedule(w, bytes, at);
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = (((e & f) ^ (~e & g)) + h) | 0;
    const t1 = (choice + ((s1 + K[t]!) | 0) + w[t]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}
