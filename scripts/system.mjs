// The system packages that the tests need: two browsers, a software Vulkan driver and its loader.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chooseAdapter, findLavapipe } from "./adapter-env.mjs";

const SOURCES = "/etc/apt/sources.list.d";
const ADDED_SOURCE = join(SOURCES, "nudge-backports.sources");
/** Dawn refuses the lavapipe of older Mesa releases. */
const MESA_MAJOR = 25;

/** @param {readonly string[]} names @returns {string | undefined} the first one on the PATH */
function onPath(names) {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return files.find((file) => existsSync(file));
}

/** The Chromium to test with: the one named by CHROMIUM, or the first on the PATH. */
export function findChromium() {
  return process.env["CHROMIUM"] ?? onPath(["chromium", "chromium-browser", "google-chrome"]);
}

/** The Firefox to test with: the one named by FIREFOX, or the first on the PATH. */
export function findFirefox() {
  return process.env["FIREFOX"] ?? onPath(["firefox-esr", "firefox"]);
}

function hasVulkanLoader() {
  if (process.platform !== "linux") return true;
  const folders = ["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib"].filter((path) =>
    existsSync(path),
  );
  const nested = folders.flatMap((path) =>
    readdirSync(path)
      .filter((name) => name.endsWith("-linux-gnu"))
      .map((name) => join(path, name)),
  );
  return [...folders, ...nested].some((path) => existsSync(join(path, "libvulkan.so.1")));
}

/**
 * The Debian packages whose contents are missing here.
 * @param {boolean} gpu whether a GPU or a driver of the user's choice is used instead of lavapipe
 */
export function missingPackages(gpu) {
  /** @type {[boolean, string[]][]} */
  const needs = [
    [findChromium() === undefined, ["chromium", "fonts-dejavu-core"]],
    [findFirefox() === undefined, ["firefox-esr"]],
    [!hasVulkanLoader(), ["libvulkan1"]],
    [process.platform === "linux" && !gpu && !findLavapipe(), ["mesa-vulkan-drivers"]],
  ];
  return needs.flatMap(([missing, names]) => (missing ? names : []));
}

/**
 * The backports source of the archive that a machine's Debian source names: the same mirror and
 * key with another suite, and nothing else (no security archive, no further suites).
 * @param {string} text an apt source file, one-line or deb822 format
 * @param {string} codename for example "bookworm"
 * @returns {string | undefined} in deb822 format; undefined if the file has no source of this suite
 */
