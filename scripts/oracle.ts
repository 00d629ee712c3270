// npm run oracle -- [DIR] [options]: runs every oracle case of a folder on WebGPU or the CPU engine, by every variant if asked.
import { CpuEngine } from "../src/cpu/engine.ts";
import { GpuUnavailable } from "../src/gpu/device.ts";
import { Executor } from "../src/gpu/executor.ts";
import { openNodeGpu } from "../src/gpu/node.ts";
import { SLACK } from "../src/oracle/bench.ts";
import type { Activations } from "../src/oracle/bench.ts";
import { VectorsError, readVectors } from "../src/oracle/manifest.ts";
import type { OracleCase, Vectors } from "../src/oracle/manifest.ts";
import { Rounds } from "../src/oracle/rounds.ts";
import { isModelCase, runCase } from "../src/oracle/run.ts";
import type { Engine } from "../src/plan/engine.ts";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option } from "./options.ts";

const DEFAULT_FOLDER = "tests/fixtures/oracle";
const OPTIONS: readonly Option[] = [
  { name: "engine", kind: "text", help: "cpu or gpu", fallback: "gpu" },
  {
    name: "variants",
    kind: "flag",
    help: "run each case once per variant that applies to a call of it (on the CPU: by both modules)",
  },
  {
    name: "from",
    kind: "number",
    help: "first round of --variants after the plain one",
    fallback: 1,
  },
  {
    name: "activations",
    kind: "text",
    help: "f32, or f16: whole networks only, at 200 times their tolerances",
    fallback: "f32",
  },
  { name: "only", kind: "text", help: "cases whose id contains TEXT" },
  { name: "help", kind: "flag", help: "print this" },
];

interface Wanted {
  readonly engine: "cpu" | "gpu";
  readonly variants: boolean;
  readonly from: number;
  readonly activations: Activations;
  readonly vectors: Vectors;
  readonly cases: readonly OracleCase[];
}

/** Cases that passed and failed. */
interface Tally {
  passed: number;
  failed: number;
}

/**
 * Prints the adapter, one line per failing output and `N passed, N failed` in cases.
 * @returns 0 when every case passed, 1 when one failed, 2 when the folder or an option cannot be used.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [first = "", ...rest] = args;
  const named = first !== "" && !first.startsWith("--");
  try {
    const o = parseOptions(named ? rest : args, OPTIONS);
    if (o["help"] === true) {
      console.log(`npm run oracle -- [DIR] [options]\n${describeOptions(OPTIONS)}`);
      return 0;
    }
    const engine = o["engine"];
    if (engine !== "cpu" && engine !== "gpu") {
      throw new UsageError(`--engine needs cpu or gpu, got "${String(engine)}"; nothing was run.`);
    }
    const activations = o["activations"];
    if (activations !== "f16" && activations !== "f32") {
      throw new UsageError(
        `--activations needs f16 or f32, got "${String(activations)}"; nothing was run.`,
      );
    }
    const from = o["from"];
    if (typeof from !== "number" || !Number.isInteger(from) || from < 1) {
      throw new UsageError(
        `--from needs a whole number from 1 on, got ${String(from)}; nothing was run.`,
      );
    }
    const vectors = await readVectors(named ? first : DEFAULT_FOLDER);
    const only = String(o["only"] ?? "");
    const cases = vectors.cases.filter(
      (item) => item.id.includes(only) && (activations === "f32" || isModelCase(item)),
    );
    if (cases.length === 0) throw new UsageError(`No case contains "${only}"; nothing was run.`);
    if (activations === "f16") {
      console.log(
        `f16 activations: ${String(cases.length)} cases of whole networks, at ${String(SLACK.f16)} times their tolerances`,
      );
    }
    return await runWanted({
      engine,
      variants: o["variants"] === true,
      from,
      activations,
      vectors,
      cases,
    });
  } catch (error) {
    const known = [VectorsError, UsageError, GpuUnavailable];
    if (!known.some((type) => error instanceof type)) throw error;
    console.error(`oracle: ${(error as Error).message}`);
    return 2;
  }
}

async function runWanted(wanted: Wanted): Promise<number> {
  const total: Tally = { passed: 0, failed: 0 };
  const add = ({ passed, failed }: Tally): void => {
    total.passed += passed;
    total.failed += failed;
  };
  if (wanted.engine === "cpu") {
    for (const fused of wanted.variants ? [true, false] : [true]) {
      const engine = await CpuEngine.create(fused);
      console.log(`engine: ${engine.name}`);
      const tally = await runCases(engine, wanted);
      if (wanted.variants) console.log(`  ${sentence(tally)}`);
      add(tally);
    }
  } else {
    const executor = new Executor(await openNodeGpu());
    console.log(`adapter: ${executor.name}`);
    if (wanted.variants) await runRounds(executor, wanted, add);
    else add(await runCases(executor, wanted));
  }
  console.log(sentence(total));
  return total.failed === 0 ? 0 : 1;
}

const sentence = ({ passed, failed }: Tally): string =>
  `${String(passed)} passed, ${String(failed)} failed`;

async function runCases(
  engine: Engine,
  { cases, vectors, activations }: Pick<Wanted, "cases" | "vectors" | "activations">,
  enter: (id: string) => void = () => undefined,
): Promise<Tally> {
  let failed = 0;
  for (const item of cases) {
    enter(item.id);
    const { failures } = await runCase(engine, item, vectors, activations);
    for (const line of failures) console.log(line);
    if (failures.length > 0) failed++;
  }
  return { passed: cases.length - failed, failed };
}

/**
 * Round 0 by plain programs, round i by the i-th variant of each call: every case once for each variant that applies to
 * a call of it. A run that was stopped goes on at --from, after the plain round, which says what applies.
 */
async function runRounds(
  executor: Executor,
  wanted: Wanted,
  add: (tally: Tally) => void,
): Promise<void> {
  const rounds = new Rounds(executor.choices);
  for (let round = 0; round <= rounds.last; round = Math.max(round + 1, wanted.from)) {
    const cases = wanted.cases.filter(({ id }) => rounds.enter(id, round));
    const started = performance.now();
    const forced = rounds.begin(round);
    const tally = await runCases(executor, { ...wanted, cases }, (id) => rounds.enter(id, round));
    rounds.end();
    const programs = [...forced].map(([name, calls]) => `  ${String(calls).padStart(4)} ${name}`);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(
      [
        `round ${String(round)} of ${String(rounds.last)}, ${String(seconds)} s, calls by program:`,
        ...programs.sort(),
      ].join("\n"),
    );
    console.log(`  ${sentence(tally)}`);
    add(tally);
  }
  const never = rounds.never();
  if (never.length > 0) {
    console.log(`No case can run on this adapter: ${never.join(", ")}.`);
  }
}
