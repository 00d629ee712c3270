// Run configuration in the address: round trips, clamping, and notices instead of errors.
import { describe, expect, test } from "vitest";
import { DEFAULTS, PARAMETERS } from "../../src/config.ts";
import { decodeConfig, encodeConfig } from "../../src/state/url-codec.ts";

test("a batch that does not split evenly is rounded, with a sentence", () => {
  const { config, notices } = decodeConfig("#/?v=1&batch=12&minibatches=3");
  expect(config.batch).toBe(24);
  expect(notices).toHaveLength(1);
  expect(decodeConfig("#/?v=1&batch=5&minibatches=1").config.batch).toBe(5);
});

test("the engine is read, kept and checked", () => {
  expect(decodeConfig("#/?v=1&engine=cpu").engine).toBe("cpu");
  expect(encodeConfig(DEFAULTS, "gpu")).toBe("#/?v=1&engine=gpu");
  const { engine, notices } = decodeConfig("#/?v=1&engine=tpu");
  expect(engine).toBeNull();
  expect(notices[0]).toMatch(/found "tpu"; expected auto, gpu, cpu/);
});

describe("encode", () => {
  test("defaults need no hash", () => expect(encodeConfig(DEFAULTS)).toBe(""));

  test("only what differs is written", () => {
    expect(encodeConfig({ ...DEFAULTS, seed: 7 })).toBe("#/?v=1&seed=7");
  });

  test("every setting comes back, and the link stays short", () => {
    const extreme = Object.fromEntries(PARAMETERS.map(({ name, max }) => [name, max]));
    const config = { ...DEFAULTS, ...extreme };
    const hash = encodeConfig(config);
    expect(hash.length).toBeLessThan(2000);
    expect(decodeConfig(hash)).toEqual({ config, engine: null, notices: [] });
  });
});

describe("decode", () => {
  test("out of range is clamped, with a sentence", () => {
    const { config, notices } = decodeConfig("#/?klCoefficient=99");
    expect(config.klCoefficient).toBe(2);
    expect(notices[0]).toContain("expected 0 to 2");
  });

  test("what is no number gives the default", () => {
    const { config, notices } = decodeConfig("#/?batch=lots&seed=");
    expect(config).toEqual(DEFAULTS);
    expect(notices).toHaveLength(2);
  });

  test("structural settings are whole numbers", () => {
    expect(decodeConfig("#/?iterations=12.6").config.iterations).toBe(13);
  });

  test("unknown keys are ignored with a notice that shows no control characters", () => {
    const { config, notices } = decodeConfig("#/?evil%0a%e2%80%aekey=1&__proto__=2");
    expect(config).toEqual(DEFAULTS);
    expect(notices).toHaveLength(2);
    expect(notices[0]).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(({} as Record<string, unknown>)["key"]).toBeUndefined();
  });

  test("an endless address is not read", () => {
    const { config, notices } = decodeConfig(`#/?seed=${"1".repeat(5000)}`);
    expect(config).toEqual(DEFAULTS);
    expect(notices[0]).toContain("at most 2000");
  });
});
