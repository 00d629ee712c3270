// A static file server with the production headers, on this machine only; Node's own modules.
import { createReadStream } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { CACHE, PRODUCTION_HEADERS } from "./headers.mjs";

/** @type {Readonly<Record<string, string>>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/jsonl; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".wgsl": "text/wgsl; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".safetensors": "application/octet-stream",
};
const COMPRESSIBLE = /^text\/|json|svg/;
const gzipped = promisify(gzip);

/**
 * The file that a request path names, or undefined if there is none inside the root.
 * @param {string} root a real path
 * @param {string} path as in the request line, without the query
 */
async function resolveFile(root, path) {
  let name;
  try {
    name = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (!name.startsWith("/") || /[\0\\]|(^|\/)\./.test(name)) return undefined;
  // The real path is compared, so that neither ".." nor a link leads out.
  const file = await realpath(join(root, name === "/" ? "index.html" : name)).catch(() => "");
  if (!file.startsWith(root + sep)) return undefined;
  const info = await stat(file);
  return info.isFile()
    ? { file, size: info.size, etag: `"${info.mtimeMs}-${info.size}"` }
    : undefined;
}

/**
 * @param {string} root
 * @param {Record<string, string>} headers
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
async function answer(root, headers, request, response) {
  /** @param {number} status @param {string} text @param {Record<string, string>} [extra] */
  const refuse = (status, text, extra = {}) => {
    response.writeHead(status, { ...headers, "Content-Type": TYPES[".txt"], ...extra });
    response.end(`${text}\n`);
  };
  if (request.method !== "GET" && request.method !== "HEAD") {
    refuse(405, "Only GET and HEAD.", { Allow: "GET, HEAD" });
    return;
  }
  const path = (request.url ?? "/").replace(/[?#].*$/, "");
  const found = await resolveFile(root, path);
  if (!found) {
    refuse(404, "There is no such file.");
    return;
  }

  const type = TYPES[extname(found.file).toLowerCase()] ?? "application/octet-stream";
  const hashed = found.file.startsWith(join(root, "assets") + sep);
  const compress =
    COMPRESSIBLE.test(type) &&
    /\bgzip\b/.test(request.headers["accept-encoding"]?.toString() ?? "");
  /** @type {Record<string, string | number>} */
  const sent = {
    ...headers,
    "Content-Type": type,
    "Cache-Control": hashed ? CACHE.hashed : CACHE.other,
    ETag: compress ? found.etag.replace(/"$/, '-gz"') : found.etag,
    Vary: "Accept-Encoding",
  };
  if (request.headers["if-none-match"] === sent["ETag"]) {
    response.writeHead(304, sent).end();
  } else if (compress) {
    const body = await gzipped(await readFile(found.file));
    response.writeHead(200, { ...sent, "Content-Encoding": "gzip", "Content-Length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
  } else {
    response.writeHead(200, { ...sent, "Content-Length": found.size });
    if (request.method === "HEAD") response.end();
    else
      createReadStream(found.file)
        .on("error", () => response.destroy())
        .pipe(response);
  }
}

/**
 * Serves a folder on the loopback addresses.
 * @param {string} folder
 * @param {object} [options]
 * @param {number} [options.port] 0 (the default) takes a free one
 * @param {Readonly<Record<string, string>>} [options.headers] sent with every response
 * @param {(path: string) => void} [options.onRequest] called with the path of every request
 * @returns {Promise<{ url: string, port: number, close: () => Promise<void> }>}
 * Rejects with Node's error: code EADDRINUSE if the port is taken, EACCES if it may not be used.
 */
export async function serve(folder, options = {}) {
  const { port = 0, headers = PRODUCTION_HEADERS, onRequest } = options;
  const root = await realpath(folder);
  const start = (/** @type {string} */ host, /** @type {number} */ at) => {
    const server = createServer((request, response) => {
      onRequest?.(request.url ?? "/");
      answer(root, headers, request, response).catch(() => response.destroy());
    });
    return new Promise((/** @type {(value: typeof server) => void} */ resolve, reject) => {
      server.once("error", reject);
      server.listen(at, host, () => resolve(server));
    });
  };
  const servers = [await start("127.0.0.1", port)];
  const address = servers[0]?.address();
  const bound = typeof address === "object" && address ? address.port : port;
  const close = async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };
  if (port === 0) return { url: `http://127.0.0.1:${bound}/`, port: bound, close };
  try {
    // "localhost" may mean the IPv6 loopback first; a machine without IPv6 needs no second server.
    servers.push(await start("::1", bound));
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "EADDRNOTAVAIL" && code !== "EAFNOSUPPORT") {
      await close();
      throw error;
    }
  }
  return { url: `http://localhost:${bound}/`, port: bound, close };
}
