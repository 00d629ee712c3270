// The plan as text: what the docs, the snapshot tests and the page's plan panel show.
import { assignSlots } from "./liveness.ts";
import type { Call } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

/** One line per call: number, kernel, inputs with slots, outputs. */
export function printPlan(calls: readonly Call[]): string {
  const { slotOf } = assignSlots(calls);
  const show = (tensor: Tensor): string => {
    const slot = slotOf.get(tensor.storage);
    const place = slot === undefined ? "" : `@s${String(slot)}`;
    const half = tensor.dtype === "f16" ? ":f16" : "";
    return `${tensor.name}[${tensor.shape.join(",")}]${half}${place}`;
  };
  const width = Math.max(...calls.map((call) => call.kernel.name.length), 0);
  const lines = calls.map((call, index) => {
    const writes = new Set<string>(call.kernel.writes);
    const names = Object.keys(call.bindings);
    const list = (wanted: boolean): string =>
      names
        .filter((name) => writes.has(name) === wanted)
        .map((name) => show(call.bindings[name] as Tensor))
        .join(" ");
    const number = String(index).padStart(String(calls.length).length);
    const { guard } = call;
    const when = guard === undefined ? "" : ` if ${guard.tensor.name}[${String(guard.index)}]`;
    return `${number} ${call.kernel.name.padEnd(width)}  ${list(false)} -> ${list(true)}${when}`;
  });
  return `${lines.join("\n")}\n`;
}
