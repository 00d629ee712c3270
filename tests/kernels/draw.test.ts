// Drawing tokens on the GPU: the distribution, repeatability, the end of a response and banned tokens.
import { beforeAll, describe, expect, test } from "vitest";
import { DECODE_STATE } from "../../src/kernels/decode.ts";
import { draw } from "../../src/kernels/draw.ts";
import { drawTruncated } from "../../src/kernels/draw-truncated.ts";
import { SAMPLING } from "../../src/kernels/sample.ts";
import { KNOBS, KNOB_COUNT } from "../../src/kernels/knobs.ts";
import { Tape } from "../../src/plan/tape.ts";
import { persistent } from "../../src/plan/tensor.ts";
import type { Executor } from "../../src/gpu/executor.ts";
import { executor } from "../support/gpu.ts";

const B = 4096;
const V = 10;
const G = 3;
const PAD = 0;
const EOS = 1;
const BANNED = 0b101;
const ALLOWED = [1, 3, 4, 5, 6, 7, 8, 9];
const LOGITS = [9, 0.5, 9, 1.5, -1, 0, 0.3, -0.7, 1, 0.1];
const TEMPERATURE = 0.8;
/** Upper 0.1 % of chi-square with 7 degrees of freedom. */
const CHI_SQUARE = 24.3;

let gpu: Executor;
beforeAll(async () => {
  gpu = await executor();
});

interface Drawn {
  readonly tokens: readonly number[];
  readonly logp: readonly number[];
}

/** Draws response token `drawn` of B equal rows; row b was fed `before(b)`. */
async function drawAll(
  { seed = 1, stream = 0, drawn = 0, sampling = undefined as readonly number[] | undefined } = {},
  before: (b: number) => number = () => 5,
): Promise<Drawn> {
  const tape = new Tape({ keep: true });
  const u32 = (name: string, shape: number[]) => persistent(name, shape, "u32");
  const logits = persistent("logits", [B, V]);
  const state = u32("state", [DECODE_STATE.size]);
  const knobs = persistent("knobs", [KNOB_COUNT]);
  const current = u32("current", [B]);
  const response = u32("response", [B, G]);
  const logp = persistent("logp", [B, G]);
  const [positions, place] = [u32("positions", [B, G]), u32("place", [B])];
  const { memory } = gpu;
  memory.write(
    logits,
    Float32Array.from({ length: B * V }, (_, i) => LOGITS[i % V]!),
  );
  memory.write(state, [0, drawn, seed, stream]);
  memory.write(knobs, [TEMPERATURE], KNOBS.temperature);
  memory.write(
    current,
    Uint32Array.from({ length: B }, (_, b) => before(b)),
  );
  const tensors = { logits, state, positions, response, logp, current, place };
  if (sampling === undefined) draw(tape, tensors, knobs, { EOS, PAD, BANNED });
  else {
    const settings = persistent("sampling", [SAMPLING.size]);
    memory.write(settings, sampling);
    drawTruncated(tape, tensors, settings, { EOS, PAD, BANNED });
  }
  gpu.run(await gpu.compile("draw", tape.calls));
  const [all, logps] = await memory.read([response, logp]);
  const column = (values: ArrayLike<number>): number[] =>
    Array.from({ length: B }, (_, b) => values[b * G + drawn]!);
  return { tokens: column(all!), logp: column(logps!) };
}

const weights = ALLOWED.map((v) => Math.exp(LOGITS[v]! / TEMPERATURE));
const total = weights.reduce((sum, weight) => sum + weight, 0);

function chiSquare(tokens: readonly number[], among: readonly number[] = ALLOWED): number {
  const weight = (v: number): number => weights[ALLOWED.indexOf(v)]!;
  const mass = among.reduce((sum, v) => sum + weight(v), 0);
  return among.reduce((sum, v) => {
    const expected = (tokens.length * weight(v)) / mass;
    const seen = tokens.filter((token) => token === v).length;
    return sum + (seen - expected) ** 2 / expected;
  }, 0);
}

describe("draw", () => {
  test("follows the softmax at the temperature, over rows and over tokens", async () => {
    for (const drawn of [0, 2]) {
      const { tokens, logp } = await drawAll({ seed: 7, drawn });
      expect(chiSquare(tokens)).toBeLessThan(CHI_SQUARE);
      tokens.forEach((token, b) => {
        const expected = Math.log(weights[ALLOWED.indexOf(token)]! / total);
        expect(Math.abs(logp[b]! - expected)).toBeLessThan(1e-5);
      });
    }
  });

  test("never draws a banned token, however likely it is", async () => {
    const { tokens } = await drawAll({ seed: 3 });
    expect(tokens.every((token) => ALLOWED.includes(token))).toBe(true);
  });

  test("repeats itself for a seed and a stream, and only then", async () => {
    const { tokens } = await drawAll({ seed: 5, stream: 2 });
    expect((await drawAll({ seed: 5, stream: 2 })).tokens).toEqual(tokens);
    const share = (others: readonly number[]): number =>
      others.filter((token, b) => token === tokens[b]).length / B;
    // independent draws agree with the sum of squared probabilities
    const chance = weights.reduce((sum, weight) => sum + (weight / total) ** 2, 0);
    for (const change of [
      { seed: 6, stream: 2 },
      { seed: 5, stream: 3 },
    ]) {
      const { tokens: others } = await drawAll(change);
      expect(Math.abs(share(others) - chance)).toBeLessThan(0.03);
    }
  });

  test("writes padding with log-probability 0 after the end of a response", async () => {
    const { tokens, logp } = await drawAll({ seed: 9 }, (b) => [5, EOS, PAD][b % 3]!);
    tokens.forEach((token, b) => {
      if (b % 3 === 0) expect(token).not.toBe(PAD);
      else expect([token, logp[b]]).toEqual([PAD, 0]);
    });
  });

  // most likely first: 3, 8, 1, 6, 9, 5, 7, 4; the first three have 0.72 of the probability, the first four 0.83
  test.each([
    ["top-k 3", [TEMPERATURE, 3, 1], [3, 8, 1]],
    ["top-p 0.8", [TEMPERATURE, 0, 0.8], [3, 8, 1, 6]],
    ["top-p 0.7", [TEMPERATURE, 0, 0.7], [3, 8, 1]],
    ["top-k 3, then top-p 0.8 of it", [TEMPERATURE, 3, 0.8], [3, 8]],
  ])("draws the kept tokens as often as their shares: %s", async (_name, sampling, among) => {
    const { tokens, logp } = await drawAll({ seed: 11, sampling });
    expect(new Set(tokens)).toEqual(new Set(among));
    // the bound is for more degrees of freedom than there are
    expect(chiSquare(tokens, among)).toBeLessThan(CHI_SQUARE);
    tokens.forEach((token, b) => {
      const expected = Math.log(weights[ALLOWED.indexOf(token)]! / total);
      expect(Math.abs(logp[b]! - expected)).toBeLessThan(1e-5);
    });
  });

  test("with everything kept the dice give the same tokens with and without truncation", async () => {
    const plain = await drawAll({ seed: 13 });
    const kept = await drawAll({ seed: 13, sampling: [TEMPERATURE, 0, 1] });
    expect(kept.tokens).toEqual(plain.tokens);
  });
});
