// Headless Firefox ESR with WebGPU switched on, driven over WebDriver BiDi.
import { launch, type Browser } from "puppeteer-core";
import { findFirefox } from "../../../scripts/system.mjs";

/** Launches Firefox on the Vulkan driver of this process's environment; throws if there is none. */
export async function launchFirefox(): Promise<Browser> {
  const executablePath = findFirefox();
  if (executablePath === undefined)
    throw new Error("Firefox was not found on the PATH, nor named by FIREFOX; see npm test.");
  return launch({
    browser: "firefox",
    executablePath,
    headless: true,
    extraPrefsFirefox: {
      "dom.webgpu.enabled": true,
      "gfx.webgpu.ignore-blocklist": true,
      // Nothing but the page itself goes to the network.
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
    },
  });
}
