// npm run bench: times kernels, training, sampling and PPO on one engine, and beside the peers with --peers.
import { cpus, loadavg } from "node:os";
import { GpuUnavailable } from "../src/gpu/device.ts";
import type { Opened } from "./bench/bench.ts";
import { runInChromium } from "./bench/chromium.ts";
import { adapterThreads, useHost } from "./bench/host.ts";
import type { Peak } from "./bench/peak.ts";
import { PEER_OPTIONS, compareAllProducts, comparePeers, readPeerOptions } from "./bench/peers.ts";
import type { PeerOptions } from "./bench/peers.ts";
import { SECTIONS, runSections } from "./bench/sections.ts";
import type { Job, Report } from "./bench/sections.ts";
import { markdown } from "./bench/table.ts";
import type { Table } from "./bench/table.ts";
import { openEngine } from "./engine.ts";
import { jsonFile } from "./json-file.ts";
import { UsageError, describeOptions, parseOptions } from "./options.ts";
import type { Option, Options } from "./options.ts";
import { fileCache } from "./tuning.ts";

const PEERS = "peers";
const PRODUCTS = "products";
const BESIDE: readonly string[] = [PEERS, PRODUCTS];
const NAMES = [...SECTIONS.map(({ name }) => name), ...BESIDE];

const OPTIONS: readonly Option[] = [
  { name: "only", kind: "text", help: "sections, comma-separated (default: all)" },
  { name: "engine", kind: "text", help: "cpu or gpu", fallback: "gpu" },
  {
    name: "in",
    kind: "text",
    help: "node, or chromium on SwiftShader (default: node, and chromium for the peers)",
  },
  { name: "large", kind: "flag", help: "adds the sizes 5M and 25M" },
  { name: "repeats", kind: "number", help: "most timed samples of a row", fallback: 5 },
  { name: "seconds", kind: "number", help: "no further sample after so many", fallback: 3 },
  { name: "minutes", kind: "number", help: "time for everything but the peers", fallback: 8 },
  ...PEER_OPTIONS,
  { name: "json", kind: "text", help: "write the result to FILE" },
  { name: "help", kind: "flag", help: "print this" },
];

interface Wanted extends Job {
  readonly in: "node" | "chromium";
  readonly peers: PeerOptions | undefined;
  /** which of the sections that need it */
  readonly beside: readonly string[];
  /** sections that run nothing, and why */
  readonly leftOut: readonly string[];
}

function positive(o: Options, name: string): number {
  const value = Number(o[name]);
  if (value > 0) return value;
  throw new UsageError(
    `--${name} is ${String(o[name])}, expected a number above 0; nothing was run.`,
  );
}

function namesOf(o: Options): string[] {
  if (o["only"] === undefined) return NAMES;
  const names = String(o["only"]).split(",");
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown === undefined) return names;
  throw new UsageError(
    `--only names "${unknown}", expected some of ${NAMES.join(", ")}; nothing was run.`,
  );
}

/** @throws UsageError with one sentence. */
function readWanted(o: Options): Wanted {
  const names = namesOf(o);
  const engine = String(o["engine"]);
  if (engine !== "cpu" && engine !== "gpu") {
    throw new UsageError(`--engine needs cpu or gpu, got "${engine}"; nothing was run.`);
  }
  const place = o["in"] ?? "node";
  if (place !== "node" && place !== "chromium") {
    throw new UsageError(`--in needs node or chromium, got "${String(place)}"; nothing was run.`);
  }
  const peers = readPeerOptions(o);
  const beside = names.filter((name) => BESIDE.includes(name));
  if (peers === undefined && o["only"] !== undefined && beside[0] !== undefined) {
    throw new UsageError(
      `The section ${beside[0]} needs --peers DIR, the harness; nothing was run.`,
    );
  }
  const limits = { repeats: positive(o, "repeats"), seconds: positive(o, "seconds") };
  return {
    sections: SECTIONS.map(({ name }) => name).filter((name) => names.includes(name)),
    engine,
    in: place,
    options: { limits, large: o["large"] === true, minutes: positive(o, "minutes") },
    peers,
    beside,
    leftOut:
      peers === undefined && beside.length > 0
        ? ["Left out: the peers, because --peers DIR does not name their harness."]
        : [],
  };
}

