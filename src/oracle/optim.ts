// Oracle specs of the optimiser: AdamW, averages and schedules.
import { adamw, adamwKnobs } from "../kernels/adamw.ts";
import { ema, emaKnobs } from "../kernels/ema.ts";
import { NORM_STATE, globalNorm } from "../kernels/global-norm.ts";
import { adaptiveKl, cosineLr, ppoLr } from "../kernels/schedules.ts";
import type { Bench, Results, Spec } from "./bench.ts";
import { Flat } from "./flat.ts";

async function gradNorm(bench: Bench): Promise<Results> {
  const names = bench.names("x");
  const flat = new Flat(
    names.map((name) => ({ name, shape: bench.shape(`x${name}`) })),
    () => true,
  );
  const grads = bench.constant(
    "grads",
    [flat.length],
    flat.pack((name) => bench.values(`x${name}`)),
  );
  const values = bench.zeros("values", [flat.length]);
  const state = bench.zeros("state", [NORM_STATE.size]);
  const settings = {
    learningRate: -1,
    beta1: 0,
    beta2: 0,
    eps: 1,
    maxNorm: bench.number("max_norm"),
  };
  const knobs = bench.constant("knobs", [10], adamwKnobs(1, settings));
  globalNorm(bench.tape, grads, state, knobs);
  const m = bench.zeros("m", [flat.length]);
  const v = bench.zeros("v", [flat.length]);
  adamw(bench.tape, values, grads, m, v, state, knobs, 0);
  const read = await bench.finish({ state, m });
  // With beta1 = 0 the first moment is the clipped gradient itself.
  const clipped = flat.unpack(read["m"] ?? [], (name) => `clipped/x${name}`);
  return {
    ...clipped,
    norm: [read["state"]?.[NORM_STATE.norm] ?? NaN],
    coef: [read["state"]?.[NORM_STATE.coefficient] ?? NaN],
  };
}

async function adamwSteps(bench: Bench): Promise<Results> {
  const decay = new Set(bench.item.hyper["decay"] as readonly string[]);
  const [beta1, beta2] = bench.item.hyper["betas"] as readonly [number, number];
  const flat = new Flat(
    bench.names("p/").map((name) => ({ name, shape: bench.shape(`p/${name}`) })),
    (name) => decay.has(name),
  );
  const values = bench.constant(
    "values",
    [flat.length],
    flat.pack((name) => bench.values(`p/${name}`)),
  );
  const m = bench.zeros("m", [flat.length]);
  const v = bench.zeros("v", [flat.length]);
  const state = bench.zeros("state", [NORM_STATE.size]);
  const rates = bench.values("lr");
  let results: Results = {};
  const keep = async (label: string): Promise<void> => {
    const read = await bench.read({ p: values });
    results = { ...results, ...flat.unpack(read["p"] ?? [], (name) => `${label}/${name}`) };
  };
  for (let step = 1; step <= rates.length; step++) {
    const slice = (name: string): ArrayLike<number> => {
      const all = bench.values(`g/${name}`);
      const length = all.length / rates.length;
      return all.subarray((step - 1) * length, step * length);
    };
    const grads = bench.constant("grads", [flat.length], flat.pack(slice));
    const settings = {
      learningRate: rates[step - 1] ?? NaN,
      beta1,
      beta2,
      eps: bench.number("eps"),
      weightDecay: bench.number("weight_decay"),
    };
    const knobs = bench.constant("knobs", [10], adamwKnobs(step, settings));
    globalNorm(bench.tape, grads, state, knobs);
    adamw(bench.tape, values, grads, m, v, state, knobs, flat.decayEnd);
    await bench.execute();
    if (step <= 2) await keep(`p${String(step)}`);
  }
  await keep("pN");
  const moments = await bench.read({ m, v });
  return {
    ...results,
    ...flat.unpack(moments["m"] ?? [], (name) => `mN/${name}`),
    ...flat.unpack(moments["v"] ?? [], (name) => `vN/${name}`),
  };
}

async function emaSteps(bench: Bench): Promise<Results> {
  const shadow = bench.input("shadow");
  const knobs = bench.constant("knobs", [2], emaKnobs(bench.number("decay")));
  const [steps = 0, n = 0] = bench.shape("params");
  const all = bench.values("params");
  for (let step = 0; step < steps; step++) {
    const values = bench.constant("values", [n], all.subarray(step * n, (step + 1) * n));
    ema(bench.tape, shadow, values, knobs);
  }
  return bench.finish({ shadow_after: shadow });
}

async function adaptiveKlSteps(bench: Bench): Promise<Results> {
  const kl = bench.input("kl");
  const n = bench.values("kl").length;
  const coefficient = bench.constant("coefficient", [1], [bench.number("init")]);
  const controller = ["target", "horizon", "n_steps"].map((name) => bench.number(name));
  const knobs = bench.constant("knobs", [3], controller);
  const coef: number[] = [];
  for (let step = 0; step < n; step++) {
    adaptiveKl(bench.tape, coefficient, kl, knobs, { kl: step });
    const read = await bench.finish({ coefficient });
    coef.push(read["coefficient"]?.[0] ?? NaN);
  }
  return { coef };
}

export const optim: Readonly<Record<string, Spec>> = {
  grad_norm: gradNorm,
  adamw: adamwSteps,
  ema: emaSteps,
  adaptive_kl: adaptiveKlSteps,
  cosine_lr: (bench) => {
    const schedule = {
      peak: bench.number("peak"),
      total: bench.number("total"),
      finalFraction: bench.number("final_frac"),
      warmup: bench.number("warmup"),
      warmupStart: bench.number("warmup_start_frac"),
    };
    return { lr: Array.from(bench.values("steps"), (step) => cosineLr(step, schedule)) };
  },
  ppo_lr: (bench) => {
    const [peak, warmup] = [bench.number("peak"), bench.number("warmup")];
    const schedule = { peak, warmup, start: bench.number("start_frac") };
    return { lr: Array.from(bench.values("iterations"), (step) => ppoLr(step, schedule)) };
  },
};
