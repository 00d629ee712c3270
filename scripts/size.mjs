// npm run size: lines of code per folder against the budgets, and the functions and files over them.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import ts from "typescript";
import { DIST, ROOT } from "./setup.mjs";

/** Lines of a file, by ending; and lines of code of a folder. Limits are for review, not a gate. */
const FILE_LIMITS = new Map([
  [".ts", 200],
  [".wgsl", 120],
  [".svelte", 200],
]);
const FOLDER_BUDGETS = new Map([
  ["src/plan", 400],
  ["src/gpu", 400],
  ["src/rlhf", 600],
]);
const FUNCTION_LIMIT = 40;
const INITIAL_JS_KIB = 110;

/** @param {string} folder relative to the repository @returns {string[]} files, relative */
function files(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return files(path);
    return FILE_LIMITS.has(extname(path)) ? [path] : [];
  });
}

/** Lines that are neither blank nor a comment alone. @param {string} text */
function codeLines(text) {
  return text.split("\n").filter((line) => !/^\s*(\/\/|\/?\*|$)/.test(line)).length;
}

/** @param {string} path @param {string} text @returns {string[]} the functions over the limit */
function longFunctions(path, text) {
  /** @type {string[]} */
  const found = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  /** @param {import("typescript").Node} node */
  const visit = (node) => {
    if (ts.isFunctionLike(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line;
      const lines = source.getLineAndCharacterOfPosition(node.end).line - first + 1;
      const name = node.name?.getText() ?? "(anonymous)";
      // A test's describe() holds many tests; its length says nothing.
      const wrapper = name === "(anonymous)" && path.startsWith("tests/");
      if (lines > FUNCTION_LIMIT && !wrapper) found.push(`${path}:${first + 1} ${name} ${lines}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** KiB of gzip that index.html loads at once: its scripts and what they preload; NaN if not built. */
function initialScripts() {
  const index = join(DIST, "index.html");
  if (!existsSync(index)) return NaN;
  const names = [
    ...readFileSync(index, "utf8").matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g),
  ];
  const bytes = names.map(([, name = ""]) => gzipSync(readFileSync(join(DIST, name))).length);
  return bytes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** @type {Map<string, { files: number, lines: number }>} */
const folders = new Map();
/** @type {string[]} */
const offenders = [];
for (const path of ["src", "wgsl", "scripts", "tests"].flatMap(files)) {
  const text = readFileSync(join(ROOT, path), "utf8");
  const folder = path
    .split("/")
    .slice(0, path.startsWith("src/") ? 2 : 1)
    .join("/");
  const key = statSync(join(ROOT, folder)).isDirectory() ? folder : "src";
  const row = folders.get(key) ?? { files: 0, lines: 0 };
  folders.set(key, { files: row.files + 1, lines: row.lines + codeLines(text) });
  const lines = text.split("\n").length - 1;
  const limit = FILE_LIMITS.get(extname(path)) ?? Infinity;
  if (lines > limit) offenders.push(`${path} ${lines} lines (limit ${limit})`);
  if (extname(path) === ".ts") offenders.push(...longFunctions(path, text));
}
for (const [folder, { files: count, lines }] of folders) {
  const budget = FOLDER_BUDGETS.get(folder);
  const note = budget === undefined ? "" : ` of ${budget}${lines > budget ? ", OVER" : ""}`;
  console.log(
    `${folder.padEnd(14)} ${String(count).padStart(4)} files ${lines} lines of code${note}`,
  );
}
const script = initialScripts();
if (!Number.isNaN(script))
  console.log(`initial JS     ${script.toFixed(1)} KiB gzip of ${INITIAL_JS_KIB}`);
if (offenders.length > 0) console.log(`over a limit:\n  ${offenders.join("\n  ")}`);
