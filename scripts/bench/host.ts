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

let host = inNode;

/** The host of this bench: Node, unless a page has said otherwise. */
export function theHost(): Host {
  return host;
}

export function useHost(other: Host): void {
  host = other;
}
