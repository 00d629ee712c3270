// The built page in Firefox, whose WGSL compiler and Trusted Types are not Chromium's.
import type { Browser } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeProject, setsFile, textOf } from "./support/collecting.ts";
import { launchFirefox } from "./support/firefox.ts";
import { startServer, type PageServer } from "./support/server.ts";

let server: PageServer;
let browser: Browser;

beforeAll(async () => {
  server = await startServer();
  browser = await launchFirefox();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

test("loads without an error on the console and has a WebGPU adapter", async () => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(server.url);
  await page.waitForSelector("#app > *");
  expect(await page.title()).toBe("Nudge");
  expect(await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null)).toBe(
    true,
  );
  expect(errors).toEqual([]);
  await page.close();
});

test("keeps both copies of a judgement, in Firefox's own database and file system", async () => {
  const page = await browser.newPage();
  await page.goto(`${server.url}#/collect`);
  await page.waitForSelector("form input.field");
  const project = await makeProject(page, "Skies", setsFile(2));
  await page.evaluate((hash) => void (location.hash = hash), project);
  await page.waitForSelector("[data-answer]");
  for (const key of ["1", "2", "Enter"] as const) await page.keyboard.press(key);
  await page.waitForSelector(".saved");
  await page.evaluate(() => void (location.hash = "#/storage"));
  await page.waitForFunction(() => document.body.textContent.includes("The same, when last"));
  expect(await textOf(page)).toMatch(/The same, when last compared: \d+ saved changes/);
  await page.close();
});
