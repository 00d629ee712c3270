// Command-line options of the scripts: declared once, parsed strictly, printed as help.

export interface Option {
  readonly name: string;
  /** `flag` takes no value */
  readonly kind: "number" | "text" | "flag";
  readonly help: string;
  readonly fallback?: number | string;
}

export type Options = Readonly<Record<string, number | string | boolean | undefined>>;

/** Thrown for an unknown or malformed option; the message is one sentence for the person. */
export class UsageError extends Error {}

function valueOf(option: Option, text: string | undefined): number | string {
  if (text === undefined || text.startsWith("--")) {
    throw new UsageError(`--${option.name} needs a ${option.kind}, got nothing; nothing was run.`);
  }
  if (option.kind === "text") return text;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new UsageError(`--${option.name} needs a number, got "${text}"; nothing was run.`);
  }
  return value;
}

/** Parses `--name value` and `--flag`. @throws UsageError for anything that is not declared. */
export function parseOptions(args: readonly string[], declared: readonly Option[]): Options {
  const result: Record<string, number | string | boolean | undefined> = {};
  for (const option of declared) result[option.name] = option.fallback;
  for (let i = 0; i < args.length; i++) {
    const name = (args[i] ?? "").replace(/^--/, "");
    const option = declared.find((candidate) => candidate.name === name);
    if (option === undefined || !(args[i] ?? "").startsWith("--")) {
      const known = declared.map((candidate) => `--${candidate.name}`).join(", ");
      throw new UsageError(
        `Unknown option "${args[i] ?? ""}"; expected one of ${known}; nothing was run.`,
      );
    }
    if (option.kind === "flag") result[name] = true;
    else result[name] = valueOf(option, args[++i]);
  }
  return result;
}

/** One line per option. */
export function describeOptions(declared: readonly Option[]): string {
  return declared
    .map(({ name, kind, help, fallback }) => {
      const value = kind === "flag" ? "" : ` ${kind === "number" ? "N" : "TEXT"}`;
      const standard = fallback === undefined ? "" : ` (default ${String(fallback)})`;
      return `  --${`${name}${value}`.padEnd(22)} ${help}${standard}`;
    })
    .join("\n");
}

/**
 * For a command that takes no options: null when it may run, else its exit status after --help or a complaint.
 * @param about what the command does, as one line
 */
export function withoutOptions(args: readonly string[], about: string): number | null {
  if (args.length === 0) return null;
  if (args.length === 1 && args[0] === "--help") {
    console.log(`${about} It takes no options.`);
    return 0;
  }
  console.error(`Unknown option "${args[0] ?? ""}"; this command takes none; nothing was run.`);
  return 2;
}

/** Whether the system refused a file or a folder, in which case its message is the one sentence. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "path" in error;
}
