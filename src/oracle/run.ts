// Runs oracle cases through the engine's kernels and compares every output element by element.
import { Executor } from "../gpu/executor.ts";
import type { Engine } from "../plan/engine.ts";
import { Bench } from "./bench.ts";
import type { Activations, Results, Spec } from "./bench.ts";
import { contradiction, valuesOf } from "./manifest.ts";
import type { OracleCase, OutputEntry, Vectors } from "./manifest.ts";
import { ops } from "./ops.ts";
import { model } from "./model.ts";
import { optim } from "./optim.ts";
import { ppo } from "./ppo.ts";
import { preference } from "./preference.ts";
import { reward } from "./reward.ts";
import { sequence } from "./sequence.ts";

const SPECS: ReadonlyMap<string, Spec> = new Map(
  Object.entries({ ...ops, ...sequence, ...optim, ...reward, ...ppo, ...preference, ...model }),
);

/** The cases in which a whole network runs, so that there are blocks with activations. */
export function isModelCase({ spec }: OracleCase): boolean {
  return spec.startsWith("model_");
}

/** What became of one case: no failures means that it passed. */
export interface Outcome {
  readonly item: OracleCase;
  /** one line per failing output */
  readonly failures: readonly string[];
}

/** What WebGPU's validation objects to while `work` runs, one sentence; undefined on the CPU and when it does not. */
async function refusedBy(engine: Engine, work: () => Promise<void>): Promise<string | undefined> {
  if (!(engine instanceof Executor)) {
    await work();
    return undefined;
  }
  const { device } = engine.gpu;
  device.pushErrorScope("validation");
  await work();
  return (await device.popErrorScope())?.message;
}

/**
 * Runs one case, with f16 activations at 200 times its tolerances. Errors of the engine, of WebGPU's validation and
 * unknown specs are failures of the case.
 */
export async function runCase(
  engine: Engine,
  item: OracleCase,
  vectors: Vectors,
  activations: Activations = "f32",
): Promise<Outcome> {
  const spec = SPECS.get(item.spec);
  if (spec === undefined) {
    return { item, failures: [`${item.id}: the engine has no op for the spec "${item.spec}"`] };
  }
  let failures: string[] = [];
  const refused = await refusedBy(engine, async () => {
    try {
      const bench = new Bench(engine, item, vectors, activations);
      failures = compare(bench, await spec(bench), vectors);
    } catch (error) {
      failures = [`${item.id}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  if (refused !== undefined) failures.push(`${item.id}: WebGPU refused a command: ${refused}`);
  engine.memory.destroy();
  return { item, failures };
}

function compare({ item, slack }: Bench, results: Results, vectors: Vectors): string[] {
  const failures: string[] = [];
  if (Object.keys(item.outputs).length === 0) failures.push(`${item.id}: has no output to compare`);
  for (const [name, entry] of Object.entries(item.outputs)) {
    const tensor = vectors.tensor(item.file, entry.tensor);
    const other = contradiction(entry, tensor);
    if (other !== undefined) {
      failures.push(`${item.id} ${name}: ${other}`);
      continue;
    }
    const expected = valuesOf(tensor);
    const got = results[name];
    const failure =
      got === undefined
        ? " was not computed"
        : got.length !== expected.length
          ? ` has ${String(got.length)} elements, expected ${String(expected.length)}`
          : firstDifference(loosened(entry, slack), got, expected, maskOf(item, entry, vectors));
    if (failure !== undefined) failures.push(`${item.id} ${name}${failure}`);
  }
  return failures;
}

function loosened(entry: OutputEntry, slack: number): OutputEntry {
  return { ...entry, atol: slack * entry.atol, rtol: slack * entry.rtol };
}

function maskOf(
  item: OracleCase,
  entry: OutputEntry,
  vectors: Vectors,
): ArrayLike<number> | undefined {
  if (entry.compare_mask === undefined) return undefined;
  return valuesOf(vectors.tensor(item.file, entry.compare_mask));
}

/** "[index]: got …, expected …" for the first element out of tolerance; integers must be equal. */
function firstDifference(
  entry: OutputEntry,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  mask: ArrayLike<number> | undefined,
): string | undefined {
  let first = -1;
  let bad = 0;
  for (let i = 0; i < expected.length; i++) {
    if (mask?.[i] === 0) continue;
    const want = expected[i] ?? NaN;
    const limit = entry.dtype === "I32" ? 0 : entry.atol + entry.rtol * Math.abs(want);
    // The negated form also catches NaN; an infinite expectation would let everything pass.
    if (Number.isFinite(want) && Math.abs((got[i] ?? NaN) - want) <= limit) continue;
    if (first < 0) first = i;
    bad++;
  }
  if (first < 0) return undefined;
  const more = `${String(bad)} of ${String(expected.length)} elements differ`;
  return `[${String(first)}]: got ${String(got[first])}, expected ${String(expected[first])} (${more})`;
}
