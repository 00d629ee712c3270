// Features of an answer's text in any language, for the small reward models that choose what to label next.

/** Numbers per answer: hashed words, and one of length. */
export const TEXT_FEATURES = 64;

/**
 * (TEXT_FEATURES) words hashed into signed buckets, each word as √count, divided by the root of
 * their number; the last is ln(1 + words) / 4. The hash is 32-bit FNV-1a.
 */
export function textFeatures(text: string): number[] {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const features = Array.from({ length: TEXT_FEATURES }, () => 0);
  for (const [word, n] of counts) {
    const hash = fnv(word);
    const sign = hash & 1 ? 1 : -1;
    features[(hash >>> 1) % (TEXT_FEATURES - 1)]! += (sign * Math.sqrt(n)) / Math.sqrt(words);
  }
  features[TEXT_FEATURES - 1] = Math.log1p(words) / 4;
  return features;
}

function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  // the low bits of FNV alone are poor
  return (hash ^ (hash >>> 15)) >>> 0;
}
