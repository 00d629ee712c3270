// Turns vitest's JSON report into the line that ends every run of the tests.

/** @typedef {{ status: string, assertionResults: { status: string }[] }} FileReport */
/** @typedef {{ testResults: FileReport[] }} Report */

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * Counts the tests of vitest's JSON report. A file that failed before its tests ran counts as one
 * failure; so does a run that vitest itself calls failed although every test passed.
 * @param {string | undefined} json undefined if vitest wrote no report
 * @param {boolean} succeeded vitest's exit code was 0
 * @returns {Counts}
 */
export function countResults(json, succeeded) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const report = /** @type {Report} */ (JSON.parse(json ?? '{ "testResults": [] }'));
  for (const file of report.testResults) {
    const failedBefore = counts.failed;
    for (const { status } of file.assertionResults) {
      if (status === "passed") counts.passed++;
      else if (status === "failed") counts.failed++;
      else counts.skipped++;
    }
    if (file.status === "failed" && counts.failed === failedBefore) counts.failed++;
  }
  if (!succeeded && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** @param {Counts} counts the one line that ends every run */
export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
