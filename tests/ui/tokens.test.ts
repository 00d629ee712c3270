// Contrast of the colour tokens in both themes, by WCAG 2.2's formula.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

// Read from disk, because vitest gives style sheets as empty modules.
const css = readFileSync(new URL("../../src/ui/tokens.css", import.meta.url), "utf8");

const TOKENS = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name, light, dark]) => [name ?? "", [light ?? "", dark ?? ""] as const],
  ),
);

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

function pair(ink: string, ground: string, theme: 0 | 1): number {
  const of = (name: string): string => TOKENS.get(name)?.[theme] ?? name;
  return contrast(of(ink), of(ground));
}

const CODE = ["code-keyword", "code-type", "code-number", "code-attribute"];

describe.each([
  ["light", 0],
  ["dark", 1],
] as const)("%s", (_, theme) => {
  test.each(["ink", "ink-2", "ink-3", "accent-ink", "better", "worse", ...CODE])(
    "%s is readable on every surface",
    (ink) => {
      for (const ground of ["ground", "panel", "raised", "sunken"]) {
        expect(pair(ink, ground, theme), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  test("text on the accent, and the edges of controls", () => {
    expect(pair("#1c1503", "accent", theme)).toBeGreaterThanOrEqual(7);
    expect(pair("edge", "panel", theme)).toBeGreaterThanOrEqual(3);
    expect(pair("accent-ink", "accent-soft", theme)).toBeGreaterThanOrEqual(4.5);
  });
});
