// Chooses the Vulkan driver that Dawn in Node uses, through the environment, before it is loaded.
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ICD_FOLDERS = [
  "/usr/share/vulkan/icd.d",
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
];
// Debian names the file lvp_icd.json since Mesa 24; other versions carry the architecture.
const LAVAPIPE_FILE = /^lvp_icd(\.[\w-]+)?\.json$/;
const SWIFTSHADER_FILES = [
  "/usr/lib/chromium/vk_swiftshader_icd.json",
  "/usr/lib/chromium-browser/vk_swiftshader_icd.json",
];

/**
 * @typedef {object} AdapterChoice
 * @property {"given" | "gpu" | "lavapipe" | "swiftshader" | "none"} kind
 * @property {string} label one phrase for people: which driver, and from which file
 * @property {Record<string, string>} env variables to add to the environment
 */

/** Whether the machine has a GPU of its own that Vulkan could reach. */
function hasGpu() {
  if (process.platform !== "linux") return true;
  const names = existsSync("/dev/dri") ? readdirSync("/dev/dri") : [];
  return names.some((name) => name.startsWith("renderD")) || existsSync("/dev/nvidia0");
}

/**
 * The manifest of a lavapipe that Dawn accepts, or undefined.
 * Mesa 25.0 is the first whose lavapipe reports Vulkan 1.4; 22.3 (Debian 12) is too old for Dawn.
 */
export function findLavapipe(folders = ICD_FOLDERS) {
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder).filter((file) => LAVAPIPE_FILE.test(file))) {
      const path = join(folder, name);
      const version = /"api_version":\s*"1\.(\d+)/.exec(readFileSync(path, "utf8"));
      if (Number(version?.[1] ?? 0) >= 4) return path;
    }
  }
  return undefined;
}

/** The manifest of the SwiftShader that Chromium's package brings, or undefined. */
export function findSwiftShader(files = SWIFTSHADER_FILES) {
  return files.find((path) => existsSync(path));
}

/**
 * Picks the driver: the user's own choice, a real GPU, lavapipe, SwiftShader, in this order.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ gpu?: boolean, lavapipe?: string | undefined, swiftshader?: string | undefined }} [found]
 * @returns {AdapterChoice}
 */
export function chooseAdapter(
  env = process.env,
  found = { gpu: hasGpu(), lavapipe: findLavapipe(), swiftshader: findSwiftShader() },
) {
  const given = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  if (given)
    return { kind: "given", label: `the driver named by the environment, ${given}`, env: {} };
  if (found.gpu) return { kind: "gpu", label: "this machine's GPU", env: {} };
  /** @param {string} path */
  const drivers = (path) => ({ VK_DRIVER_FILES: path, VK_ICD_FILENAMES: path });
  if (found.lavapipe) {
    const label = `lavapipe (CPU), ${found.lavapipe}`;
    return { kind: "lavapipe", label, env: drivers(found.lavapipe) };
  }
  if (found.swiftshader) {
    const label = `SwiftShader (CPU), ${found.swiftshader}`;
    return { kind: "swiftshader", label, env: drivers(found.swiftshader) };
  }
  return { kind: "none", label: "no Vulkan driver that Dawn accepts was found", env: {} };
}

/**
 * Applies the choice to this process and its children. Must run before Dawn is loaded.
 * @returns {AdapterChoice}
 */
export function useAdapter() {
  const choice = chooseAdapter();
  Object.assign(process.env, choice.env);
  if (process.platform === "linux" && !process.env["XDG_RUNTIME_DIR"]) {
    // Mesa and Firefox warn or fail without a private runtime folder.
    const folder = join(tmpdir(), `nudge-runtime-${String(process.getuid?.() ?? 0)}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.env["XDG_RUNTIME_DIR"] = folder;
  }
  return choice;
}
