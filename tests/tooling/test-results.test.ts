// The line that ends `npm test`: what counts as passed, failed and skipped.
import { expect, test } from "vitest";
import { countResults, summary } from "../../scripts/test-results.mjs";

function report(...files: { status: string; tests: string[] }[]): string {
  const testResults = files.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((result) => ({ status: result })),
  }));
  return JSON.stringify({ testResults });
}

test("counts tests over files", () => {
  const json = report(
    { status: "passed", tests: ["passed", "passed"] },
    { status: "failed", tests: ["failed", "passed"] },
  );
  expect(countResults(json, false)).toEqual({ passed: 3, failed: 1, skipped: 0 });
});

test("a file that failed before its tests ran is one failure", () => {
  const json = report({ status: "failed", tests: [] }, { status: "passed", tests: ["passed"] });
  expect(countResults(json, false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test("pending, skipped and todo tests are skipped, and said only if there are any", () => {
  const json = report({ status: "passed", tests: ["passed", "pending", "skipped", "todo"] });
  const counts = countResults(json, true);
  expect(summary(counts)).toBe("1 passed, 0 failed, 3 skipped");
  expect(summary({ passed: 2, failed: 0, skipped: 0 })).toBe("2 passed, 0 failed");
});

test("a run that failed is never green: no report, or an error outside of any test", () => {
  expect(countResults(undefined, false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  const json = report({ status: "passed", tests: ["passed"] });
  expect(countResults(json, false).failed).toBe(1);
});
