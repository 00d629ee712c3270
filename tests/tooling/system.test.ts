// Choosing the adapter, and deriving the backports source from the machine's own Debian source.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chooseAdapter, findLavapipe } from "../../scripts/adapter-env.mjs";
import { backportsSource } from "../../scripts/system.mjs";

const lavapipe = "/icd/lvp_icd.json";
const swiftshader = "/chromium/vk_swiftshader_icd.json";

test("the user's driver wins, then a GPU, then lavapipe, then SwiftShader", () => {
  const all = { gpu: true, lavapipe, swiftshader };
  expect(chooseAdapter({ VK_DRIVER_FILES: "/mine.json" }, all)).toMatchObject({
    kind: "given",
    env: {},
  });
  expect(chooseAdapter({}, all)).toMatchObject({ kind: "gpu", env: {} });
  expect(chooseAdapter({}, { ...all, gpu: false }).env).toEqual({
    VK_DRIVER_FILES: lavapipe,
    VK_ICD_FILENAMES: lavapipe,
  });
  expect(chooseAdapter({}, { gpu: false, swiftshader })).toMatchObject({
    kind: "swiftshader",
    env: { VK_DRIVER_FILES: swiftshader },
  });
  expect(chooseAdapter({}, { gpu: false }).kind).toBe("none");
});

test("a lavapipe from before Mesa 25 is passed over", () => {
  const folder = mkdtempSync(join(tmpdir(), "nudge-icd-"));
  const manifest = (version: string) =>
    JSON.stringify({ ICD: { api_version: version, library_path: "libvulkan_lvp.so" } }, null, 4);
  writeFileSync(join(folder, "lvp_icd.x86_64.json"), manifest("1.3.230"));
  writeFileSync(join(folder, "radeon_icd.x86_64.json"), manifest("1.4.305"));
  expect(findLavapipe([folder, join(folder, "missing")])).toBeUndefined();
  writeFileSync(join(folder, "lvp_icd.json"), manifest("1.4.305"));
  expect(findLavapipe([folder])).toBe(join(folder, "lvp_icd.json"));
  rmSync(folder, { recursive: true });
});

const expected = (uri: string, key?: string) =>
  `Types: deb\nURIs: ${uri}\nSuites: bookworm-backports\nComponents: main\n` +
  (key === undefined ? "" : `Signed-By: ${key}\n`);

test("derives the source from a deb822 file, not from its security stanza", () => {
  const key = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const text = [
    "# comment",
    "Types: deb",
    "URIs: http://security.example/debian-security",
    "Suites: bookworm-security",
    "Components: main",
    "",
    "Types: deb deb-src",
    "# http://snapshot.example/debian/1",
    "URIs: http://mirror.example/debian",
    "Suites: bookworm bookworm-updates",
    "Components: main contrib",
    `Signed-By: ${key}`,
  ].join("\n");
  expect(backportsSource(text, "bookworm")).toBe(expected("http://mirror.example/debian", key));
  expect(backportsSource(text, "trixie")).toBeUndefined();
});

test("skips stanzas that are off or hold sources alone", () => {
  const stanza = (extra: string) =>
    `Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n${extra}`;
  expect(backportsSource(stanza("Enabled: no\n"), "bookworm")).toBeUndefined();
  const sources = stanza("").replace("Types: deb", "Types: deb-src");
  expect(backportsSource(sources, "bookworm")).toBeUndefined();
});

test("derives the source from one-line files, with and without options", () => {
  const lines = [
    "#deb http://off.example/debian bookworm main",
    "deb http://security.example/debian-security bookworm-security main",
    "deb [arch=amd64 signed-by=/keys/a.gpg] http://mirror.example/debian bookworm main contrib",
  ].join("\n");
  expect(backportsSource(lines, "bookworm")).toBe(
    expected("http://mirror.example/debian", "/keys/a.gpg"),
  );
  expect(backportsSource("deb http://mirror.example/debian bookworm main", "bookworm")).toBe(
    expected("http://mirror.example/debian"),
  );
});
