// Run configuration in the address: round trips, clamping, and notices instead of errors.
import { describe, expect, test } from "vitest";
import { DEFAULTS, PARAMETERS } from "../../src/config.ts";
import { CHOICES, defaultsOf, RECIPE } from "../../src/state/methods.ts";
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
    expect(decodeConfig(hash)).toEqual({ config, recipe: RECIPE, engine: null, notices: [] });
  });
});

describe("the method", () => {
  test.each(CHOICES)("%s and its settings come back", (choice) => {
    const settings = { answers: 8, dpoKind: "ipo", dpoBeta: 0.25, draws: 32 } as const;
    const recipe = { ...RECIPE, ...settings, choice, labelSmoothing: 0.15 };
    const config = { ...defaultsOf(choice), seed: 9 };
    const decoded = decodeConfig(encodeConfig(config, null, recipe));
    expect(decoded).toEqual({ config, recipe, engine: null, notices: [] });
  });

  test("its own defaults need no words in the address", () => {
    const recipe = { ...RECIPE, choice: "dpo" } as const;
    expect(encodeConfig(defaultsOf("dpo"), null, recipe)).toBe("#/?v=1&method=dpo");
    expect(decodeConfig("#/?method=dpo").config.learningRate).toBe(1e-4);
  });

  test("what it cannot be is told", () => {
    const { recipe, notices } = decodeConfig("#/?method=kto&dpoKind=x&labelSmoothing=2&answers=5");
    expect(recipe).toEqual({ ...RECIPE, labelSmoothing: 0.45 });
    expect(notices).toEqual([
      expect.stringContaining(
        'found "kto"; expected ppo, dpo, grpo, rloo, best-of-n. ppo is used.',
      ),
      expect.stringContaining('found "x"; expected sigmoid, ipo, hinge. sigmoid is used.'),
      expect.stringContaining('found "2"; expected 0 to 0.45. 0.45 is used.'),
      expect.stringContaining("5 do not divide the 64 answers per step. 4 are used."),
    ]);
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
