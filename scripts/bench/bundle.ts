// Bundles an entry of the bench for a page, and counts the processor time of what this process has started.
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "vite";

/** Writes `engine.js` and what it needs into a folder, which is emptied; packages are looked up from `root`. */
export async function bundle(entry: string, folder: string, root = process.cwd()): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: "error",
    publicDir: false,
    // TensorFlow.js asks for it where it finds Node, and a bundle for pages would give it an empty object
    resolve: { alias: { util: resolve("scripts/bench/node-util.mjs") } },
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    build: {
      lib: { entry, formats: ["es"], fileName: () => "engine.js" },
      outDir: folder,
      emptyOutDir: true,
      target: "es2023",
    },
  });
}

/** One hundredth of a second, what /proc counts in. */
const TICK_MS = 10;

/** Parent and processor time of a process in ticks; undefined when it has ended. */
function processOf(id: string): { parent: string; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, "utf8");
    // the fields after the name, which may hold spaces: state, parent, …, utime (12th), stime (13th)
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { parent: fields[1] ?? "", ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

/** Milliseconds of processor time of all living descendants of this process; NaN where there is no /proc. */
export function descendantsCpuMs(): number {
  if (process.platform !== "linux") return NaN;
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const all = ids.map((id) => ({ id, ...processOf(id) }));
  let ticks = 0;
  const parents = [String(process.pid)];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of all.filter((process_) => process_.parent === parent)) {
      ticks += child.ticks ?? 0;
      parents.push(child.id);
    }
  }
  return ticks * TICK_MS;
}
