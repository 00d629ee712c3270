// Keeps the screen on while a run goes on, where the browser can and allows it.

/** The part of `navigator` that this needs; older browsers lack it. */
interface WakeSource {
  readonly wakeLock?: { request(type: "screen"): Promise<{ release(): Promise<void> }> };
}

/**
 * Asks that the screen stays on until the returned function is called. It never throws: a browser
 * without wake locks, a hidden page or low battery only mean that the screen may go dark.
 */
export function keepScreenOn(source: WakeSource): () => void {
  let held: { release(): Promise<void> } | null = null;
  let over = false;
  const free = (): void => {
    held?.release().catch(() => undefined);
    held = null;
  };
  source.wakeLock?.request("screen").then(
    (lock) => {
      held = lock;
      if (over) free();
    },
    () => undefined,
  );
  return () => {
    over = true;
    free();
  };
}
