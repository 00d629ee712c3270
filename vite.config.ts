// The production build: relative base, nothing inlined, module workers, as the strict CSP needs.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { metaPolicy } from "./scripts/headers.mjs";

export default defineConfig({
  base: "./",
  plugins: [
    svelte(),
    {
      // Hosts that cannot send headers (course pages, GitHub Pages) still get the policy.
      name: "nudge:meta-csp",
      apply: "build",
      transformIndexHtml: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: metaPolicy() },
          injectTo: "head-prepend",
        },
      ],
    },
  ],
  worker: { format: "es", rolldownOptions: { checks: { bundlerTimings: false } } },
  build: {
    target: "es2023",
    // A data: URL would need img-src or script-src exceptions; a file needs none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    reportCompressedSize: false,
    // A report on the bundler's own time says nothing about the page.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
