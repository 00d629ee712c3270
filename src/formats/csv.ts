// Comma-separated values (RFC 4180), or separated by semicolons or tabs, from a stream of bytes, one record at a time.
import type { Limits } from "./bytes.ts";
import { FormatError, code } from "./errors.ts";

/** A record's cells, or what is wrong with it. */
export interface CsvRecord {
  where: string;
  cells: string[];
}

const [QUOTE, LF, CR] = ['"', "\n", "\r"] as const;

/** What may stand between cells: Excel writes semicolons where a comma is the decimal point. */
export type Separator = "," | ";" | "\t";

/** The separator that occurs most often in the first line, outside of quotes; a comma where none does. */
export function separatorOf(start: string): Separator {
  const counts = { ",": 0, ";": 0, "\t": 0 };
  let quoted = false;
  for (const c of start) {
    if (c === QUOTE) quoted = !quoted;
    else if (!quoted && c === LF) break;
    else if (!quoted && (c === "," || c === ";" || c === "\t")) counts[c]++;
  }
  const most = Math.max(...Object.values(counts));
  return ([",", ";", "\t"] as const).find((one) => counts[one] === most) ?? ",";
}

/**
 * The records of a file, the header among them. Quoted cells may hold separators, quotes (doubled) and
 * line ends. Blank lines are skipped.
 */
export async function* csvRecords(
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
  limits: Limits,
  separator: Separator = ",",
): AsyncGenerator<CsvRecord> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const state = new CsvState(name, limits.line, separator);
  for await (const chunk of chunks) yield* state.feed(decode(decoder, chunk, name));
  yield* state.feed(decode(decoder, undefined, name));
  yield* state.end();
}

function decode(decoder: TextDecoder, chunk: Uint8Array | undefined, name: string): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch {
    throw new FormatError(
      `${code(name)}: found bytes that are not UTF-8; expected a text file in UTF-8. Nothing was imported.`,
    );
  }
}

/** The cells of the record being read. */
class CsvState {
  #name: string;
  #limit: number;
  #separator: Separator;
  #cells: string[] = [];
  #cell = "";
  /** Size of the record so far, in UTF-16 units. */
  #size = 0;
  #quoted = false;
  /** How much of the cell was in quotes: a carriage return there is text, one after it ends the line. */
  #inQuotes = 0;
  /** A quote was seen inside a quoted cell: it ends the cell or is the first of two. */
  #closing = false;
  #line = 1;
  #start = 1;

  constructor(name: string, limit: number, separator: Separator) {
    this.#name = name;
    this.#limit = limit;
    this.#separator = separator;
  }

  *feed(text: string): Generator<CsvRecord> {
    let from = 0;
    const take = (to: number) => {
      this.#cell += text.slice(from, to);
      this.#size += to - from;
      from = to + 1;
      if (this.#size > this.#limit) throw this.#tooLong();
    };
    for (let at = 0; at < text.length; at++) {
      const c = text[at];
      if (c === LF) this.#line++;
      if (this.#quoted && !this.#closing) {
        if (c !== QUOTE) continue;
        take(at);
        this.#closing = true;
        this.#inQuotes = this.#cell.length;
      } else if (c === QUOTE && (this.#closing || (this.#cell === "" && from === at))) {
        if (this.#closing) this.#cell += QUOTE;
        take(at);
        this.#quoted = true;
        this.#closing = false;
      } else if (c === this.#separator) {
        take(at);
        this.#endCell();
      } else if (c === LF) {
        take(at);
        yield* this.#endRecord();
      }
    }
    take(text.length);
  }

  *end(): Generator<CsvRecord> {
    if (this.#quoted && !this.#closing) {
      throw new FormatError(
        `${code(this.#name)}, line ${this.#start}: found a quoted cell without an end; expected \`"\`. Nothing was imported.`,
      );
    }
    yield* this.#endRecord();
  }

  #endCell(): void {
    this.#cells.push(this.#cell);
    this.#cell = "";
    this.#inQuotes = 0;
    this.#quoted = false;
    this.#closing = false;
  }

  *#endRecord(): Generator<CsvRecord> {
    if (this.#cell.endsWith(CR) && this.#cell.length > this.#inQuotes)
      this.#cell = this.#cell.slice(0, -1);
    this.#endCell();
    const cells = this.#cells;
    const where = `line ${this.#start}`;
    this.#cells = [];
    this.#size = 0;
    this.#start = this.#line;
    if (cells.length > 1 || cells[0] !== "") yield { where, cells };
  }

  #tooLong(): FormatError {
    return new FormatError(
      `${code(this.#name)}, line ${this.#start}: found more than ${this.#limit} characters; expected a shorter record. Nothing was imported.`,
    );
  }
}
