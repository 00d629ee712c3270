// Runs axe on a page from an isolated world: the page's policy neither blocks nor sees it.
import axe from "axe-core";
import type { Page } from "playwright-core";

/** Rules of WCAG 2.0 to 2.2, A and AA, and axe's best practices. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * The accessibility violations of the page as it stands: one line for each affected element,
 * "rule (impact): element: what to do". Empty when axe finds none.
 */
export async function axeViolations(page: Page): Promise<string[]> {
  const cdp = await page.context().newCDPSession(page);
  try {
    const { frameTree } = await cdp.send("Page.getFrameTree");
    const { executionContextId: contextId } = await cdp.send("Page.createIsolatedWorld", {
      frameId: frameTree.frame.id,
      worldName: "axe",
    });
    await cdp.send("Runtime.evaluate", { contextId, expression: axe.source });
    const options = JSON.stringify({ runOnly: TAGS, resultTypes: ["violations"] });
    const { result, exceptionDetails } = await cdp.send("Runtime.evaluate", {
      contextId,
      expression: `axe.run(document, ${options})`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(`axe failed: ${exceptionDetails.text}`);
    const { violations } = result.value as axe.AxeResults;
    return violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, failureSummary }) =>
        `${id} (${impact}): ${target.join(" ")}: ${failureSummary}`.replace(/\s+/g, " "),
      ),
    );
  } finally {
    await cdp.detach();
  }
}
