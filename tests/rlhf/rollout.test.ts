// Rollouts: what early finish skips and leaves alone, log-probabilities against the training forward, and counts.
import { describe, expect, test } from "vitest";
import { CpuEngine } from "../../src/cpu/engine.ts";
import { Executor } from "../../src/gpu/executor.ts";
import { openNodeGpu } from "../../src/gpu/node.ts";
import { KNOBS, KNOB_COUNT } from "../../src/kernels/knobs.ts";
import { isBanned } from "../../src/kernels/softmax-parts.ts";
import { gpt, gpt2, gptSpecs, unembed } from "../../src/model/gpt.ts";
import type { GptConfig } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import { layOut, parameter } from "../../src/model/parameters.ts";
import type { Parameters } from "../../src/model/parameters.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { Tape } from "../../src/plan/tape.ts";
import type { Call } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import { BANNED } from "../../src/rlhf/rollout.ts";
import { sequences } from "../../src/rlhf/sequences.ts";
import { Generator } from "../../src/rlhf/session/generator.ts";
import { samplingValues } from "../../src/rlhf/shown-sampling.ts";
import type { ShownSampling } from "../../src/rlhf/shown-sampling.ts";
import { EOS, PAD } from "../../src/world/tokenizer.ts";
import { countingGpu } from "../support/counting-device.ts";
import { executor } from "../support/gpu.ts";

const [V, P, G] = [40, 6, 14];
const CONTEXT = P + G;
const CONFIG: GptConfig = { ...gpt2(V, 16, 2, 2, CONTEXT), tied: false };
const SENTINEL = 77;

interface Model {
  readonly weights: Parameters;
  readonly generator: Generator;
}

/**
 * A random model in which EOS has the same odds everywhere: its row of the unembedding is constant, and so is the
 * bias of the last norm, to whose other part, of mean 0, a constant row is blind.
 */
async function model(engine: Engine, B: number, odds: number, label = "model"): Promise<Model> {
  const weights = layOut(label, gptSpecs(CONFIG), false);
  const { memory } = engine;
  memory.write(weights.values, initialValues(weights, 3));
  const bias = 0.5;
  memory.write(parameter(weights, "ln_f.bias"), new Float32Array(CONFIG.width).fill(bias));
  const row = new Float32Array(CONFIG.width).fill(Math.log(odds * V) / (bias * CONFIG.width));
  memory.write(parameter(weights, "lm_head.weight"), row, EOS * CONFIG.width);
  const knobs = persistent(`${label}.knobs`, [KNOB_COUNT]);
  memory.write(knobs, [1], KNOBS.temperature);
  const batch = sequences(label, { B, P, G });
  const generator = await Generator.create(engine, label, CONFIG, weights, batch, knobs);
  return { weights, generator };
}

/** The same engine, but nothing is ever skipped. */
function unguarded(engine: Engine): Engine {
  const compile = (label: string, calls: readonly Call[]): ReturnType<Engine["compile"]> =>
    engine.compile(
      label,
      calls.map(({ guard: _guard, ...call }) => call),
    );
  return Object.assign(Object.create(engine) as Engine, { compile });
}

/** Prompts of 1 to P tokens. */
function ragged(B: number): number[][] {
  return Array.from({ length: B }, (_, b) =>
    Array.from({ length: 1 + ((b * 5 + 2) % P) }, (_token, i) => 4 + ((7 * b + 3 * i) % (V - 4))),
  );
}

interface Result {
  readonly response: readonly number[];
  readonly logp: readonly number[];
  /** response columns whose keys and values were written, in the caches of all layers */
  readonly columns: readonly number[];
}

async function roll(
  { memory }: Engine,
  generator: Generator,
  prompts: readonly number[][],
  stream: number,
): Promise<Result> {
  const { batch, caches, logp } = generator.run;
  for (const cache of caches) {
    memory.write(cache, new Float32Array(cache.storage.length).fill(SENTINEL));
  }
  generator.queue(prompts, 11, stream);
  const [response, lp, ...kept] = await memory.read([batch.response, logp, ...caches]);
  const columns = new Set<number>();
  for (const cache of kept) {
    cache.forEach((value, i) => {
      const column = Math.floor(i / (2 * CONFIG.width)) % batch.T;
      if (column >= P && value !== SENTINEL) columns.add(column - P);
    });
  }
  return {
    response: [...response!],
    logp: [...lp!],
    columns: [...columns].sort((a, b) => a - b),
  };
}

