// The kernels page without a browser: the tokenizer, places in the address, and the store against the test double.
import { beforeEach, describe, expect, test, vi } from "vitest";
import { DEFAULTS } from "../../src/config.ts";
import { shaderNames, shaderSource } from "../../src/gpu/shader.ts";
import { Announcer } from "../../src/state/announcer.svelte.ts";
import { grouped, groupOf } from "../../src/state/kernel-groups.ts";
import { callsOf, Kernels, verdictOf } from "../../src/state/kernels.svelte.ts";
import { hashOf, placeOf } from "../../src/state/route.svelte.ts";
import { Trainer } from "../../src/state/trainer.svelte.ts";
import { meaningsOf, piecesOf, workgroupSizeOf } from "../../src/state/wgsl.ts";
import { connectTrainer } from "./harness/fake-trainer.ts";
import { REPORT, SOURCE } from "./harness/kernel-report.ts";

vi.mock("../../src/state/gpu-cause.ts", () => ({ findGpuCause: () => Promise.resolve(null) }));

describe("WGSL in pieces", () => {
  const of = (kind: string): string[] =>
    piecesOf(SOURCE).flatMap((piece) => (piece.kind === kind ? [piece.text] : []));

  test("keywords, types, attributes, numbers, comments and calls", () => {
    expect(of("keyword")).toEqual(
      "const const var storage read var storage read_write fn if return".split(" "),
    );
    expect(of("type")).toEqual(["u32", "u32", "array", "f32", "array", "f32", "vec3u"]);
    expect(of("attribute")).toContain("@workgroup_size");
    expect(of("number")).toEqual(["4u", "4u", "0", "0", "0", "1", "64", "0.5e-3"]);
    expect(of("comment").at(-1)).toBe("/* not\n  a product */");
    expect(of("call")).toEqual(["main", "max"]);
  });

  test("of every shader, the pieces are the source again, and none is left without colour", () => {
    for (const name of shaderNames()) {
      const pieces = piecesOf(shaderSource(name));
      expect(pieces.map(({ text }) => text).join(""), name).toBe(shaderSource(name));
      expect(new Set(pieces.map(({ kind }) => kind)).size, name).toBeGreaterThanOrEqual(6);
    }
  });

  test("an unfinished comment and foreign letters end nothing", () => {
    const text = "/* open ∑ 𝛼 @";
    expect(piecesOf(text)).toEqual([{ kind: "comment", text }]);
    expect(piecesOf("𝛼 = 1.;")[1]).toEqual({ kind: "number", text: "1." });
  });

  test("meanings of constants, and the size of a workgroup", () => {
    expect(meaningsOf(SOURCE)).toEqual(new Map([["M", "rows"], ["N", "columns"]])); // prettier-ignore
    expect(workgroupSizeOf(SOURCE)).toBe(64);
    expect(workgroupSizeOf("const L: u32 = 16u;\n@workgroup_size(L, 4)")).toBe(64);
    expect(workgroupSizeOf("fn main() {}")).toBeNull();
  });
});

describe("places", () => {
  test.each([
    ["", { page: "play", station: "rank" }],
    ["#/?v=1&seed=7", { page: "play", station: "rank" }],
    ["#/taste?v=1", { page: "play", station: "taste" }],
    ["#/tasted", { page: "play", station: "rank" }],
    ["#/kernels", { page: "kernels", kernel: null, plans: false }],
    ["#/kernels/plans?v=1", { page: "kernels", kernel: null, plans: true }],
    ["#/kernels/matmul?v=1&seed=7", { page: "kernels", kernel: "matmul", plans: false }],
    ["#/kernels/<b>", { page: "kernels", kernel: null, plans: false }],
  ] as const)("%s", (hash, place) => {
    expect(placeOf(hash)).toEqual(place);
    expect(placeOf(hashOf(place, "#/?v=1&seed=7"))).toEqual(place);
  });

  test("the query stays", () => {
    const place = { page: "kernels", kernel: "rope", plans: false } as const;
    expect(hashOf(place, "#/?v=1&seed=7")).toBe("#/kernels/rope?v=1&seed=7");
    expect(hashOf({ page: "play", station: "rank" })).toBe("#/");
    expect(hashOf({ page: "play", station: "show" }, "#/?v=1&seed=7")).toBe("#/show?v=1&seed=7");
  });
});

test("every shader has a group, and groups hold all", () => {
  const items = shaderNames().map((name) => ({ name }));
  const groups = grouped(items);
  expect(groups.flatMap((group) => group.items)).toHaveLength(items.length);
  expect(groupOf("attention_backward_key")).toBe("Attention");
  expect(groupOf("softmax_parts")).toBe("Losses");
});

describe("the store", () => {
  let busy = false;
  let trainer: Trainer;
  let kernels: Kernels;
  let announcer: Announcer;
  beforeEach(async () => {
    busy = false;
    announcer = new Announcer();
    trainer = new Trainer(() => Promise.resolve(connectTrainer()));
    kernels = new Kernels(trainer, announcer, () => busy);
  });

  test("before the model is open it says so, and asks nothing", async () => {
    await kernels.check(REPORT.kernels);
    expect(kernels.hindrance).toBe("The model is not loaded.");
    expect(kernels.checks.size).toBe(0);
  });

  test("checks what plans call, and tells what is wrong", async () => {
    await trainer.open(DEFAULTS);
    await kernels.open();
    await kernels.check(REPORT.kernels);
    expect([...kernels.checks.keys()]).toEqual(["adamw", "matmul"]);
    expect(verdictOf(kernels.checks.get("matmul"))).toBe("wrong");
    expect(verdictOf(kernels.checks.get("adamw"))).toBe("right");
    expect(announcer.polite).toBe("1 of 2 kernels checked are right.");
    expect(kernels.job).toBeNull();
  });

  test("times the plan on show; a run in progress forbids it", async () => {
    await trainer.open(DEFAULTS);
    await kernels.open();
    expect(kernels.plan).toBe("policy decode");
    busy = true;
    await kernels.measurePlan();
    expect(kernels.hindrance).toMatch(/pause it first/);
    expect(kernels.measure).toBeNull();
    busy = false;
    await kernels.measurePlan();
    expect(kernels.time("matmul")?.milliseconds).toBe(2);
    expect(kernels.time("rope")).toBeNull();
  });

  test("tuning can be stopped, and drops times of programs no longer in use", async () => {
    await trainer.open(DEFAULTS);
    await kernels.open();
    await kernels.measurePlan();
    const tuned = kernels.tune();
    await vi.waitFor(() => expect(kernels.job?.done).toBeGreaterThan(1));
    kernels.stop();
    await tuned;
    expect(announcer.polite).toMatch(/left as they were/);
    expect(kernels.measure).toBeNull();
  });

  test("a failure is a sentence", async () => {
    const { api } = connectTrainer();
    api.kernels.check = () => Promise.reject(new Error("Kernels: the device was lost."));
    trainer = new Trainer(() => Promise.resolve({ api, close: () => undefined }));
    kernels = new Kernels(trainer, announcer, () => busy);
    await trainer.open(DEFAULTS);
    await kernels.check(REPORT.kernels);
    expect(kernels.failure).toBe("Kernels: the device was lost.");
    expect(kernels.job).toBeNull();
  });
});

test("calls are counted over shapes and plans", () => {
  expect(callsOf(REPORT.kernels[1]?.shapes ?? [])).toBe(6);
});
