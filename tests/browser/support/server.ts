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

/** What a first visit sends over the network, in bytes as sent (compressed where the server does). */
export interface FirstVisit {
  /** the script that the page needs before it works */
  initialScript: number;
  total: number;
}

/**
 * The bytes of everything that was requested so far, once each.
 * @param script path of the page's own script, as in its src attribute
 */
export async function firstVisit(server: PageServer, script: string): Promise<FirstVisit> {
  const sent = async (path: string): Promise<number> => {
    const response = await fetch(new URL(path, server.url));
    const { byteLength } = await response.arrayBuffer();
    return Number(response.headers.get("content-length") ?? byteLength);
  };
  const paths = [...new Set(server.requests)];
  const sizes = await Promise.all(paths.map(sent));
  const own = paths.findIndex((path) => path.endsWith(script.replace(/^\./, "")));
  return {
    initialScript: sizes[own] ?? Number.NaN,
    total: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Starts the server that `npm start` uses, on a free port. */
export async function startServer(): Promise<PageServer> {
  const requests: string[] = [];
  const { url, close } = await serve(DIST, { onRequest: (path) => requests.push(path) });
  return { url, requests, close };
}
