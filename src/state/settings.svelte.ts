// Choices of this browser about the page itself: theme, engine and single-letter shortcuts.
import type { EngineWish } from "../workers/protocol.ts";

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];
const ENGINES: readonly EngineWish[] = ["auto", "gpu", "cpu"];

/** localStorage, which some browsers refuse; the page works without it. */
/** What all keys of this program begin with. */
export const OWN = "nudge.";

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`${OWN}${key}`);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`${OWN}${key}`, value);
  } catch {
    // Refused or full: the choice lasts as long as the page.
  }
}

/** Forgets everything that was kept beside the database. */
export function forgetAll(): void {
  try {
    for (const storage of [localStorage, sessionStorage]) {
      const own = Object.keys(storage).filter((key) => key.startsWith(OWN));
      for (const key of own) storage.removeItem(key);
    }
  } catch {
    // Refused: then nothing was remembered either.
  }
}

export class Settings {
  theme = $state<Theme>("system");
  /** WCAG 2.1.4: single letters and digits can be switched off */
  shortcuts = $state(true);
  /** what the model should run on; an address may ask for something else */
  engine = $state<EngineWish>("auto");
  /** the note that the CPU is used was read and put away */
  noteRead = $state(false);

  constructor() {
    const theme = recall("theme");
    this.theme = THEMES.find((name) => name === theme) ?? "system";
    this.shortcuts = recall("shortcuts") !== "off";
    const engine = recall("engine");
    this.engine = ENGINES.find((name) => name === engine) ?? "auto";
    this.noteRead = recall("engine-note") === "read";
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

  chooseEngine(engine: EngineWish): void {
    this.engine = engine;
    remember("engine", engine);
  }

  readNote(): void {
    this.noteRead = true;
    remember("engine-note", "read");
  }

  toggleShortcuts(): void {
    this.shortcuts = !this.shortcuts;
    remember("shortcuts", this.shortcuts ? "on" : "off");
  }
}
