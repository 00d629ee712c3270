// WGSL as coloured pieces: a tokenizer for reading, not a compiler.

export type PieceKind = "plain" | "comment" | "keyword" | "type" | "attribute" | "number" | "call";

export interface Piece {
  readonly kind: PieceKind;
  readonly text: string;
}

/** Keywords and literals of the WGSL specification, section 3 (without those that are only reserved). */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "alias break case const const_assert continue continuing default diagnostic discard else enable " +
    "false fn for if let loop override requires return struct switch true var while"
  ).split(" "),
);
const TYPE =
  /^(?:bool|[iuf]32|f16|vec[234][iufh]?|mat[234]x[234][fh]?|array|atomic|ptr|sampler|texture_\w+)$/;
/** Address spaces and access modes: what stands in the angle brackets of var. */
const SPACES: ReadonlySet<string> = new Set(
  "storage uniform workgroup private function read write read_write".split(" "),
);

const PIECE = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))/,
    /(?<attribute>@\s*[A-Za-z_]\w*)/,
    /(?<number>0[xX][\da-fA-F]+[iu]?|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?[iufh]?)/,
    /(?<word>[A-Za-z_]\w*)/,
    /(?<plain>\s+|[\s\S])/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

function kindOf(word: string, rest: string): PieceKind {
  if (KEYWORDS.has(word)) return "keyword";
  if (TYPE.test(word)) return "type";
  if (SPACES.has(word) && /^\s*[,>]/.test(rest)) return "keyword";
  return /^\s*\(/.test(rest) ? "call" : "plain";
}

/** Pieces whose texts together are the source; neighbours of the same kind are one piece. */
export function piecesOf(source: string): Piece[] {
  const pieces: { kind: PieceKind; text: string }[] = [];
  for (const match of source.matchAll(PIECE)) {
    const [text] = match;
    const { comment, attribute, number, word } = match.groups ?? {};
    let kind: PieceKind = "plain";
    if (comment !== undefined) kind = "comment";
    else if (attribute !== undefined) kind = "attribute";
    else if (number !== undefined) kind = "number";
    else if (word !== undefined) {
      const end = match.index + text.length;
      kind = kindOf(word, source.slice(end, end + 32));
    }
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  }
  return pieces;
}

/** What the `// param` lines of a shader say their constants mean. */
export function meaningsOf(source: string): Map<string, string> {
  const lines = source.matchAll(/^const (\w+): [^;]+;\s*\/\/ param:?\s*(.*)$/gm);
  return new Map([...lines].map(([, name = "", meaning = ""]) => [name, meaning]));
}

/** Invocations of a workgroup, where the attribute names numbers or constants of the module. */
export function workgroupSizeOf(code: string): number | null {
  const size = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1];
  if (size === undefined) return null;
  const factors = size.split(",").map((factor) => {
    const text = factor.trim();
    const named = new RegExp(`^const ${text}(?:: u32)? = (\\d+)u?;`, "m").exec(code)?.[1];
    return parseInt(named ?? text, 10);
  });
  const product = factors.reduce((all, factor) => all * factor, 1);
  return Number.isNaN(product) ? null : product;
}
