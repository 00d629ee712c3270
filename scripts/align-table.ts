// npm run align-table: align over tastes, seeds and flipped rankings, and what came of it as docs/ALIGN-TABLE.md.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option, Options } from "./options.ts";
import { page } from "./align-table-page.ts";
import type { AlignResult } from "./align-table-page.ts";
import { TASTES } from "../src/world/index.ts";

const OPTIONS: readonly Option[] = [
  {
    name: "tastes",
    kind: "text",
    help: "names, by comma",
    fallback: "cheerful,short,scary,food,exclaim",
  },
  { name: "seeds", kind: "text", help: "numbers, by comma", fallback: "1,2,3" },
  { name: "prompts", kind: "number", help: "rankings of a run", fallback: 12 },
  { name: "k", kind: "number", help: "answers of a ranking", fallback: 5 },
  { name: "iterations", kind: "number", help: "PPO iterations", fallback: 45 },
  {
    name: "accuracy",
    kind: "text",
    help: "rankings at which the reward model alone is measured",
    fallback: "4,8,12,16",
  },
  { name: "engine", kind: "text", help: "cpu or gpu", fallback: "cpu" },
  { name: "jobs", kind: "number", help: "runs at a time", fallback: 1 },
  {
    name: "results",
    kind: "text",
    help: "folder of results; those that are there are not run again",
    fallback: ".cache/align-table",
  },
  { name: "out", kind: "text", help: "page to write", fallback: "docs/ALIGN-TABLE.md" },
  { name: "help", kind: "flag", help: "print this" },
];

/** One call of align: its arguments, and the file with its JSON. */
interface Job {
  readonly args: readonly string[];
  readonly file: string;
}

const listed = (o: Options, name: string): string[] => String(o[name]).split(",").filter(Boolean);

/** Arguments of every run, in an order that completes rows of the table early. */
function jobsOf(o: Options): { runs: Job[]; accuracies: Job[] } {
  const job = (args: readonly (string | number)[]): Job => {
    const words = args.map(String);
    const name = words
      .join(" ")
      .replace(/--/g, "")
      .replace(/[^a-z0-9]+/gi, "-");
    return { args: words, file: join(String(o["results"]), `${name}.json`) };
  };
  const cells = listed(o, "seeds").flatMap((seed) =>
    listed(o, "tastes").map((taste) => ["--taste", taste, "--seed", seed]),
  );
  const shared = ["--k", Number(o["k"]), "--engine", String(o["engine"])];
  const runs = cells.flatMap((cell) =>
    [[], ["--flip"]].map((flip) =>
      job([
        ...cell,
        "--prompts",
        Number(o["prompts"]),
        ...shared,
        "--iterations",
        Number(o["iterations"]),
        ...flip,
      ]),
    ),
  );
  const accuracies = listed(o, "accuracy").flatMap((count) =>
    cells.map((cell) =>
      job([...cell, "--prompts", count, ...shared, "--evaluate", 256, "--iterations", 0]),
    ),
  );
  return { runs, accuracies };
}

function execute({ args, file }: Job): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["scripts/run.mjs", "scripts/align.ts", ...args, "--json", file],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new UsageError(
            `align ${args.join(" ")} ended with ${String(code)}; the results so far are kept.`,
          ),
        );
    });
  });
}

async function runAll(jobs: readonly Job[], atOnce: number): Promise<void> {
  const open = jobs.filter(({ file }) => !existsSync(file));
  const started = performance.now();
  let done = 0;
  const waiting = [...open];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await execute(next);
      done++;
      const left = ((performance.now() - started) / done) * (open.length - done);
      console.log(
        `${String(done)}/${String(open.length)} align ${next.args.join(" ")}; ${(left / 60000).toFixed(0)} min left`,
      );
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

function resultsOf(jobs: readonly Job[]): AlignResult[] {
  return jobs.map(({ file }) => JSON.parse(readFileSync(file, "utf8")) as AlignResult);
}

function checked(o: Options): void {
  const known = TASTES.map(({ name }) => name);
  const unknown = listed(o, "tastes").find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `--tastes names "${unknown}", expected some of ${known.join(", ")}; nothing was run.`,
    );
  }
  for (const name of ["seeds", "accuracy"]) {
    const odd = listed(o, name).find((value) => !/^\d+$/.test(value));
    if (odd === undefined) continue;
    throw new UsageError(`--${name} has "${odd}", expected whole numbers; nothing was run.`);
  }
}

/** Entry of `npm run align-table`. */
export async function main(args: string[]): Promise<number> {
  try {
    const o = parseOptions(args, OPTIONS);
    if (o["help"] === true) {
      console.log(`npm run align-table -- [options]\n${describeOptions(OPTIONS)}`);
      return 0;
    }
    checked(o);
    mkdirSync(String(o["results"]), { recursive: true });
    const { runs, accuracies } = jobsOf(o);
    const jobs = Number(o["jobs"]);
    if (!Number.isInteger(jobs) || jobs < 1) {
      throw new UsageError(`--jobs needs a whole number from 1 on, got ${jobs}; nothing was run.`);
    }
    await runAll([...runs, ...accuracies], jobs);
    const command = ["npm run align-table --", ...args].join(" ");
    writeFileSync(String(o["out"]), page(resultsOf(runs), resultsOf(accuracies), command));
    console.log(`${String(o["out"])} written`);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}