/** Entry of `npm run bench`. */
export async function main(args: string[]): Promise<number> {
  try {
    const o = parseOptions(args, OPTIONS);
    if (o["help"] === true) {
      console.log(`npm run bench -- [options]\n${describeOptions(OPTIONS)}`);
      for (const { name, help } of SECTIONS) console.log(`  ${name.padEnd(10)} ${help}`);
      console.log(`  ${PEERS.padEnd(10)} other engines beside this one; needs --peers`);
      console.log(
        `  ${PRODUCTS.padEnd(10)} matrix products beside theirs, in Chromium; needs --peers`,
      );
      return 0;
    }
    const wanted = readWanted(o);
    const write = jsonFile(o["json"]);
    const result = await bench(wanted, args);
    write?.(result);
    return 0;
  } catch (error) {
    if (error instanceof GpuUnavailable) {
      console.error(`${error.message} --engine cpu needs none; nothing was run.`);
      return 2;
    }
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

interface Result {
  readonly command: string;
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** running processes per minute before and after: above the number of cores the times are too long */
  readonly load: { readonly before: number; after: number };
  adapter?: string;
  /** version of Chromium, where the sections ran in it */
  browser?: string;
  peak?: Peak;
  seconds: number;
  readonly tables: Table[];
  readonly leftOut: readonly string[];
}

async function bench(wanted: Wanted, args: readonly string[]): Promise<Result> {
  const result: Result = {
    command: ["npm run bench --", ...args].join(" "),
    date: new Date().toISOString(),
    machine: { cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version },
    load: { before: loadavg()[0] ?? NaN, after: NaN },
    seconds: NaN,
    tables: [],
    leftOut: wanted.leftOut,
  };
  const started = performance.now();
  const add = (tables: readonly Table[]): void => {
    result.tables.push(...tables);
    for (const table of tables) console.log(markdown(table));
  };
  const { machine } = result;
  console.log(`${result.command}\n${result.date}, ${String(machine.cores)} x ${machine.cpu}`);
  if (wanted.sections.length > 0) await run(wanted, result, add);
  const { peers, beside } = wanted;
  if (peers !== undefined && beside.includes(PEERS)) add(await comparePeers(peers));
  if (peers !== undefined && beside.includes(PRODUCTS)) add(await compareAllProducts(peers));
  for (const line of result.leftOut) console.log(line);
  result.seconds = (performance.now() - started) / 1000;
  result.load.after = loadavg()[0] ?? NaN;
  console.log(
    `${result.seconds.toFixed(0)} s; load ${result.load.before.toFixed(1)} before, ${result.load.after.toFixed(1)} after`,
  );
  return result;
}

/** The sections in Node or in Chromium; tables are printed as they come. */
async function run(
  wanted: Wanted,
  result: Result,
  add: (tables: readonly Table[]) => void,
): Promise<void> {
  const report: Report = {
    adapter(name, peak) {
      result.adapter = name;
      if (peak !== undefined) result.peak = peak;
      console.log(`${[name, peakSentence(peak)].filter((text) => text !== "").join(": ")}\n`);
    },
    tables: add,
  };
  const { sections, engine, options } = wanted;
  if (wanted.in === "chromium") {
    result.browser = await runInChromium({ sections, engine, options }, report);
    console.log(`Chromium ${result.browser}`);
    return;
  }
  const open = async (): Promise<Opened> => {
    const opened = await openEngine(engine);
    const apart = opened.kind === "gpu" && opened.software && process.platform === "linux";
    if (apart) useHost(adapterThreads);
    return opened;
  };
  await runSections(wanted, open, report, fileCache());
}

function peakSentence(peak: Peak | undefined): string {
  if (peak === undefined) return "";
  const per = peak.perCpuSecond ? " of one core's processor time, as are all shares of them" : "";
  return `${peak.gflops.toFixed(1)} GFLOP of multiply-adds and ${peak.gigabytes.toFixed(1)} GB of copying per second${per}`;
}
