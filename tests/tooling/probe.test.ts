import { flushSync } from "svelte";
import { expect, it } from "vitest";
import { C } from "./probe.svelte.ts";
import { create } from "webgpu";
import { watch } from "./probe2.svelte.ts";
it("runes", () => { const c = new C(); const seen: number[]=[]; const stop = watch(c, seen); flushSync(); c.n=5; flushSync(); expect(c.d).toBe(10); expect(seen).toEqual([1,5]); stop(); });
it("gpu", async () => { const g = create([]); const a = await g.requestAdapter(); console.log(a?.info?.description, process.env.VK_DRIVER_FILES); expect(a).toBeTruthy(); });
