// Runs a TypeScript entry of this project in Node through Vite's module runner.
import { fileURLToPath } from "node:url";
import { createServer, createServerModuleRunner } from "vite";
import { useAdapter } from "./adapter-env.mjs";

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  console.error("run: no entry given; expected: node scripts/run.mjs scripts/<name>.ts [options]");
  process.exit(2);
}
useAdapter();
const root = fileURLToPath(new URL("..", import.meta.url));
const server = await createServer({
  root,
  configFile: false,
  appType: "custom",
  logLevel: "error",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
let code;
try {
  const runner = createServerModuleRunner(server.environments.ssr, { hmr: false });
  const module = /** @type {{ main: (args: string[]) => Promise<number> | number }} */ (
    await runner.import(`/${entry}`)
  );
  code = await module.main(args);
} finally {
  await server.close();
}
// Dawn keeps worker threads alive, so the process is ended explicitly.
process.exit(code);
