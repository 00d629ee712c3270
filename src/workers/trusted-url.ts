// Addresses of workers under Trusted Types: one policy for the page, and only its own origin.

/** Not in TypeScript's DOM library yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

/** A policy's name may be used once per page. */
let policy: ReturnType<TrustedTypes["createPolicy"]> | null = null;

/** A worker's address, only ever of this origin, as a TrustedScriptURL where those exist. */
export function trustedWorkerUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  if (trustedTypes === undefined) return url;
  policy ??= trustedTypes.createPolicy("app-worker", {
    createScriptURL(wanted) {
      const absolute = new URL(wanted, location.href);
      if (absolute.origin !== location.origin) {
        throw new TypeError(`Worker: found ${absolute.origin}; expected this page's own origin.`);
      }
      return absolute.href;
    },
  });
  return policy.createScriptURL(url) as string;
}
