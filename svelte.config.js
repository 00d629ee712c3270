// Svelte: runes everywhere, no preprocessing beyond what TypeScript needs.
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  compilerOptions: { runes: true },
  preprocess: vitePreprocess({ style: false }),
};
