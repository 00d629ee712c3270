// Scores of generated text against references: exact match, F1, ROUGE-L, BLEU; and choices.

/** Words without punctuation marks and articles, as SQuAD's scorer normalises them. */
export function normalised(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .map((word) => word.replace(/[.,!?:;"']/g, ""))
    .filter((word) => word !== "" && !["a", "an", "the"].includes(word));
}

function counts(words: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1);
  return found;
}

/** Size of the multiset intersection. */
function overlap(a: readonly string[], b: readonly string[]): number {
  const other = counts(b);
  let shared = 0;
  for (const [word, count] of counts(a)) shared += Math.min(count, other.get(word) ?? 0);
  return shared;
}

const harmonic = (precision: number, recall: number) =>
  precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);

/** Bag-of-words F1 (SQuAD, DROP, QuAC); two empty texts match. */
export function f1(answer: string, reference: string): number {
  const [a, b] = [normalised(answer), normalised(reference)];
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  const shared = overlap(a, b);
  return harmonic(shared / a.length, shared / b.length);
}

/** The best score over alternative references. */
export function best(
  score: (answer: string, reference: string) => number,
  answer: string,
  references: readonly string[],
): number {
  return Math.max(...references.map((reference) => score(answer, reference)));
}

export function exactMatch(answer: string, reference: string): number {
  return normalised(answer).join(" ") === normalised(reference).join(" ") ? 1 : 0;
}

/** Length of the longest common subsequence of two word lists. */
export function commonSubsequence(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const next = [0];
    for (const [j, other] of b.entries()) {
      const kept = Math.max(row[j + 1] ?? 0, next[j] ?? 0);
      next.push(word === other ? (row[j] ?? 0) + 1 : kept);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

/** ROUGE-L: F1 of the longest common subsequence, punctuation aside (Lin 2004, beta 1). */
export function rougeL(answer: string, reference: string): number {
  const [a, b] = [words(answer), words(reference)];
  if (a.length === 0 || b.length === 0) return 0;
  const common = commonSubsequence(a, b);
  return harmonic(common / a.length, common / b.length);
}

function ngrams(list: readonly string[], n: number): string[] {
  return list
    .slice(0, Math.max(0, list.length - n + 1))
    .map((_, i) => list.slice(i, i + n).join(" "));
}

/**
 * Corpus BLEU (Papineni et al. 2002): n-grams up to 4, one reference each, brevity penalty, 0 to
 * 100; tokens are words separated by spaces. Orders without any match count as half a match
 * ("exponential" smoothing of sacreBLEU: 1/2, 1/4, ...).
 */
export function bleu(answers: readonly string[], references: readonly string[]): number {
  const split = (text: string) => text.split(/\s+/).filter((word) => word !== "");
  const pairs = answers.map((one, i) => [split(one), split(references[i] ?? "")] as const);
  const length = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side].length, 0);
  const [given, wanted] = [length(0), length(1)];
  if (given === 0) return 0;
  let smoothing = 1;
  let logs = 0;
  for (let n = 1; n <= 4; n++) {
    let matched = 0;
    let all = 0;
    for (const [a, b] of pairs) {
      matched += overlap(ngrams(a, n), ngrams(b, n));
      all += Math.max(0, a.length - n + 1);
    }
    if (all === 0) return 0;
    if (matched === 0) smoothing *= 2;
    logs += Math.log(matched === 0 ? 1 / (smoothing * all) : matched / all) / 4;
  }
  const brevity = given < wanted ? Math.exp(1 - wanted / given) : 1;
  return 100 * brevity * Math.exp(logs);
}

/** The index of the choice with the highest mean log-probability per token (the paper's rule). */
export function chosen(logProbabilities: readonly number[], tokens: readonly number[]): number {
  const means = logProbabilities.map((total, i) => total / Math.max(1, tokens[i] ?? 1));
  return means.indexOf(Math.max(...means));
}
