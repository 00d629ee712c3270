// What plans will take of a device's memory, counted from their calls before anything is allocated.
import { assignSlots, lives } from "./liveness.ts";
import { boundBy } from "./tape.ts";
import type { Call } from "./tape.ts";
import { describe, storageBytes, tensorBytes } from "./tensor.ts";
import type { Role, Storage } from "./tensor.ts";

/** The calls of a plan and what it is called in reports and errors. */
export interface NamedCalls {
  readonly label: string;
  readonly calls: readonly Call[];
}

/** Everything that an engine is going to hold. */
export interface Demand {
  /** in the order in which they are compiled: later ones use the slots of earlier ones */
  readonly plans: readonly NamedCalls[];
  /** persistent storages that no call binds but the host writes, copies or reads */
  readonly others?: Iterable<Storage>;
  /** bytes of the largest read-back */
  readonly readBack?: number;
}

/** What an engine holds already. */
export interface Held {
  /** bytes of each slot */
  readonly slotSizes: readonly number[];
  readonly bytes: { readonly persistent: number; readonly slots: number };
  holds(storage: Storage): boolean;
}

export const NOTHING: Held = {
  slotSizes: [],
  bytes: { persistent: 0, slots: 0 },
  holds: () => false,
};

/** One binding of one call. */
export interface Binding {
  readonly plan: string;
  readonly kernel: string;
  /** as plans print it: name and shape */
  readonly tensor: string;
  readonly bytes: number;
}

interface MemoryClass {
  readonly name: string;
  readonly bytes: number;
  /** storages or slots */
  readonly count: number;
}

export interface MemoryPlan {
  readonly classes: readonly MemoryClass[];
  /** undefined where nothing is called */
  readonly largestBinding: Binding | undefined;
  /** bytes of all classes: nothing is given back while an engine lives */
  readonly peak: number;
  /** bytes of persistent storages, of slots, and what the temporaries of all plans would take without slots */
  readonly persistent: number;
  readonly slots: number;
  readonly temporaries: number;
}

const ROLES: readonly (readonly [Role | "other", string])[] = [
  ["parameters", "parameters"],
  ["gradients", "gradients"],
  ["moments", "optimiser moments"],
  ["caches", "key-value caches"],
  ["other", "inputs, results, knobs"],
];

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** Persistent storages of a demand, each once. */
function persistentStorages({ plans, others = [] }: Demand): Set<Storage> {
  const found = new Set(others);
  for (const { calls } of plans) {
    for (const call of calls) {
      for (const { storage } of boundBy(call)) {
        if (storage.lifetime === "persistent") found.add(storage);
      }
    }
  }
  return found;
}

/** All bindings of all calls, in order. */
export function* bindingsOf(plans: readonly NamedCalls[]): Generator<Binding> {
  for (const { label, calls } of plans) {
    for (const call of calls) {
      for (const tensor of boundBy(call)) {
        const bytes = tensorBytes(tensor);
        yield { plan: label, kernel: call.kernel.name, tensor: describe(tensor), bytes };
      }
    }
  }
}

/** Slots of plans that are compiled one after the other. */
function slotSizes(plans: readonly NamedCalls[], existing: readonly number[]): readonly number[] {
  return plans.reduce((sizes, { calls }) => assignSlots(calls, sizes).sizes, existing);
}

/** Storages of a demand that come to those an engine holds, and the bytes of all slots after it. */
export function additions(
  demand: Demand,
  held: Held,
): { readonly storages: readonly Storage[]; readonly slots: readonly number[] } {
  const storages = [...persistentStorages(demand)].filter((storage) => !held.holds(storage));
  return { storages, slots: slotSizes(demand.plans, held.slotSizes) };
}

/** Counts a demand on an engine that holds nothing. */
export function memoryPlan(demand: Demand): MemoryPlan {
  const { storages, slots } = additions(demand, NOTHING);
  const ofRole = (role: Role | "other"): Storage[] =>
    storages.filter((storage) => (storage.role ?? "other") === role);
  const classes = ROLES.map(([role, name]): MemoryClass => {
    const list = ofRole(role);
    return { name, bytes: sum(list.map(storageBytes)), count: list.length };
  });
  const persistent = sum(storages.map(storageBytes));
  const slotBytes = sum(slots);
  classes.push({ name: "activations and temporaries", bytes: slotBytes, count: slots.length });
  const { readBack = 0 } = demand;
  classes.push({ name: "read-back staging", bytes: readBack, count: readBack > 0 ? 1 : 0 });
  let largestBinding: Binding | undefined;
  for (const binding of bindingsOf(demand.plans)) {
    if (binding.bytes > (largestBinding?.bytes ?? 0)) largestBinding = binding;
  }
  const temporaries = sum(
    demand.plans.flatMap(({ calls }) => lives(calls).map(({ storage }) => storageBytes(storage))),
  );
  const peak = persistent + slotBytes + readBack;
  return { classes, largestBinding, peak, persistent, slots: slotBytes, temporaries };
}

/** Bytes as people read them, in powers of 1,024: `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const power = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const number = power === 0 ? String(bytes) : (bytes / 1024 ** power).toFixed(1);
  return `${number} ${units[power] ?? ""}`;
}

/** The plan as a table of text: a line per class, the peak, the largest binding and what liveness saves. */
export function printMemory(plan: MemoryPlan): string {
  const { classes, largestBinding, peak, slots, temporaries } = plan;
  const rows = [
    ...classes.map(({ name, bytes, count }) => [name, bytesText(bytes), String(count)]),
    ["peak", bytesText(peak), ""],
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map(([name = "", bytes = "", count = ""]) =>
    [name.padEnd(widths[0] ?? 0), bytes.padStart(widths[1] ?? 0), count.padStart(widths[2] ?? 0)]
      .join("  ")
      .trimEnd(),
  );
  const share = temporaries > 0 ? ` (${((100 * slots) / temporaries).toFixed(0)} %)` : "";
  lines.push(
    `temporaries of all plans ${bytesText(temporaries)}, in shared slots ${bytesText(slots)}${share}`,
  );
  if (largestBinding !== undefined) {
    const { tensor, kernel, bytes } = largestBinding;
    lines.push(`largest binding ${bytesText(bytes)}: ${tensor} in ${kernel}`);
  }
  return `${lines.join("\n")}\n`;
}
