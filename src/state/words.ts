// Which words of a new text were not in the old one, for marking what training changed.

/** One word of the new text with the white space after it. */
export interface MarkedWord {
  readonly text: string;
  readonly fresh: boolean;
}

function split(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** Words compare without case and closing punctuation: "Joy." is the old "joy". */
function key(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[.,!?:]+$/, "");
}

/**
 * The words of `after`; those outside a longest common subsequence with `before` are fresh.
 * O(words²), meant for answers of some tens of words.
 */
export function markFresh(before: string, after: string): MarkedWord[] {
  const old = split(before).map(key);
  const words = split(after);
  const keys = words.map(key);
  const width = old.length + 1;
  const length = new Uint16Array((keys.length + 1) * width);
  const at = (i: number, j: number): number => length[i * width + j] ?? 0;
  for (let i = keys.length - 1; i >= 0; i--) {
    for (let j = old.length - 1; j >= 0; j--) {
      length[i * width + j] =
        keys[i] === old[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  let j = 0;
  return words.map((text, i) => {
    while (j < old.length && keys[i] !== old[j] && at(i, j + 1) >= at(i + 1, j)) j++;
    const fresh = j >= old.length || keys[i] !== old[j];
    if (!fresh) j++;
    return { text, fresh };
  });
}

/** True when the texts differ in a word, not only in case or punctuation. */
export function differs(before: string, after: string): boolean {
  return split(before).map(key).join(" ") !== split(after).map(key).join(" ");
}
