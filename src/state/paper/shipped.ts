// What the page ships of `npm run reproduce`: results.json and the samples beside it, fetched.
import { code, FormatError } from "../../formats/errors.ts";

const FOLDER = "./paper/";
export const FILE = "results.json";

/** The text of results.json, or null where the page ships none. @throws Error with one sentence */
export async function fetchResults(): Promise<string | null> {
  const response = await fetch(FOLDER + FILE);
  // Some hosts answer with their own page where there is no file.
  const page = response.headers.get("content-type")?.includes("text/html") ?? false;
  if (response.status === 404 || (response.ok && page)) return null;
  if (response.ok) return response.text();
  throw new Error(`${FILE}: the server answered ${response.status}; try again.`);
}

/** The text of a file beside results.json. @throws Error with one sentence */
export async function fetchBeside(file: string): Promise<string> {
  // Names come from the results file; none leads out of its folder.
  if (!/^[\w-][\w./-]*$/.test(file) || file.includes("..")) {
    throw new FormatError(`${code(file)}: expected a file beside ${FILE}; it is not opened.`);
  }
  const response = await fetch(FOLDER + file);
  if (response.ok) return response.text();
  throw new Error(`${file}: the server answered ${response.status}; no samples are shown.`);
}
