// Section "calls": what one training step at S asks of the device, and how long the host takes to ask.
import type { Counts } from "../../src/plan/engine.ts";
import type { Section } from "./bench.ts";
import { median } from "./measure.ts";
import { S, lossOf, madeUp, prepareTraining, queueStep } from "./models.ts";
import type { Row } from "./table.ts";

const STEPS = 5;
/** Row of the table, counter, and the bar of a step at S. */
const COUNTED: readonly (readonly [string, keyof Counts, string])[] = [
  ["dispatches", "dispatches", "at most 150"],
  ["submits", "submits", "1"],
  ["bind groups", "bindGroups", "0"],
  ["buffers", "buffers", "0"],
  ["pipelines", "pipelines", "0"],
  ["writeBuffer", "writes", "at most 2"],
  ["bytes written", "writtenBytes", ""],
  ["read-backs", "readBacks", "0"],
];

export const callsSection: Section = {
  name: "calls",
  help: "WebGPU calls of a training step at S",
  async run({ engine, kind }) {
    const training = await prepareTraining(engine, S);
    const [tokens, targets] = [madeUp(S, 0), madeUp(S, 1)];
    queueStep(training, 1, tokens, targets);
    await engine.idle();
    const before = { ...engine.counts };
    const encoding: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      const from = performance.now();
      queueStep(training, 2 + step, tokens, targets);
      encoding.push(performance.now() - from);
      await engine.idle();
    }
    const after = { ...engine.counts };
    await lossOf(training);
    const table: Row[] = COUNTED.map(([name, counter, bar]) => ({
      what: name,
      "a step": (after[counter] - before[counter]) / STEPS,
      bar,
      "reading a loss back adds": engine.counts[counter] - after[counter],
    }));
    if (kind === "gpu") {
      table.push({ what: "ms of the host", "a step": median(encoding), bar: "at most 0.5" });
    }
    const note =
      kind === "gpu"
        ? `Mean of ${String(STEPS)} steps; the host's time is the median of writes, encoding and submit on this machine's CPU, in Node.`
        : "The CPU engine submits nothing: a dispatch is a kernel run.";
    return [{ title: "Calls of a training step at S", rows: table, notes: [note] }];
  },
};
