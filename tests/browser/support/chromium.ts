// Headless Chromium on SwiftShader's WebGPU, and pages that record what went wrong in them.
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { findChromium } from "../../../scripts/system.mjs";

const QUIET = [
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const ADAPTERS = {
  /** WebGPU on the CPU. */
  swiftshader: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  /** navigator.gpu exists, requestAdapter() gives null. */
  none: ["--disable-gpu"],
};

/** Launches Debian's Chromium; throws if there is none. */
export async function launchChromium(
  adapter: keyof typeof ADAPTERS = "swiftshader",
  more: readonly string[] = [],
): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error("Chromium was not found on the PATH, nor named by CHROMIUM; see npm test.");
  return chromium.launch({ executablePath, args: [...QUIET, ...ADAPTERS[adapter], ...more] });
}

/** What a page did that a correct page does not do, and whom it asked. Filled while it runs. */
export interface PageRecord {
  /** Errors on the console (of the page and its workers) and uncaught exceptions. */
  errors: string[];
  /** Content security policy and Trusted Types violations: "directive: what". */
  violations: string[];
  /** Addresses requested over the network, by the page and its workers. */
  requests: string[];
}

export interface RecordedPage {
  page: Page;
  record: PageRecord;
}

/** Opens a page in a context of its own (own storage) and records its problems from the start. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<RecordedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const record: PageRecord = { errors: [], violations: [], requests: [] };
  page.on("console", (message) => {
    if (message.type() === "error")
      record.errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => record.errors.push(String(error)));
  context.on("request", (request) => {
    if (/^https?:/.test(request.url())) record.requests.push(request.url());
  });
  await page.exposeBinding("recordViolation", (_source, violation: string) => {
    record.violations.push(violation);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const what = event.blockedURI === "" ? event.sample : event.blockedURI;
      const report = Reflect.get(globalThis, "recordViolation") as (text: string) => void;
      report(`${event.effectiveDirective}: ${what} at ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  await page.goto(url);
  return { page, record };
}
