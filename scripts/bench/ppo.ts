// Section "ppo": whole iterations of the default preset on the shipped model.
import { DEFAULTS } from "../../src/config.ts";
import { RUN_OPTIONS } from "../../src/rlhf/method.ts";
import { Session } from "../../src/rlhf/session/session.ts";
import { PTX_LENGTH, PTX_ROWS } from "../../src/rlhf/session/state.ts";
import { Supply } from "../../src/workers/supply.ts";
import { readCheckpoint } from "../../src/workers/weights.ts";
import { buildTokenizer } from "../../src/world/index.ts";
import { gflops, timed } from "./bench.ts";
import type { Bench, Section } from "./bench.ts";
import { theHost } from "./host.ts";
import { measure } from "./measure.ts";
import type { Row } from "./table.ts";

export const MODEL = "public/models/sft.safetensors";
/** From here on the policy moves; before, only the value model learns. */
const FIRST_MOVING = 3;
/** An iteration is long: no more than this many are timed. */
const REPEATS = 3;

async function begin(bench: Bench): Promise<{ session: Session; supply: Supply }> {
  const { card, weights } = readCheckpoint(new Uint8Array(await theHost().readFile(MODEL)), MODEL);
  const session = await Session.create(bench.engine, card.config, DEFAULTS, weights);
  const { P } = session.state.batch;
  const supply = new Supply(buildTokenizer(), 1, P, DEFAULTS.ptxDemonstrations);
  // an untrained reward head costs the same as a trained one
  await session.begin(RUN_OPTIONS, await session.currentReward());
  session.run.iteration = FIRST_MOVING;
  return { session, supply };
}

export const ppoSection: Section = {
  name: "ppo",
  help: "one PPO iteration of the default preset",
  async run(bench) {
    const { session, supply } = await begin(bench);
    const { run } = session;
    const flops = run.flops(FIRST_MOVING);
    const rows: Row[] = [];
    const step = (): Promise<unknown> =>
      run.step(supply.prompts(run.iteration, run.promptsPerStep), (n) =>
        supply.rows(n, PTX_ROWS, PTX_LENGTH),
      );
    if (bench.fits("a PPO iteration", flops)) {
      await step();
      const before = { ...bench.engine.counts };
      const { repeats, seconds } = bench.options.limits;
      const timing = await measure(step, { repeats: Math.min(repeats, REPEATS), seconds });
      const per = (name: "submits" | "readBacks" | "dispatches"): number =>
        (bench.engine.counts[name] - before[name]) / timing.repeats;
      const { B, P, G } = session.state.batch;
      rows.push({
        answers: B,
        columns: `${String(P)} + ${String(G)}`,
        ...timed(timing),
        "GFLOP an iteration": flops / 1e9,
        "GFLOP/s": gflops(flops, timing),
        dispatches: per("dispatches"),
        submits: per("submits"),
        "read-backs": per("readBacks"),
      });
    }
    const note =
      "Rollout, scores, reference, advantages, policy updates with ptx, value updates, and the report's read-back; a fresh reward head, which costs what a trained one costs.";
    return [{ title: "PPO iteration", rows, notes: [note, ...bench.takeLeftOut()] }];
  },
};
