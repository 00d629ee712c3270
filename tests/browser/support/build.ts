// Builds the page before the first browser test if it is older than its sources.
import { ensureBuild } from "../../../scripts/setup.mjs";

export function setup(): void {
  ensureBuild();
}
