// temporary: interleaved processor time of classifier programs
import { Executor } from "../src/gpu/executor.ts";
import { openNodeGpu } from "../src/gpu/node.ts";
import { CpuEngine } from "../src/cpu/engine.ts";
import { classifierCrossEntropy } from "../src/kernels/classifier.ts";
import { crossEntropy } from "../src/kernels/cross-entropy.ts";
import { matmul } from "../src/kernels/matmul.ts";
import { Tape } from "../src/plan/tape.ts";
import { persistent } from "../src/plan/tensor.ts";
import type { Tensor } from "../src/plan/tensor.ts";
import { cpuMs } from "./bench/measure.ts";
import { variantsOf } from "../src/gpu/variants.ts";

export async function main(args: string[]): Promise<number> {
  const [R, C, V] = (args[0] ?? "512x128x512").split("x").map(Number) as [number, number, number];
  const cpu = args[1] === "cpu";
  const on = cpu ? await CpuEngine.create() : new Executor(await openNodeGpu());
  console.log(on.name);
  const h = persistent("h", [R, C]);
  const w = persistent("w", [V, C]);
  const t = persistent("t", [R], "i32");
  const m = persistent("m", [R]);
  const fill = (x: Tensor): void => on.memory.write(x, Float32Array.from({ length: x.storage.length }, (_, i) => Math.sin(i * 1.7) * 0.5));
  fill(h); fill(w);
  on.memory.write(m, new Float32Array(R).fill(1));
  on.memory.write(t, Int32Array.from({ length: R }, (_, i) => (i * 7) % V));
  const stored = (): Tape => {
    const tape = new Tape();
    crossEntropy(tape, matmul(tape, h, w, { M: R, N: V, K: C, TB: true }), t, m);
    return tape;
  };
  const fused = (): Tape => {
    const tape = new Tape();
    classifierCrossEntropy(tape, { hidden: h, weight: w, targets: t }, m);
    return tape;
  };
  const plans: { name: string; plan: unknown; cpu: number[] }[] = [];
  for (const [kind, make] of (args[1] === "fused" ? [["fused", fused]] : [["stored", stored], ["fused", fused]]) as ["stored", () => Tape][]) {
    const titles = cpu ? [undefined] : [undefined, ...variantsOf(make().calls[0]!, (on as Executor).choices.traits).map((v) => v.title)];
    for (const title of titles) {
      if (args[2] !== undefined && !(title ?? "plain").includes(args[2])) continue;
      if (title?.includes("workgroup") === true && args[1] !== "all") continue;
      if (!cpu) (on as Executor).choices.forced = title;
      const from = performance.now();
      const plan = await on.compile(`${kind} ${title ?? "plain"}`, make().calls);
      on.run(plan); await on.idle();
      plans.push({ name: `${kind} ${title ?? "plain"} (compiled ${((performance.now() - from) / 1000).toFixed(1)} s)`, plan, cpu: [] });
    }
  }
  for (let round = 0; round < 5; round++) {
    for (const p of plans) {
      const from = cpuMs();
      for (let i = 0; i < 3; i++) on.run(p.plan as never);
      await on.idle();
      p.cpu.push((cpuMs() - from) / 3);
    }
  }
  const mid = (x: number[]): number => [...x].sort((a, b) => a - b)[Math.floor(x.length / 2)]!;
  for (const p of plans) console.log(`${mid(p.cpu).toFixed(1).padStart(9)} cpu ms  ${((2 * R * C * V) / mid(p.cpu) / 1e6).toFixed(2)} GFLOP/cpu s  ${p.name}`);
  return 0;
}
