// Which engine the worker picks for every machine: the wish, the four causes, and the software adapter.
import { expect, test } from "vitest";
import { pickEngine } from "../../src/workers/engine.ts";

const INFO = { vendor: "acme", architecture: "one", description: "", isFallbackAdapter: false };

/** An entry point whose only adapter is this one. */
function entry(adapter: object | null): GPU {
  return { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
}

/** An adapter whose device works as far as choosing goes; `destroyed` counts what was given back. */
function adapter(info: object) {
  const given = { destroyed: 0 };
  const device = Object.assign(new EventTarget(), {
    limits: {},
    features: new Set(),
    lost: new Promise(() => undefined),
    destroy: () => given.destroyed++,
  });
  const found = {
    info: { ...INFO, ...info },
    features: new Set(),
    limits: {},
    requestDevice: () => Promise.resolve(device),
  };
  return { given, found, device };
}

test.each([
  ["insecure", entry(null), false],
  ["unsupported", undefined, true],
  ["no-adapter", entry(null), true],
  [
    "no-device",
    entry({ ...adapter({}).found, requestDevice: () => Promise.reject(new Error("held")) }),
    true,
  ],
] as const)("%s: the CPU, with the cause", async (cause, gpu, secure) => {
  for (const wish of ["auto", "gpu"] as const) {
    const { kind, note } = await pickEngine(gpu, secure, wish);
    expect(kind).toBe("cpu");
    expect(note?.cause).toBe(cause);
    expect(note?.sentence).toMatch(/\.$|held/);
  }
});

test("a software adapter is used only when it was asked for", async () => {
  const { given, found } = adapter({ description: "SwiftShader Device" });
  const picked = await pickEngine(entry(found), true, "auto");
  expect(picked).toMatchObject({ kind: "cpu", note: { cause: "software" } });
  expect(given.destroyed).toBe(1);
});

test("who chose the CPU is not told why not the GPU", async () => {
  const picked = await pickEngine(entry(adapter({}).found), true, "cpu");
  expect(picked.kind).toBe("cpu");
  expect(picked.note).toBeUndefined();
});

test("a command that the device refuses ends the engine's good standing, in words for a sentence", async () => {
  const { found, device } = adapter({});
  const { kind, lost } = await pickEngine(entry(found), true, "gpu");
  expect(kind).toBe("gpu");
  device.dispatchEvent(Object.assign(new Event("uncapturederror"), { error: { message: "no" } }));
  expect(await lost).toBe("The GPU refused a command (no)");
});
