// npm run reproduce: InstructGPT in miniature. Trains every model, measures every claim, writes the paper's tables beside ours.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Cache } from "../src/reproduce/cache.ts";
import { FULL, QUICK, withSharedReward } from "../src/reproduce/quick-and-full.ts";
import type { Form } from "../src/reproduce/forms.ts";
import { assemble } from "../src/reproduce/assemble.ts";
import { stagesOf } from "../src/reproduce/plan.ts";
import { summary } from "../src/reproduce/markdown.ts";
import { peopleOf, peopleSentence } from "../src/reproduce/people.ts";
import { Runner } from "../src/reproduce/runner.ts";
import type { Made, ProgressState } from "../src/reproduce/runner.ts";
import type { Stage } from "../src/reproduce/stage.ts";
import { peopleRankings } from "./dataset-people.ts";
import { openEngine } from "./engine.ts";
import { UsageError, describeOptions, isFileError, parseOptions } from "./options.ts";
import type { Option, Options } from "./options.ts";
import { clock } from "./progress.ts";
import { exportModel } from "./reproduce-export.ts";
import { jsonFile } from "./json-file.ts";
import { heldBy, writePage, writeReport } from "./reproduce-files.ts";

const OPTIONS: readonly Option[] = [
  { name: "quick", kind: "flag", help: "the coarse form: minutes on two cores, a subset" },
  { name: "seeds", kind: "number", help: "seeds, from 1 on (default: 1 quick, 3 full)" },
  { name: "json", kind: "text", help: "write the results to FILE too" },
  {
    name: "out",
    kind: "text",
    help: "folder that RESULTS.md and its plots go to",
    fallback: "docs",
  },
  {
    name: "page",
    kind: "text",
    help: "folder of the page's files; none = do not write",
    fallback: "public/paper",
  },
  { name: "engine", kind: "text", help: "cpu or gpu; without it gpu, unless it is software" },
  { name: "only", kind: "text", help: "only the stages whose name begins so, and what they need" },
  {
    name: "lanes",
    kind: "number",
    help: "processes that share the work on the CPU engine",
    fallback: 2,
  },
  { name: "cache", kind: "text", help: "folder of finished stages", fallback: ".cache/reproduce" },
  { name: "judgements", kind: "text", help: "people's rankings (JSON lines or zip) to learn from" },
  { name: "judgements-mix", kind: "flag", help: "with the simulated labelers', not instead" },
  {
    name: "shared-reward",
    kind: "flag",
    help: "the studied size's reward model serves the smallest size too",
  },
  { name: "model", kind: "text", help: "a finished stage such as micro/ppo-ptx/1, for --export" },
  { name: "export", kind: "text", help: "run nothing, write that model's files to the folder" },
  { name: "report", kind: "flag", help: "run nothing, write what the cache holds" },
  { name: "plan", kind: "flag", help: "print the stages and their operations, run nothing" },
  { name: "lane", kind: "number", help: "used by the program itself", fallback: 0 },
  { name: "help", kind: "flag", help: "print this" },
];

/** Entry of `npm run reproduce`. */
export async function main(args: string[]): Promise<number> {
  try {
    const options = parseOptions(args, OPTIONS);
    if (options["help"] === true) {
      console.log(`npm run reproduce -- [options]\n${describeOptions(OPTIONS)}`);
      return 0;
    }
    return await reproduce(options, args);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RangeError || isFileError(error))) throw error; // prettier-ignore
    console.error(error.message);
    return 2;
  }
}

function wholeOption(o: Options, name: string, fallback: number, most: number): number {
  const value = o[name] === undefined ? fallback : Number(o[name]);
  if (Number.isInteger(value) && value >= (name === "lane" ? 0 : 1) && value <= most) return value;
  throw new UsageError(
    `--${name} is ${String(o[name])}, expected a whole number from 1 to ${most}; nothing was run.`,
  );
}

