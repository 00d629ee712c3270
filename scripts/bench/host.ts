// What the bench asks of the program that it runs in, Node or a page: processor time, memory, files.

export interface Host {
  /** for reports: Node or Chromium */
  readonly place: string;
  /** milliseconds of processor time used so far on all cores, a software adapter's included */
  cpuMs(): number | Promise<number>;
  /** steps in which `cpuMs` grows, in milliseconds */
  readonly cpuStep: number;
  /** bytes of JavaScript objects that are still reachable, after a garbage collection */
  heapBytes(): number;
  /** a file of this repository */
  readFile(path: string): Promise<Uint8Array>;
}

// Not imports: the page's bundle must not see Node's modules.
const inNode: Host = {
  place: "Node",
  cpuMs() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
  cpuStep: 0.001,
  heapBytes() {
    process.getBuiltinModule("node:v8").setFlagsFromString("--expose-gc");
    const collect = process.getBuiltinModule("node:vm").runInNewContext("gc") as () => void;
    collect();
    return process.memoryUsage().heapUsed;
  },
  readFile: (path) => process.getBuiltinModule("node:fs/promises").readFile(path),
};

/** /proc counts processor time in hundredths of a second. */
export const PROC_STEP_MS = 10;

/** Adds up readings of counters by name, of which some end: what an ended one had counted stays in the sum. */
export function lastingSum(): (
  readings: Iterable<readonly [name: string, value: number]>,
) => number {
  const seen = new Map<string, number>();
  let sum = 0;
  return (readings) => {
    for (const [name, value] of readings) {
      const before = seen.get(name) ?? 0;
      // a lower reading is that of another one of the same name
      sum += value < before ? value : value - before;
      seen.set(name, value);
    }
    return sum;
  };
}

const threadMs = lastingSum();

/** Names of this process's threads; empty where there is no /proc. */
function threads(): string[] {
  const { existsSync, readdirSync } = process.getBuiltinModule("node:fs");
  return existsSync("/proc/self/task") ? readdirSync("/proc/self/task") : [];
}

/** Node's own: its main thread and those that V8 and libuv had started before any adapter was opened; none in a page. */
const ofNode: ReadonlySet<string> = new Set(typeof process === "undefined" ? [] : threads());

/** Milliseconds of processor time of one thread: to the nanosecond where the kernel keeps its scheduler's statistics. */
function msOf(thread: string): number {
  const { existsSync, readFileSync } = process.getBuiltinModule("node:fs");
  const folder = `/proc/self/task/${thread}`;
  if (existsSync(`${folder}/schedstat`)) {
    const [nanoseconds = ""] = readFileSync(`${folder}/schedstat`, "utf8").split(" ");
    return Number(nanoseconds) / 1e6;
  }
  const text = readFileSync(`${folder}/stat`, "utf8");
  // after the name in parentheses: state is field 3, user and system time are 14 and 15
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return PROC_STEP_MS * (Number(fields[11]) + Number(fields[12]));
}

/** Milliseconds of processor time of the threads that are not Node's own. */
function otherThreadsMs(): number {
  const readings = threads().flatMap((thread): [string, number][] => {
    if (ofNode.has(thread)) return [];
    try {
      return [[thread, msOf(thread)]];
    } catch {
      return []; // the thread has ended since the folder was read
    }
  });
  return threadMs(readings);
}

/** True where a thread's time is counted in nanoseconds. */
function isFine(): boolean {
  const { existsSync } = process.getBuiltinModule("node:fs");
  return existsSync("/proc/self/schedstat");
}

/**
 * Node where a software adapter works in threads of its own. Node's are not counted: Dawn's binding keeps the main thread
 * busy asking whether they are done (40 % of all processor time, by perf), which says nothing about a kernel.
 */
export const adapterThreads: Host = {
  ...inNode,
  cpuMs: otherThreadsMs,
  get cpuStep() {
    return isFine() ? inNode.cpuStep : PROC_STEP_MS;
  },
};

let host = inNode;

/** The host of this bench: Node, unless a page has said otherwise. */
export function theHost(): Host {
  return host;
}

export function useHost(other: Host): void {
  host = other;
}
