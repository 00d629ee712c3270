// The documents that the page shows, in the order of their list.

export interface DocumentRow {
  /** in the address */
  readonly name: string;
  /** file in docs/ */
  readonly file: string;
  readonly title: string;
  readonly sentence: string;
}

export const DOCUMENTS: readonly DocumentRow[] = [
  {
    name: "model-card",
    file: "MODEL-CARD.md",
    title: "Model card",
    sentence: "What the shipped models are, how they were trained, what they can and cannot do.",
  },
  {
    name: "dataset",
    file: "DATASET.md",
    title: "Data statement",
    sentence: "Prompts, demonstrations and rankings in miniature, beside the paper's own tables.",
  },
  {
    name: "labeling",
    file: "LABELING.md",
    title: "Labeling instructions",
    sentence:
      "How to judge which answer is better: helpful, truthful, harmless, and when they clash.",
  },
  {
    name: "labeling-toxicity",
    file: "LABELING-TOXICITY.md",
    title: "Labeling toxicity",
    sentence:
      "How to judge whether a text is toxic, and whether an answer is more so than its request.",
  },
];

/** The name of the document that a link to a file of docs/ means, or null. */
export function documentOf(href: string): { name: string; anchor: string | null } | null {
  const [path = "", anchor] = href.replace(/^(?:\.\/|docs\/)/, "").split("#");
  const found = DOCUMENTS.find(({ file }) => file === path);
  return found === undefined ? null : { name: found.name, anchor: anchor ?? null };
}

/** The anchor of a heading, as GitHub makes it: small letters, dashes, nothing else. */
export function anchorOf(heading: string): string {
  const kept = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "");
  return kept.trim().replace(/\s+/g, "-").slice(0, 64);
}
