// The built page on a free port, with the production headers and a log of what was asked for.
import { serve } from "../../../scripts/serve.mjs";
import { DIST } from "../../../scripts/setup.mjs";

export interface PageServer {
  /** Address of the page, with a trailing slash. */
  url: string;
  /** Paths in the order they were requested, without duplicates removed. */
  requests: string[];
  close(): Promise<void>;
}

/** Starts the server that `npm start` uses, on a free port. */
export async function startServer(): Promise<PageServer> {
  const requests: string[] = [];
  const { url, close } = await serve(DIST, { onRequest: (path) => requests.push(path) });
  return { url, requests, close };
}
