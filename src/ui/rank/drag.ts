// Dragging a card by its handle: where it would drop, and moving it under the pointer.
import type { DropSide } from "../../state/bucket-order.ts";

export interface DropTarget {
  readonly answer: number;
  readonly side: DropSide;
}

export interface DragOptions {
  readonly answer: number;
  /** told while dragging, and null when it ends */
  readonly onhover: (target: DropTarget | null) => void;
  readonly ondrop: (target: DropTarget) => void;
}

/** Share of a card's height at each end that means "before" or "after"; the middle is a tie. */
const EDGE = 0.3;
/** Pixels the pointer travels before a press becomes a drag. */
const THRESHOLD = 5;

/** Where a pointer height falls among cards that carry `data-answer`. */
function targetAt(list: HTMLElement, y: number, dragged: number): DropTarget | null {
  let nearest: { target: DropTarget; distance: number } | null = null;
  for (const card of list.querySelectorAll<HTMLElement>("[data-answer]")) {
    const answer = Number(card.dataset["answer"]);
    if (answer === dragged) continue;
    const box = card.getBoundingClientRect();
    const share = (y - box.top) / box.height;
    const side = share < EDGE ? "before" : share > 1 - EDGE ? "after" : "tie";
    const distance = Math.max(0, box.top - y, y - box.bottom);
    if (nearest === null || distance < nearest.distance) {
      nearest = { target: { answer, side }, distance };
    }
  }
  return nearest?.target ?? null;
}

/** An attachment for the handle inside a card inside a list; everything goes through its options. */
export function dragHandle(options: () => DragOptions): (handle: HTMLElement) => () => void {
  return (handle) => {
    const card = handle.closest<HTMLElement>("[data-answer]");
    const list = handle.closest<HTMLElement>("ol");
    if (card === null || list === null) return () => undefined;
    let start: number | null = null;
    let moving = false;
    let target: DropTarget | null = null;

    const end = (drop: boolean): void => {
      if (start === null) return;
      start = null;
      card.style.removeProperty("transform");
      delete card.dataset["dragging"];
      const { onhover, ondrop } = options();
      onhover(null);
      if (drop && moving && target !== null) ondrop(target);
      moving = false;
      target = null;
    };
    const down = (event: PointerEvent): void => {
      if (event.button !== 0) return;
      start = event.clientY;
      handle.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent): void => {
      if (start === null) return;
      const travel = event.clientY - start;
      if (!moving && Math.abs(travel) < THRESHOLD) return;
      moving = true;
      card.dataset["dragging"] = "";
      card.style.setProperty("transform", `translateY(${travel}px)`);
      const { answer, onhover } = options();
      target = targetAt(list, event.clientY, answer);
      onhover(target);
    };
    const up = (): void => end(true);
    const cancel = (): void => end(false);
    const key = (event: KeyboardEvent): void => {
      if (event.key === "Escape") end(false);
    };
    handle.addEventListener("pointerdown", down);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", up);
    handle.addEventListener("pointercancel", cancel);
    handle.addEventListener("keydown", key);
    return () => {
      handle.removeEventListener("pointerdown", down);
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", up);
      handle.removeEventListener("pointercancel", cancel);
      handle.removeEventListener("keydown", key);
    };
  };
}