/** The stages that --only names with all that they need. @throws UsageError when there are none */
function wantedStages(stages: readonly Stage[], only: unknown): string[] | undefined {
  if (typeof only !== "string") return undefined;
  const wanted = stages.filter(({ name }) => name.startsWith(only)).map(({ name }) => name);
  if (wanted.length > 0) return wanted;
  const examples = stages.slice(0, 3).map(({ name }) => name);
  throw new UsageError(
    `--only is "${only}", expected the beginning of a stage's name such as ${examples.join(", ")} (all: --plan); nothing was run.`,
  );
}

/** The form, with people's rankings where a file is given. @throws UsageError when it cannot be read or used */
async function formOf(o: Options): Promise<Form> {
  const plain = o["quick"] === true ? QUICK : FULL;
  const form = o["shared-reward"] === true ? withSharedReward(plain) : plain;
  const { judgements: path } = o;
  const mixed = o["judgements-mix"] === true;
  if (typeof path !== "string") {
    if (!mixed) return form;
    throw new UsageError("--judgements-mix needs --judgements FILE; nothing was run.");
  }
  const { ranked, skipped, problems } = await peopleRankings(path);
  const given = { file: basename(path), mixed, skipped, unreadable: problems.length };
  const people = peopleOf(ranked, form, given);
  if (people.training.length > 0) return { ...form, people };
  throw new UsageError(
    `--judgements: none of the ${ranked.length} rankings can be learned from, expected at least one that fits: ${peopleSentence(people, form.columns)} Nothing was run.`,
  );
}

const tera = (flops: number): string =>
  flops >= 1e15 ? `${(flops / 1e15).toFixed(2)} PFLOP` : `${(flops / 1e12).toFixed(2)} TFLOP`;

async function reproduce(o: Options, args: readonly string[]): Promise<number> {
  if ((o["model"] === undefined) !== (o["export"] === undefined)) {
    throw new UsageError("--model NAME and --export DIR go together; nothing was run.");
  }
  if (o["only"] !== undefined && o["json"] !== undefined) {
    throw new UsageError(
      "--only runs stages and writes no results, so --json has nothing to write; nothing was run.",
    );
  }
  const json = Number(o["lane"]) > 0 || o["plan"] === true ? undefined : jsonFile(o["json"]);
  const form = await formOf(o);
  const count = wholeOption(o, "seeds", o["quick"] === true ? 1 : 3, 99);
  const lanes = wholeOption(o, "lanes", 2, 16);
  const lane = wholeOption(o, "lane", 0, 16);
  const seeds = Array.from({ length: count }, (_, i) => i + 1);
  const wish = o["engine"] as string | undefined;
  const first = await openEngine(wish);
  const { kind } = first;
  const engineName = first.engine.name;
  first.destroy();
  const stages = await stagesOf(form, seeds, () => readFileSync("public/models/base.safetensors"));
  if (o["plan"] === true) return printPlan(stages);
  if (lane === 0 && form.people !== undefined) {
    console.log(peopleSentence(form.people, form.columns));
  }
  const started = Date.now();
  const runner = new Runner(
    stages,
    new Cache(String(o["cache"]), (sentence) => console.log(sentence)),
    {
      ...(o["only"] === undefined ? {} : { wanted: wantedStages(stages, o["only"]) ?? [] }),
      engine: () => openEngine(wish),
      engineName,
      progress: printer(started, lane),
    },
  );
  const { total, cached } = runner.plan();
  if (lane === 0) {
    console.log(
      `${form.name} form, seeds ${seeds.join(", ")}, ${runner.stages.length} stages on ${engineName}: ${tera(total)} in matrix products and attention, ${tera(cached)} of them in the cache.`,
    );
  }
  if (typeof o["export"] === "string") {
    const command = `npm run reproduce -- ${args.join(" ")}`;
    exportModel(form, runner.made(), { name: String(o["model"]), folder: o["export"], command });
    return 0;
  }
  if (o["report"] === true) {
    if (runner.made().records.size === 0) {
      throw new UsageError(
        `--report: no stage of this form is in ${String(o["cache"])}, so there is nothing to report; nothing was written.`,
      );
    }
    return write({ o, json }, form, seeds, runner.made(), engineName);
  }
  if (lane === 0 && o["only"] === undefined) warnOfReplacing(String(o["page"]), form, count);
  const others = lane === 0 && kind === "cpu" ? startLanes(args, lanes - 1) : [];
  try {
    await runner.run();
  } finally {
    const codes = await Promise.all(others.map(ended));
    const failed = codes.filter((code) => code !== 0).length;
    if (failed > 0)
      console.log(`${failed} of the further processes ended early; the others did their work.`);
  }
  if (lane > 0 || o["only"] !== undefined) return 0;
  return write({ o, json }, form, seeds, runner.made(), engineName);
}