/** Columns of a row up to and with its EOS. */
function lengthOf(response: readonly number[], b: number): number {
  const end = response.slice(b * G, (b + 1) * G).indexOf(EOS);
  return end < 0 ? G : end + 1;
}

const engines = [
  ["GPU", executor],
  ["CPU", () => CpuEngine.create()],
] as const;

describe.each(engines)("on the %s", (_name, open) => {
  test("once all rows have ended nothing more is computed, and nothing else changes", async () => {
    const engine = await open();
    const B = 5;
    const early = await model(engine, B, 0.5, "early");
    const whole = await model(unguarded(engine), B, 0.5, "whole");
    const longest = new Set<number>();
    for (let stream = 0; stream < 6; stream++) {
      const found = await roll(engine, early.generator, ragged(B), stream);
      const expected = await roll(engine, whole.generator, ragged(B), stream);
      expect(found.response).toEqual(expected.response);
      expect(found.logp).toEqual(expected.logp);
      const lengths = Array.from({ length: B }, (_, b) => lengthOf(found.response, b));
      lengths.forEach((length, b) => {
        const rest = found.response.slice(b * G + length, (b + 1) * G);
        expect(new Set([PAD, ...rest])).toEqual(new Set([PAD]));
      });
      // the last token of the longest answer is never fed
      const most = Math.max(...lengths);
      longest.add(most);
      const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
      expect(found.columns).toEqual(numbers(most - 1));
      expect(expected.columns).toEqual(numbers(G - 1));
    }
    // ends in different columns, and before the last one
    expect(longest.size).toBeGreaterThan(2);
    expect(Math.min(...longest)).toBeLessThan(G);
  });

  test("the next rollout runs in full again", async () => {
    const engine = await open();
    const { generator } = await model(engine, 4, 0.5, "again");
    const first = await roll(engine, generator, ragged(4), 1);
    await roll(engine, generator, ragged(4), 2);
    expect(await roll(engine, generator, ragged(4), 1)).toEqual(first);
  });

  test.each([1, 16, 64])(
    "log-probabilities of %i answers up to the context limit are those of the training forward",
    async (B) => {
      const engine = await open();
      const { weights, generator } = await model(engine, B, 0.1, `forward${String(B)}`);
      const { batch } = generator.run;
      const tape = new Tape({ keep: true });
      const logits = unembed(tape, CONFIG, weights, gpt(tape, CONFIG, weights, batch));
      const forward = await engine.compile("forward", tape.calls);
      // one row at least has no padding: its last position is the last of the table
      const prompts = ragged(B).map((prompt, b) => (b === 0 ? [4, 5, 6, 7, 8, 9] : prompt));
      generator.queue(prompts, 5, B);
      engine.run(forward);
      const [z, tokens, lp] = await engine.memory.read([
        logits,
        batch.response,
        generator.run.logp,
      ]);
      let counted = 0;
      for (let b = 0; b < B; b++) {
        for (let j = 0; j < lengthOf([...tokens!], b); j++) {
          const at = (b * batch.T + P + j - 1) * V;
          const row = [...z!.slice(at, at + V)].map((value, v) =>
            isBanned(BANNED, v) ? -Infinity : value,
          );
          const most = Math.max(...row);
          const total = row.reduce((sum, value) => sum + Math.exp(value - most), 0);
          const expected = row[tokens![b * G + j]!]! - most - Math.log(total);
          expect(Math.abs(lp![b * G + j]! - expected)).toBeLessThan(2e-5);
          counted++;
        }
      }
      expect(counted).toBeGreaterThan(2 * B);
    },
  );
});

