// The built page under the production headers: it loads clean, and WebGPU is there or it is not.
import { readdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PRODUCTION_HEADERS } from "../../scripts/headers.mjs";
import { serve } from "../../scripts/serve.mjs";
import { DIST } from "../../scripts/setup.mjs";
import { axeViolations } from "./support/axe.ts";
import { launchChromium, openPage } from "./support/chromium.ts";
import { startServer, type PageServer } from "./support/server.ts";

/** Not in TypeScript's DOM library yet. */
interface TrustedTypesFactory {
  createPolicy(name: string, rules: object): object;
}

let server: PageServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

describe("with an adapter", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test("loads without a policy violation or a console error, from its own server", async () => {
    const { page, record } = await openPage(browser, server.url);
    expect(await page.title()).toBe("Nudge");
    await page.locator("#app > *").first().waitFor();
    await page.waitForLoadState("networkidle");
    expect(record.violations).toEqual([]);
    expect(record.errors).toEqual([]);
    expect(record.requests.filter((url) => !url.startsWith(server.url))).toEqual([]);
    await page.context().close();
  });

  test("has a WebGPU adapter on SwiftShader", async () => {
    const { page } = await openPage(browser, server.url);
    const adapter = await page.evaluate(async () => {
      const found = await navigator.gpu.requestAdapter();
      return found && `${found.info.vendor} ${found.info.architecture} ${found.info.description}`;
    });
    expect(adapter?.toLowerCase()).toContain("swiftshader");
    await page.context().close();
  });

  test("the policy holds: HTML from strings and other policies are refused and recorded", async () => {
    const { page, record } = await openPage(browser, server.url);
    const refused = await page.evaluate(() => {
      const attempts = [
        () => (document.body.innerHTML = "<b>x</b>"),
        () => {
          const types = Reflect.get(globalThis, "trustedTypes") as TrustedTypesFactory;
          types.createPolicy("other", {});
        },
      ];
      return attempts.map((attempt) => {
        try {
          attempt();
          return "allowed";
        } catch {
          return "refused";
        }
      });
    });
    expect(refused).toEqual(["refused", "refused"]);
    // Reports come a moment after the exception, one each for the header and the meta element.
    const directives = () => record.violations.map((text) => text.split(":")[0]);
    const reported = () => [...new Set(directives())].sort();
    await expect.poll(reported).toEqual(["require-trusted-types-for", "trusted-types"]);
    await page.context().close();
  });

  test("on a host without headers the page carries the policy itself, and loads clean", async () => {
    const plain = await serve(DIST, { headers: {} });
    const { page, record } = await openPage(browser, plain.url);
    await page.locator("#app > *").first().waitFor();
    expect(record.violations).toEqual([]);
    await page
      .evaluate(() => (document.body.innerHTML = "<b>x</b>"))
      .catch((error: unknown) => error);
    await expect.poll(() => record.violations).toHaveLength(1);
    await page.context().close();
    await plain.close();
  });

  test("320 px are wide enough: nothing scrolls sideways, and the name stays on one line", async () => {
    const viewport = { width: 320, height: 640 };
    const { page } = await openPage(browser, server.url, { viewport });
    await page.locator("[data-answer]").first().waitFor();
    for (const station of ["Show", "Rank"]) {
      await page.getByRole("navigation").getByRole("button", { name: station }).click();
      const widths = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll(".scroll")].map(
          ({ scrollWidth }) => scrollWidth,
        ),
      );
      expect(Math.max(...widths), station).toBe(320);
    }
    expect((await page.locator("h1").boundingBox())?.height).toBeLessThan(40);
    await page.context().close();
  });

  test("axe finds what is wrong on a page with mistakes", async () => {
    const page = await browser.newPage();
    await page.setContent("<main><button></button><img src='data:,'></main>");
    const found = await axeViolations(page);
    expect(found.join("\n")).toMatch(/button-name \(critical\)/);
    expect(found.join("\n")).toMatch(/image-alt \(critical\)/);
    await page.close();
  });
});

test("the policy allows WebAssembly exactly if the page ships some", () => {
  const ships = readdirSync(DIST, { recursive: true }).some((name) =>
    String(name).endsWith(".wasm"),
  );
  expect(PRODUCTION_HEADERS["Content-Security-Policy"]?.includes("'wasm-unsafe-eval'")).toBe(ships);
});

test("without a GPU navigator.gpu exists and gives no adapter, and the page still loads", async () => {
  const browser = await launchChromium("none");
  const { page, record } = await openPage(browser, server.url);
  expect(await page.evaluate(() => navigator.gpu.requestAdapter())).toBeNull();
  await page.locator("#app > *").first().waitFor();
  expect(record.violations).toEqual([]);
  await browser.close();
});
