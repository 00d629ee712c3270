// Section "calls": what one training step at S asks of the device, and how long the host takes to ask.
import { adamwKnobs } from "../../src/kernels/adamw.ts";
import { Executor } from "../../src/gpu/executor.ts";
import type { Counts } from "../../src/plan/engine.ts";
import type { Bench, Section } from "./bench.ts";
import { theHost } from "./host.ts";
import { median } from "./measure.ts";
import { S, SETTINGS, batchRows, lossOf, madeUp, prepareTraining } from "./models.ts";
import type { Training } from "./models.ts";
import type { Row } from "./table.ts";

/** Compilers are done with the host's code after so many steps. */
const SETTLING = 5;
/** Steps that are timed: at least the fewest, then so long as the seconds are not over. */
const FEWEST = 5;
const MOST = 60;
const SECONDS = 40;
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

/** Milliseconds of the host for one step. */
interface Encoding {
  readonly writes: number;
  readonly encoding: number;
  readonly submit: number;
}

/** Smallest step that the clock is seen to make, in milliseconds. */
function clockStep(): number {
  let least = Infinity;
  let last = performance.now();
  for (let i = 0; i < 200_000; i++) {
    const now = performance.now();
    if (now > last) least = Math.min(least, now - last);
    last = now;
  }
  return least;
}

/** Adds up the time inside of `queue.submit`; the result undoes it. */
function watchSubmits(bench: Bench, spent: (ms: number) => void): () => void {
  if (!(bench.engine instanceof Executor)) return () => undefined;
  const { queue } = bench.engine.gpu.device;
  const submit = queue.submit.bind(queue);
  Object.defineProperty(queue, "submit", {
    configurable: true,
    value(buffers: Iterable<GPUCommandBuffer>) {
      const from = performance.now();
      submit(buffers);
      spent(performance.now() - from);
    },
  });
  return () => {
    Reflect.deleteProperty(queue, "submit");
  };
}

/** Steps, each awaited before the next, with the host's time split into its three parts. */
async function encodeSteps(bench: Bench, training: Training, most: number): Promise<Encoding[]> {
  const { engine, rows, optimiser, plan } = training;
  const values = batchRows(training, madeUp(S, 0), madeUp(S, 1));
  let submit = 0;
  const unwatch = watchSubmits(bench, (ms) => {
    submit += ms;
  });
  const steps: Encoding[] = [];
  const started = performance.now();
  for (let step = 1; step <= most; step++) {
    submit = 0;
    const from = performance.now();
    engine.memory.write(rows, values);
    engine.memory.write(optimiser.knobs, adamwKnobs(step, SETTINGS));
    const written = performance.now();
    engine.run(plan);
    const submitted = performance.now();
    steps.push({ writes: written - from, encoding: submitted - written - submit, submit });
    await engine.idle();
    if (step >= FEWEST && performance.now() - started > 1000 * SECONDS) break;
  }
  unwatch();
  return steps;
}

function encodingRows(steps: readonly Encoding[]): Row[] {
  const middle = (part: (step: Encoding) => number): number => median(steps.map(part));
  const all = ({ writes, encoding, submit }: Encoding): number => writes + encoding + submit;
  return [
    { what: "ms of the host", "a step": middle(all), bar: "at most 0.5" },
    { what: "ms: writes", "a step": middle((step) => step.writes) },
    { what: "ms: encoding", "a step": middle((step) => step.encoding) },
    { what: "ms: submit", "a step": middle((step) => step.submit) },
  ];
}

function noteOf({ kind }: Bench, { length }: readonly Encoding[]): string {
  if (kind === "cpu") return "The CPU engine submits nothing: a dispatch is a kernel run.";
  const { place } = theHost();
  return `Counts: mean of ${String(length)} steps. The host's time: median of the same steps, each awaited before the next, in JavaScript in ${place} on this machine's processor; its clock goes in steps of ${(1000 * clockStep()).toPrecision(2)} us.`;
}

export const callsSection: Section = {
  name: "calls",
  help: "WebGPU calls of a training step at S, and the host's time to make them",
  async run(bench) {
    const { engine, kind } = bench;
    const training = await prepareTraining(engine, S);
    await encodeSteps(bench, training, SETTLING);
    const before = { ...engine.counts };
    const steps = await encodeSteps(bench, training, kind === "gpu" ? MOST : FEWEST);
    const after = { ...engine.counts };
    await lossOf(training);
    const table: Row[] = COUNTED.map(([name, counter, bar]) => ({
      what: name,
      "a step": (after[counter] - before[counter]) / steps.length,
      bar,
      "reading a loss back adds": engine.counts[counter] - after[counter],
    }));
    if (kind === "gpu") table.push(...encodingRows(steps));
    return [{ title: "Calls of a training step at S", rows: table, notes: [noteOf(bench, steps)] }];
  },
};
