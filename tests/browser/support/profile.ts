// A browser profile on disk that outlives its browsers: start one, kill it or part of it, look inside.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, TimeoutError, type Browser, type Page } from "puppeteer-core";
import { findChromium } from "../../../scripts/system.mjs";

export class Profile {
  readonly folder = mkdtempSync(join(tmpdir(), "nudge-profile-"));
  browser: Browser | null = null;

  /** @param from a profile to copy, whose browser is gone */
  constructor(from?: Profile) {
    if (from !== undefined) cpSync(from.folder, this.folder, { recursive: true });
  }

  /** Starts Chromium without a GPU on this profile. */
  async start(): Promise<Browser> {
    const executablePath = findChromium();
    if (executablePath === undefined) throw new Error("Chromium was not found; see npm test.");
    // A killed browser leaves these, and the next one would take itself for a second instance.
    for (const name of readdirSync(this.folder))
      if (name.startsWith("Singleton")) rmSync(join(this.folder, name), { force: true });
    this.browser = await launch({
      executablePath,
      userDataDir: this.folder,
      // As root, which CI may be, Chromium starts without its sandbox only; it sees our own page alone.
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    return this.browser;
  }

  /** Opens an address in a new tab. */
  async open(url: string): Promise<Page> {
    const page = await newTab(this.browser ?? (await this.start()));
    await page.goto(url, { waitUntil: "domcontentloaded" });
    return page;
  }

  /** The bytes of the file that the page saves when `ask` was done. */
  async download(page: Page, ask: () => Promise<void>): Promise<Uint8Array> {
    const downloadPath = mkdtempSync(join(this.folder, "downloads-"));
    const session = await page.createCDPSession();
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath });
    await ask();
    for (let left = 300; left > 0; left--) {
      const done = readdirSync(downloadPath).find((name) => !name.endsWith(".crdownload"));
      if (done !== undefined) return readFileSync(join(downloadPath, done));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("Nothing was downloaded within 30 s.");
  }

  /** SIGKILL to every process of the browser, as when the machine's memory runs out. */
  async killBrowser(): Promise<void> {
    const { browser } = this;
    const child = browser?.process();
    this.browser = null;
    if (child?.pid === undefined) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    for (const pid of [child.pid, ...descendants(child.pid)]) kill(pid);
    if (child.exitCode === null && child.signalCode === null) await gone;
    await browser?.disconnect();
  }

  /** SIGKILL to every process that runs a page; the browser goes on. */
  killRenderers(): number {
    const root = this.browser?.process()?.pid;
    if (root === undefined) return 0;
    const pids = descendants(root).filter((pid) => commandOf(pid).includes("--type=renderer"));
    pids.forEach(kill);
    return pids.length;
  }

  /** Milliseconds of processor time that the busiest page's thread took since it began. */
  pageThread(): number {
    const root = this.browser?.process()?.pid;
    if (root === undefined) return 0;
    const pids = descendants(root).filter((pid) => commandOf(pid).includes("--type=renderer"));
    return Math.max(0, ...pids.map(mainThread));
  }

  /** Ends the browser in order. */
  async stop(): Promise<void> {
    await this.browser?.close();
    this.browser = null;
  }

  async remove(): Promise<void> {
    await this.killBrowser();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** The folder of the IndexedDB databases; each is a folder of LevelDB files in it. */
  get indexedDb(): string {
    return join(this.folder, "Default", "IndexedDB");
  }

  /** The folder of the origins' private file systems. */
  get fileSystem(): string {
    return join(this.folder, "Default", "File System");
  }
}

/** A tab; one that never appears, as was seen once in 80 kills, is asked for again. */
async function newTab(browser: Browser, attempts = 3): Promise<Page> {
  try {
    return await browser.newPage();
  } catch (error) {
    if (attempts <= 1 || !(error instanceof TimeoutError)) throw error;
    return newTab(browser, attempts - 1);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself meanwhile.
  }
}

/** Milliseconds that the first thread of a process ran; Linux counts them in nanoseconds. */
function mainThread(pid: number): number {
  try {
    const [ran = "0"] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
    return Number(ran) / 1e6;
  } catch {
    return 0; // it ended meanwhile
  }
}

function ps(...args: string[]): string {
  try {
    return execFileSync("ps", args, { encoding: "utf8" });
  } catch {
    return ""; // no such process any more
  }
}

function commandOf(pid: number): string {
  return ps("-o", "args=", "-ww", "-p", String(pid));
}

/** All processes below one, by their parents. */
function descendants(root: number): number[] {
  const pairs = ps("-e", "-o", "pid=,ppid=").trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number)); // prettier-ignore
  const found: number[] = [];
  for (let level = [root]; level.length > 0;) {
    level = pairs.filter(([, parent]) => level.includes(parent ?? -1)).map(([pid]) => pid ?? -1);
    found.push(...level);
  }
  return found;
}
