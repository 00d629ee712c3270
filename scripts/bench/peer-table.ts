// Tables of a comparison with peers: the same step, the same losses, and how many times as fast.
import type { Row, Table } from "./table.ts";

/** What the harness writes of one peer at one size, as far as the tables read it. */
export interface PeerResult {
  readonly ok: boolean;
  /** NAME or NAME/VARIANT */
  readonly name: string;
  readonly config: string;
  readonly error?: string;
  readonly stepMs?: number;
  readonly stepMsMin?: number;
  readonly cpuMsPerStep?: number;
  readonly trainTokPerSec?: number;
  readonly syncPartMs?: number;
  readonly losses?: readonly number[];
  /** WebGPU calls of a step with the read-back of its loss */
  readonly perStep?: Readonly<Record<string, number>>;
  readonly gen?: Readonly<Record<string, Generated>>;
  readonly chromium?: string;
  readonly adapter?: { readonly vendor?: string; readonly arch?: string; readonly desc?: string };
  readonly loadavgStart?: number;
  readonly loadavgEnd?: number;
}

interface Generated {
  readonly tokPerSec?: number;
  readonly cpuMsPerToken?: number;
  readonly perToken?: Readonly<Record<string, number>>;
  readonly error?: string;
}

const OURS = { gpu: "nudge", cpu: "nudge/cpu" };

/** The variant of ours that a peer is compared with: without WebGPU against without, with against with. */
function ourName(name: string): string {
  return /\/(cpu|wasm)$/.test(name) ? OURS.cpu : OURS.gpu;
}

/** Largest difference between two lists of losses; NaN when there is nothing to compare. */
export function lossDifference(a: readonly number[] = [], b: readonly number[] = []): number {
  const n = Math.min(a.length, b.length);
  if (n === 0) return NaN;
  return Math.max(...Array.from({ length: n }, (_, i) => Math.abs((a[i] ?? NaN) - (b[i] ?? NaN))));
}

function stepRow(result: PeerResult, ours: PeerResult | undefined): Row {
  if (!result.ok) return { peer: result.name, "ms a step": "failed" };
  const { perStep = {}, stepMs = NaN, cpuMsPerStep = NaN } = result;
  const calls = (name: string): number => perStep[name] ?? 0;
  const own = ours === result;
  return {
    peer: result.name,
    "ms a step": stepMs,
    "min ms": result.stepMsMin ?? NaN,
    "tokens/s": result.trainTokPerSec ?? NaN,
    "CPU ms a step": cpuMsPerStep,
    "ours is faster by": own ? "" : stepMs / (ours?.stepMs ?? NaN),
    "in CPU time": own ? "" : cpuMsPerStep / (ours?.cpuMsPerStep ?? NaN),
    "loss differs by": own ? "" : lossDifference(result.losses, ours?.losses),
    dispatches: calls("dispatch"),
    submits: calls("submit"),
    "bind groups": calls("createBindGroup"),
    buffers: calls("createBuffer"),
    writes: calls("writeBuffer"),
    load: result.loadavgEnd ?? NaN,
  };
}

function sampleRows(results: readonly PeerResult[]): Row[] {
  return results.flatMap(({ name, gen = {} }) =>
    Object.entries(gen).map(([kind, { tokPerSec, cpuMsPerToken, perToken = {}, error }]) => ({
      peer: name,
      kind,
      "tokens/s": error === undefined ? (tokPerSec ?? NaN) : "failed",
      "CPU ms a token": cpuMsPerToken ?? NaN,
      "dispatches a token": perToken["dispatch"] ?? 0,
      "mapAsync a token": perToken["mapAsync"] ?? 0,
    })),
  );
}

/** One table per size, and one for sampling. */
export function peerTables(results: readonly PeerResult[], configs: readonly string[]): Table[] {
  const [any] = results.filter(({ ok }) => ok);
  const { vendor = "", arch = "", desc = "" } = any?.adapter ?? {};
  const program = any?.chromium === undefined ? "Node on Dawn" : `Chromium ${any.chromium}`;
  const place = `${program}, ${[vendor, arch, desc].filter((s) => s !== "").join(" ")}; one after the other in one run. A step includes the read-back of its loss, which is one submit and one buffer of ours. CPU time is that of the whole browser, or process.`;
  const failures = results
    .filter(({ ok }) => !ok)
    .map(({ name, config, error }) => `Failed: ${name} at ${config}: ${error ?? "no reason"}`);
  const tables = configs.map((config): Table => {
    const here = results.filter((result) => result.config === config);
    const find = (name: string): PeerResult | undefined =>
      here.find((result) => result.name === ourName(name));
    const rows = here.map((result) => stepRow(result, find(result.name)));
    return { title: `Training step at ${config}, beside peers`, rows, notes: [place] };
  });
  const sampled = sampleRows(results);
  const title = `Sampling at ${configs[0] ?? ""}, beside peers`;
  return [...tables, { title, rows: sampled, notes: failures }];
}
