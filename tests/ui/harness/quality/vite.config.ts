// Builds the quality components' page: `vite build --config` this file.
import { fileURLToPath } from "node:url";
import { mergeConfig } from "vite";
import base from "../../../../vite.config.ts";

export default mergeConfig(base, {
  root: fileURLToPath(new URL(".", import.meta.url)),
  publicDir: false,
  logLevel: "error",
  build: {
    outDir: process.env["HARNESS_OUT"] ?? "dist-harness",
    emptyOutDir: true,
    sourcemap: false,
  },
});
