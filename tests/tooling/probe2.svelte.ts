import type { C } from "./probe.svelte.ts";
export function watch(c: C, seen: number[]) { return $effect.root(() => { $effect(() => { seen.push(c.n); }); }); }
