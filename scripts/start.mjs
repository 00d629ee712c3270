// npm start: installs if needed, builds if stale, serves the page on localhost.
import { serve } from "./serve.mjs";
import { DIST, SetupError, ensureBuild, ensureDependencies, runMain } from "./setup.mjs";

const USAGE = "npm start -- [--port N]";
const DEFAULT_PORT = 4173;

/**
 * @param {readonly string[]} args
 * @returns {{ port: number } | { error: string }}
 */
function parse(args) {
  let port = DEFAULT_PORT;
  for (let i = 0; i < args.length; i++) {
    const [, name, inline] = /^(--[^=]+)(?:=(.*))?$/s.exec(args[i] ?? "") ?? [];
    if (name !== "--port") return { error: `unknown option "${args[i]}"` };
    const value = inline ?? args[++i] ?? "";
    port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
    if (port < 1 || port > 65535)
      return { error: `--port needs a number from 1 to 65535, got "${value}"` };
  }
  return { port };
}

/** @param {number} port */
async function listen(port) {
  try {
    return await serve(DIST, { port });
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const other = `choose another: npm start -- --port ${port === 65535 ? port - 1 : port + 1}`;
    if (code === "EADDRINUSE") throw new SetupError(`port ${port} is already in use; ${other}`);
    if (code === "EACCES") throw new SetupError(`port ${port} is not allowed here; ${other}`);
    throw new SetupError(`port ${port} cannot be opened: ${message}`);
  }
}

await runMain("start", async () => {
  const options = parse(process.argv.slice(2));
  if ("error" in options) {
    console.error(`start: ${options.error}; expected: ${USAGE}`);
    return 2;
  }
  ensureDependencies();
  ensureBuild();
  const server = await listen(options.port);
  console.log(`Nudge is at ${server.url} (Ctrl+C stops it)`);
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => void server.close().then(() => process.exit(0)));
  return undefined;
});
