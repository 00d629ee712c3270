// The keys of the judging screen; widgets keep theirs.
import type { Project } from "../../state/collect/project.svelte.ts";
import { inControl, inField, inLadder } from "../keys.ts";

/** What a key may open beside the board. */
export type Panel = "skip" | "flag" | "opinion" | "better" | "note" | "guideline";

export interface JudgeActions {
  readonly project: Project;
  readonly say: (sentence: string) => void;
  readonly open: (panel: Panel) => void;
  /** WCAG 2.1.4: single characters can be switched off */
  readonly shortcuts: boolean;
}

const PANELS: Readonly<Record<string, Panel>> = {
  s: "skip",
  f: "flag",
  o: "opinion",
  w: "better",
  g: "guideline",
};

/** Handles a key; true when it was used. */
export function judgeKey(actions: JudgeActions, event: KeyboardEvent): boolean {
  const { project, open, say } = actions;
  const { judging } = project;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || inField(event.target)) {
    return false;
  }
  if (judging.saving === "saving") return false;
  if (event.altKey && event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
  if (event.key.length === 1 && !actions.shortcuts) return false;
  // also when nothing is left to judge
  if (event.key === "z" && !event.altKey && project.asking.lesson === null) {
    void project.decisions.undo();
    return true;
  }
  if (judging.set === null) return false;
  const panel = PANELS[event.key];
  if (panel !== undefined) {
    open(panel);
    return true;
  }
  switch (event.key) {
    case "Escape":
      if (!judging.revising) return false;
      void project.decisions.cancelEdit();
      return true;
    case "Z":
      void project.decisions.redo();
      return true;
    case "l":
      void project.asking.later();
      return true;
  }
  if (judging.stage === "rate") return rateKey(actions, event);
  if (event.key === "n") {
    open("note");
    return true;
  }
  return rankKey(project, say, event);
}

function digitOf(event: KeyboardEvent): number | null {
  if (event.altKey || event.shiftKey) return null;
  const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? /^\d$/.exec(event.key)?.[0];
  return digit === undefined ? null : Number(digit);
}

function rankKey(project: Project, say: (s: string) => void, event: KeyboardEvent): boolean {
  const { judging } = project;
  const digit = digitOf(event);
  if (digit !== null) {
    say(digit === 0 ? judging.setAside() : judging.placeFocused(digit));
    return true;
  }
  switch (event.key) {
    case "=":
      say(judging.tieFocused());
      return true;
    case "+":
      say(judging.strengthen());
      return true;
    case "b":
      say(judging.toggleAllBad());
      return true;
    case "Enter":
      if (inControl(event.target) && !inLadder(event.target)) return false;
      void project.decisions.submit();
      return true;
    case "ArrowUp":
    case "ArrowDown": {
      if (inControl(event.target) && !inLadder(event.target)) return false;
      const by = event.key === "ArrowUp" ? -1 : 1;
      if (event.altKey) say(judging.nudge(judging.focus, by));
      else judging.step(by);
      return true;
    }
    default:
      return false;
  }
}

function rateKey({ project, say }: JudgeActions, event: KeyboardEvent): boolean {
  const { judging } = project;
  const digit = digitOf(event);
  if (digit !== null && digit >= 1 && digit <= 7) {
    const scales = judging.questions.filter(({ scale }) => scale === "1-7");
    const missing = judging.missing(judging.focus);
    const asked = scales.find((one) => missing.includes(one)) ?? scales[0];
    if (asked === undefined) return false;
    const said = judging.answer(asked.key, digit);
    const whole = judging.missing(judging.focus).length === 0;
    say(whole ? `${said} ${judging.nextToRate()}` : said);
    return true;
  }
  switch (event.key) {
    case "n":
      say(judging.noToTheRest());
      return true;
    case "Enter":
      if (inControl(event.target)) return false;
      say(judging.nextToRate());
      return true;
    case "ArrowRight":
    case "ArrowLeft":
      if (inControl(event.target)) return false;
      say(judging.nextToRate(event.key === "ArrowRight" ? 1 : -1));
      return true;
    default:
      return false;
  }
}
