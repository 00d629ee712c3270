// Choices of this browser about the page itself: theme and single-letter shortcuts.

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** localStorage, which some browsers refuse; the page works without it. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`nudge.${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`nudge.${key}`, value);
  } catch {
    // Refused or full: the choice lasts as long as the page.
  }
}

export class Settings {
  theme = $state<Theme>("system");
  /** WCAG 2.1.4: single letters and digits can be switched off */
  shortcuts = $state(true);

  constructor() {
    const theme = recall("theme");
    this.theme = THEMES.find((name) => name === theme) ?? "system";
    this.shortcuts = recall("shortcuts") !== "off";
  }

  /** Puts the theme on the document; "system" leaves it to the browser. */
  apply(root: HTMLElement): void {
    if (this.theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = this.theme;
  }

  nextTheme(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? "system";
    remember("theme", this.theme);
    this.apply(document.documentElement);
  }

  toggleShortcuts(): void {
    this.shortcuts = !this.shortcuts;
    remember("shortcuts", this.shortcuts ? "on" : "off");
  }
}