/** Says before the run that its end replaces results of more seeds or of the full form. */
function warnOfReplacing(page: string, form: Form, seeds: number): void {
  const held = heldBy(page);
  if (held === null) return;
  const less = seeds < held.seeds || (form.name === "quick" && held.form === "full");
  if (!less) return;
  console.log(
    `${page} and docs/RESULTS.md hold the ${held.form} form with ${held.seeds} seeds; this run will replace them. Keep them with --out DIR --page none.`,
  );
}

/** Writes and prints the results of finished stages. */
function write(
  { o, json }: { readonly o: Options; readonly json: ReturnType<typeof jsonFile> },
  form: Form,
  seeds: readonly number[],
  made: Made,
  engineName: string,
): number {
  const finished = new Date().toISOString();
  const run = { engine: engineName, adapter: engineName, finished };
  const { results, samples } = assemble(form, seeds, made, run);
  const page = String(o["page"]);
  const complete = page === "none" ? results : writePage(page, results, samples);
  json?.(complete);
  writeReport(String(o["out"]), complete);
  for (const { paper, measured, holds } of complete.claims) {
    console.log(`${holds.padEnd(12)} ${paper}\n             ${measured}`);
  }
  console.log(summary(complete.claims));
  console.log(
    `Written: ${String(o["out"])}/RESULTS.md${page === "none" ? "" : `, ${page}/results.json`}.`,
  );
  return 0;
}

function printPlan(stages: readonly Stage[]): number {
  for (const { name, flops, inputs } of stages) {
    console.log(`${name.padEnd(34)} ${tera(flops).padStart(14)}  ${inputs.join(", ")}`);
  }
  console.log(`together ${tera(stages.reduce((sum, { flops }) => sum + flops, 0))}`);
  return 0;
}

/** Further processes that take stages from the same cache. */
function startLanes(args: readonly string[], n: number): ChildProcess[] {
  return Array.from({ length: n }, (_, i) => {
    const own = ["scripts/run.mjs", "scripts/reproduce.ts", ...args, "--lane", String(i + 1)];
    return spawn(process.execPath, own, { stdio: "inherit" });
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}

/** Prints where a run stands: a line every few seconds, and one for every finished stage. */
function printer(started: number, lane: number): (state: ProgressState) => void {
  let printed = 0;
  return ({ stage, share, note, total, done, before, ended: finished }) => {
    const now = Date.now();
    if (!finished && now - printed < 10_000) return;
    printed = now;
    const elapsed = (now - started) / 1000;
    const left = ((total - done) / Math.max(done - before, 1)) * elapsed;
    const what = finished ? "done" : `${(100 * share).toFixed(0)} % ${note}`;
    const percent = ((100 * done) / Math.max(total, 1)).toFixed(1);
    console.log(
      `${clock(elapsed)} [${lane}] ${stage}: ${what} · ${percent} % of all, ${clock(left)} left`,
    );
  };
}
