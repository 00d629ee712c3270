// The production headers, in one place: the server, public/_headers and the meta policy use them.
// Run by itself it writes public/_headers: node scripts/headers.mjs
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Content-Security-Policy, directive by directive.
 * Not "frame-ancestors 'none'" and no COEP: course pages embed the playground, and nobody is
 * logged in. connect-src 'self' because weights and recordings are fetched from the same place.
 * 'wasm-unsafe-eval' lets the CPU engine's kernels be compiled, and no script from a string.
 * The sandbox leaves out allow-popups: a page that was made to open a window could carry data out.
 */
const POLICY = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "style-src": "'self'",
  "worker-src": "'self'",
  "img-src": "'self' data: blob:",
  "font-src": "'self'",
  "manifest-src": "'self'",
  "connect-src": "'self'",
  "object-src": "'none'",
  "form-action": "'none'",
  "base-uri": "'none'",
  "frame-ancestors": "*",
  "require-trusted-types-for": "'script'",
  "trusted-types": "svelte-trusted-html app-worker",
  sandbox: "allow-scripts allow-same-origin allow-downloads allow-modals allow-forms",
};
/** Directives that browsers ignore, with a console warning, in a meta element. */
const HEADER_ONLY = ["frame-ancestors", "sandbox"];

/** @param {readonly string[]} without directives left out */
function policy(without) {
  return Object.entries(POLICY)
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}

/** The policy for a meta element, for hosts that send no headers of ours. */
export function metaPolicy() {
  return policy(HEADER_ONLY);
}

/** Sent with every response. @type {Readonly<Record<string, string>>} */
export const PRODUCTION_HEADERS = {
  "Content-Security-Policy": policy([]),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), serial=(), bluetooth=()",
};

/** Files under assets/ carry a hash of their content in the name; everything else may change. */
export const CACHE = {
  hashed: "public, max-age=31536000, immutable",
  other: "no-cache",
};

/**
 * The same set in the form that Netlify and Cloudflare Pages read. Both revalidate by default, so
 * only the hashed files are named; a second Cache-Control would be appended, not replaced.
 */
export function headersFile() {
  const lines = Object.entries(PRODUCTION_HEADERS).map(([name, value]) => `  ${name}: ${value}`);
  return ["/*", ...lines, "/assets/*", `  Cache-Control: ${CACHE.hashed}`, ""].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../public/_headers", import.meta.url), headersFile());
}
