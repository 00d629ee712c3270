// Builds the page with the test double in place of the worker's client: `vite build --config` this file.
import { fileURLToPath } from "node:url";
import { mergeConfig } from "vite";
import base from "../../../vite.config.ts";
import { FIRST_PROMPT } from "./first-prompt.ts";
import { RECORDED_RUN } from "./recorded-run.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const CLIENT = here("../../../src/workers/client.ts");

export default mergeConfig(base, {
  root: here("../../.."),
  build: {
    outDir: process.env["HARNESS_OUT"] ?? "dist-harness",
    emptyOutDir: true,
    sourcemap: false,
  },
  plugins: [
    {
      name: "harness",
      enforce: "pre",
      async resolveId(
        this: { resolve(s: string, i?: string, o?: object): Promise<{ id: string } | null> },
        source: string,
        importer?: string,
      ) {
        if (!source.endsWith("workers/client.ts")) return null;
        const found = await this.resolve(source, importer, { skipSelf: true });
        return found?.id === CLIENT ? here("./fake-trainer.ts") : null;
      },
      generateBundle(this: { emitFile(file: object): void }) {
        const files = { "first-prompt.json": FIRST_PROMPT, "recorded-run.json": RECORDED_RUN };
        for (const [fileName, content] of Object.entries(files)) {
          this.emitFile({ type: "asset", fileName, source: JSON.stringify(content) });
        }
      },
    },
  ],
});
