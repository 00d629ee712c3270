// Two test projects: "node" (all but the browser, Dawn on the chosen adapter) and "browser".
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { useAdapter } from "./scripts/adapter-env.mjs";

// Set here because the forked test processes inherit this environment.
useAdapter();

export default defineConfig({
  test: {
    projects: [
      {
        // Stores are compiled and Svelte is loaded as in the page, so that runes are live in tests.
        plugins: [svelte({ dynamicCompileOptions: () => ({ generate: "client" }) })],
        ssr: { resolve: { conditions: ["browser", "module", "node", "development"] } },
        test: {
          server: { deps: { inline: [/^svelte$/, /\/node_modules\/svelte\//] } },
          name: "node",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/browser/**"],
          environment: "node",
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          globalSetup: "tests/browser/support/build.ts",
          environment: "node",
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 }, // after "node"
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
