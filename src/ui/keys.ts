// The keyboard map: what each key does at each station.
import type { Play } from "../state/play.svelte.ts";

/** Rows of the help dialog; the handler below implements them. */
export const KEYS: readonly { readonly keys: string; readonly what: string }[] = [
  { keys: "1 – 9", what: "place the marked answer; the same number is a tie" },
  { keys: "=", what: "as good as the one placed last" },
  { keys: "X or 0", what: "can't tell" },
  { keys: "Enter", what: "save and go to the next prompt" },
  { keys: "Z, Shift+Z", what: "undo, redo, without limit" },
  { keys: "↑ ↓", what: "mark another answer; with Alt, move it" },
  { keys: "R", what: "reinforce" },
  { keys: "Space", what: "pause or run" },
  { keys: ".", what: "one training step" },
  { keys: "← →", what: "scrub the run; in the taste test, choose" },
  { keys: "↓", what: "in the taste test, can't tell" },
  { keys: "T", what: "the curves as a table" },
  { keys: "?", what: "this help" },
];

/** The same for the judging screen of the collection page (collect/judge-keys.ts). */
export const JUDGE_KEYS: typeof KEYS = [
  { keys: "1 – 9", what: "place the marked answer; the same number is a tie" },
  { keys: "=", what: "as good as the one placed last" },
  { keys: "0", what: "leave the marked answer unranked" },
  { keys: "B", what: "all of them are bad" },
  { keys: "+", what: "how much better than the next group" },
  { keys: "↑ ↓", what: "mark another answer; with Alt, move it" },
  { keys: "Enter", what: "save, and the next prompt" },
  { keys: "Z, Shift+Z", what: "undo, redo, also back into saved ones" },
  { keys: "Escape", what: "leave a saved one as it was" },
  { keys: "S, F, O", what: "skip, flag, ask for a second opinion" },
  { keys: "W, N", what: "write a better answer, a note" },
  { keys: "L", what: "another prompt first" },
  { keys: "G", what: "the guideline" },
  { keys: "1 – 7, N, ← →", what: "while rating: a rating, no to the rest, back and on" },
  { keys: "?", what: "this help" },
];

/** True where keys belong to the element: typing, sliders, open menus. */
export function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches("input, textarea, select, [contenteditable], [role=slider]");
}

export function inControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, summary") !== null;
}

export function inLadder(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("[data-answer]") !== null;
}

/** Handles a key of the page; true when it was used. */
export function handleKey(play: Play, event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || inField(event.target)) {
    return false;
  }
  // with Alt the arrows up and down move an answer; all else is the browser's, such as going back
  if (event.altKey && event.key !== "ArrowUp" && event.key !== "ArrowDown") return false;
  const single = event.key.length === 1;
  if (single && event.key !== " " && !play.settings.shortcuts) return false;
  return rankKey(play, event) || tasteKey(play, event) || runKey(play, event);
}

function rankKey(play: Play, event: KeyboardEvent): boolean {
  const { arena, announcer } = play;
  if (play.station !== "rank" || arena.set === null) return false;
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1] ?? /^[1-9]$/.exec(event.key)?.[0];
  if (digit !== undefined && !event.altKey && !event.shiftKey) {
    announcer.say(arena.placeFocused(Number(digit)));
    return true;
  }
  switch (event.key) {
    case "=":
      announcer.say(arena.tieFocused());
      return true;
    case "x":
    case "X":
    case "0":
      void play.desk.submit(true);
      return true;
    case "z":
      play.desk.undo();
      return true;
    case "Z":
      play.desk.redo();
      return true;
    case "Enter":
      if (inControl(event.target) && !inLadder(event.target)) return false;
      void play.desk.submit();
      return true;
    case "ArrowUp":
    case "ArrowDown": {
      if (inControl(event.target) && !inLadder(event.target)) return false;
      const by = event.key === "ArrowUp" ? -1 : 1;
      if (event.altKey) announcer.say(arena.nudge(arena.focus, by));
      else arena.step(by);
      return true;
    }
    default:
      return false;
  }
}

function tasteKey(play: Play, event: KeyboardEvent): boolean {
  const { taste } = play;
  if (play.station !== "taste" || taste.state !== "asking" || event.altKey) return false;
  switch (event.key) {
    case "ArrowLeft":
      taste.choose("left");
      return true;
    case "ArrowRight":
      taste.choose("right");
      return true;
    case "ArrowDown":
      taste.choose("tie");
      return true;
    case "z":
      taste.back();
      return true;
    default:
      return false;
  }
}

function runKey(play: Play, event: KeyboardEvent): boolean {
  const { run } = play;
  switch (event.key) {
    case "r":
    case "R":
      if (play.locked("reinforce") !== null) return false;
      if (run.started || !play.trainer.ready) play.go("reinforce");
      else void play.reinforce();
      return true;
    case " ":
      if (inControl(event.target) || !run.started) return false;
      if (run.state === "running") void run.pause();
      else void play.resume();
      return true;
    case ".":
      if (!run.started) return false;
      void play.stepOnce();
      return true;
    case "ArrowLeft":
    case "ArrowRight":
      if (play.station !== "reinforce") return false;
      play.trainer.timeline.scrub(event.key === "ArrowLeft" ? -1 : 1);
      return true;
    case "Home":
    case "End":
      if (play.station !== "reinforce") return false;
      play.trainer.timeline.playhead = event.key === "Home" ? 0 : null;
      return true;
    default:
      return false;
  }
}