test("a rollout is one submit, its answers one read-back, and nothing is created", async () => {
  const { gpu, asked, reset } = countingGpu(await openNodeGpu());
  const engine = new Executor(gpu);
  const { generator } = await model(engine, 4, 0.5);
  await generator.sample(ragged(4), 1);
  for (let stream = 1; stream < 3; stream++) {
    reset();
    generator.queue(ragged(4), 1, stream);
    expect(asked.submits).toHaveLength(1);
    expect(asked.submits[0]).toBeGreaterThan(G);
    await generator.answers();
    const created = { buffers: 0, bindGroups: 0, pipelines: 0, shaders: 0 };
    expect({ ...asked, submits: asked.submits.length }).toEqual({
      ...created,
      writes: 8,
      readBacks: 1,
      submits: 2,
    });
  }
});

const sampledBy: readonly [string, ShownSampling][] = [
  ["top-k 3", { temperature: 1, topK: 3, topP: 1 }],
  ["top-p 0.6", { temperature: 1, topK: 0, topP: 0.6 }],
  ["temperature 0.7, top-k 8 and top-p 0.8", { temperature: 0.7, topK: 8, topP: 0.8 }],
];

test.each(sampledBy)("shown answers on the GPU are those of the references: %s", async (_, by) => {
  const gpu = await executor();
  const cpu = await CpuEngine.create();
  const [on, reference] = [await model(gpu, 8, 0.1, "shown"), await model(cpu, 8, 0.1, "shown")];
  const found = await on.generator.sample(ragged(20), 4, 0, by);
  const expected = await reference.generator.sample(ragged(20), 4, 0, by);
  expect(found.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
  found.forEach(({ logprobs }, i) => {
    logprobs.forEach((value, j) => {
      expect(Math.abs(value - expected[i]!.logprobs[j]!)).toBeLessThan(2e-5);
    });
  });
  expect(found).not.toEqual(await on.generator.sample(ragged(20), 4));
});

test("shown answers change with the settings without a new plan, and rollouts never read them", async () => {
  const engine = await CpuEngine.create();
  const { generator } = await model(engine, 4, 0.1);
  const prompts = ragged(4);
  const full = await generator.sample(prompts, 9);
  const before = engine.compiledPlans();
  for (const { kernel, bindings } of before.flatMap(({ calls }) => calls)) {
    expect(kernel.name).not.toBe("draw_truncated");
    expect(Object.values(bindings).map(({ name }) => name)).not.toContain("model.sampling");
  }
  const greedy = await generator.sample(prompts, 9, 0, { temperature: 0, topK: 0, topP: 1 });
  const count = engine.compiledPlans().length;
  expect(count).toBe(before.length + 2);
  const one = await generator.sample(prompts, 5, 3, { temperature: 2, topK: 1, topP: 1 });
  expect(one.map(({ tokens }) => tokens)).toEqual(greedy.map(({ tokens }) => tokens));
  expect(engine.compiledPlans()).toHaveLength(count);
  expect(await generator.sample(prompts, 9)).toEqual(full);
});

test.each([
  [
    { temperature: -1, topK: 0, topP: 1 },
    "a temperature of -1, expected 0 (the most likely token) or more",
  ],
  [
    { temperature: NaN, topK: 0, topP: 1 },
    "a temperature of NaN, expected 0 (the most likely token) or more",
  ],
  [
    { temperature: 1, topK: 2.5, topP: 1 },
    "a top-k of 2.5, expected a whole number of tokens, 0 for all",
  ],
  [{ temperature: 1, topK: 0, topP: 0 }, "a top-p of 0, expected a share above 0, 1 for all"],
  [{ temperature: 1, topK: 0, topP: 1.1 }, "a top-p of 1.1, expected a share above 0, 1 for all"],
])("%o cannot be sampled with", (by, sentence) => {
  expect(() => samplingValues(by)).toThrow(`sampling: ${sentence}; nothing was sampled.`);
});

test("prompts and answers that are longer than the context are refused", async () => {
  const engine = await CpuEngine.create();
  const weights = layOut("long", gptSpecs(CONFIG), false);
  const batch = sequences("long", { B: 2, P, G: G + 1 });
  await expect(
    Generator.create(engine, "long", CONFIG, weights, batch, persistent("k", [KNOB_COUNT])),
  ).rejects.toThrow(
    "rollout: prompts of 6 and answers of 15 tokens, expected at most the context of 20 together",
  );
});