export function backportsSource(text, codename) {
  const suite = `${codename}-backports`;
  const lines = text.split("\n").filter((line) => !line.startsWith("#"));
  for (const stanza of lines.join("\n").split(/\n\s*\n/)) {
    /** @param {string} name */
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.+)$`, "im").exec(stanza)?.[1]?.trim();
    const uri = field("URIs")?.split(/\s+/)[0];
    if (!uri || !field("Suites")?.split(/\s+/).includes(codename)) continue;
    if (!field("Types")?.split(/\s+/).includes("deb") || field("Enabled") === "no") continue;
    const key = field("Signed-By");
    return deb822(uri, suite, key);
  }
  for (const line of lines) {
    const [, options, uri, name] = /^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s/.exec(line) ?? [];
    if (uri && name === codename)
      return deb822(uri, suite, /signed-by=(\S+)/.exec(options ?? "")?.[1]);
  }
  return undefined;
}

/** @param {string} uri @param {string} suite @param {string | undefined} key */
function deb822(uri, suite, key) {
  const lines = ["Types: deb", `URIs: ${uri}`, `Suites: ${suite}`, "Components: main"];
  return [...lines, ...(key ? [`Signed-By: ${key}`] : []), ""].join("\n");
}

/** @param {readonly string[]} args @returns {string | undefined} the cause if it failed */
function apt(args) {
  const { error, status, stderr } = spawnSync(
    "apt-get",
    ["-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", ...args],
    {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    },
  );
  if (status === 0) return undefined;
  const lines = (error?.message ?? stderr).split("\n").filter((line) => line.startsWith("E:"));
  return (lines.length > 0 ? lines.join(" ") : (error?.message ?? stderr)).trim().slice(-600);
}

/** The highest major version of Mesa's drivers that apt knows, 0 if none. */
function mesaOnOffer() {
  const { stdout } = spawnSync("apt-cache", ["madison", "mesa-vulkan-drivers"], {
    encoding: "utf8",
  });
  const majors = [...stdout.matchAll(/\|\s*(?:\d+:)?(\d+)\./g)].map((match) => Number(match[1]));
  return Math.max(0, ...majors);
}

/** @param {string} codename @returns {string | undefined} the cause if it failed */
function installMesa(codename) {
  if (mesaOnOffer() < MESA_MAJOR) {
    const files = readdirSync(SOURCES).map((name) => join(SOURCES, name));
    const source = ["/etc/apt/sources.list", ...files]
      .filter((file) => existsSync(file) && /\.(list|sources)$/.test(file))
      .map((file) => backportsSource(readFileSync(file, "utf8"), codename))
      .find((text) => text !== undefined);
    if (!source) return `no apt source of ${codename} was found to derive its backports from`;
    writeFileSync(ADDED_SOURCE, source);
    console.log(`Added ${ADDED_SOURCE}: ${codename}-backports, for Mesa ${MESA_MAJOR}.`);
    const cause = apt(["update"]);
    if (cause) return cause;
  }
  const packages = ["mesa-vulkan-drivers", "libvulkan1"];
  const backports = ["-t", `${codename}-backports`];
  const plain = ["install", "--no-install-recommends", ...packages];
  const cause = apt([...plain, ...backports]);
  // A release that has this Mesa itself may have no backports suite.
  return cause && mesaOnOffer() >= MESA_MAJOR ? apt(plain) : cause;
}

/**
 * Installs what is missing, each group by itself so that one failure does not stop the others.
 * @param {readonly string[]} missing
 * @param {string} codename
 * @returns {string[]} one sentence for each group that failed
 */
function installOnDebian(missing, codename) {
  console.log(`Installing ${missing.join(", ")} with apt …`);
  const outdated = apt(["update"]);
  if (outdated) return [`apt-get update failed: ${outdated}`];
  const failures = [];
  const plain = missing.filter((name) => name !== "mesa-vulkan-drivers");
  if (plain.length > 0) {
    const cause = apt(["install", "--no-install-recommends", ...plain]);
    if (cause) failures.push(`installing ${plain.join(", ")} failed: ${cause}`);
  }
  if (missing.includes("mesa-vulkan-drivers")) {
    const cause = installMesa(codename);
    if (cause) failures.push(`installing mesa-vulkan-drivers failed: ${cause}`);
  }
  return failures;
}

/** The fields of /etc/os-release, empty where there is none. */
function osRelease() {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  /** @type {Record<string, string>} */
  const fields = {};
  for (const [, name = "", value = ""] of text.matchAll(/^(\w+)="?(.*?)"?$/gm))
    fields[name] = value;
  return fields;
}

/**
 * Makes the packages available where it can: on Debian as root it installs them; elsewhere it
 * says what is missing and the command.
 * @param {boolean} gpu as in missingPackages
 * @returns {string[]} one sentence for each thing that is still missing and why
 */
export function ensureSystemPackages(gpu) {
  const missing = missingPackages(gpu);
  if (missing.length === 0) return [];
  const { ID, VERSION_CODENAME } = osRelease();
  if (ID === "debian" && VERSION_CODENAME && process.getuid?.() === 0)
    return installOnDebian(missing, VERSION_CODENAME);
  const names = missing.join(", ");
  if (ID === "debian") {
    const command = `sudo ${process.execPath} scripts/system.mjs`;
    return [`missing: ${names}; this command installs them with apt: ${command}`];
  }
  return [
    `missing: ${names} (Debian's names; Mesa ${MESA_MAJOR} or later); install them with this ` +
      `system's package manager, or name the browsers: CHROMIUM=/path FIREFOX=/path npm test`,
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = ensureSystemPackages(["given", "gpu"].includes(chooseAdapter().kind));
  for (const problem of problems) console.error(`system: ${problem}.`);
  if (problems.length === 0) console.log("The browsers and the Vulkan driver are installed.");
  process.exit(problems.length > 0 ? 1 : 0);
}
