// Section "endurance": 20,000 training steps of a tiny model, and what of the host and the device has grown after them.
import type { Counts } from "../../src/plan/engine.ts";
import type { Section } from "./bench.ts";
import { theHost } from "./host.ts";
import { madeUp, prepareTraining, queueStep, stepAndRead } from "./models.ts";
import type { Size } from "./models.ts";
import type { Row } from "./table.ts";

const TINY: Size = {
  name: "tiny",
  layers: 1,
  width: 16,
  heads: 2,
  context: 8,
  batch: 2,
  vocabulary: 32,
};
const STEPS = 20_000;
/** Steps before the first look: caches fill and functions are compiled in them. */
const SETTLING = 1_000;
const READ_EVERY = 100;
const KEPT: readonly (keyof Counts)[] = ["buffers", "bindGroups", "pipelines"];
const MIB = 1 << 20;

export const enduranceSection: Section = {
  name: "endurance",
  help: "20,000 training steps of a tiny model: what has grown",
  async run({ engine }) {
    const training = await prepareTraining(engine, TINY);
    const [tokens, targets] = [madeUp(TINY, 0), madeUp(TINY, 1)];
    const rows: Row[] = [];
    let loss = NaN;
    const look = (steps: number): void => {
      const counts = KEPT.map((name) => [name, engine.counts[name]] as const);
      const heap = theHost().heapBytes() / MIB;
      rows.push({ steps, ...Object.fromEntries(counts), "JS heap MiB": heap, loss });
    };
    const started = performance.now();
    for (let step = 1; step <= STEPS; step++) {
      if (step % READ_EVERY === 0) loss = await stepAndRead(training, step, tokens, targets);
      else queueStep(training, step, tokens, targets);
      if (step === SETTLING || step % (STEPS / 4) === 0) look(step);
    }
    const seconds = (performance.now() - started) / 1000;
    const note = `${String(STEPS)} steps in ${seconds.toFixed(0)} s, the loss read back every ${String(READ_EVERY)} steps. Created since the engine was opened; the heap after a garbage collection.`;
    return [{ title: "Endurance", rows, notes: [note] }];
  },
};
