// Brings an element into view again whenever what it shows changes, and the keys to the answers below it.
import { tick } from "svelte";
import type { Attachment } from "svelte/attachments";

/**
 * For `{@attach intoView(id)}` on the head of a set: another id scrolls to the element, and no further than is needed to
 * see it.
 */
export function intoView(_id: string): Attachment<HTMLElement> {
  return (node) => {
    node.scrollIntoView({ block: "nearest" });
    void tick().then(() => {
      toMarked(node);
    });
  };
}

/** The button that brought a set is done: Enter belongs to the set now, and would press that button again. */
function toMarked(head: HTMLElement): void {
  const held = document.activeElement;
  if (!(held instanceof HTMLElement) || !held.matches("button, a, summary")) return;
  if (held.closest("[data-answer], dialog") !== null) return;
  const marked = head.parentElement?.querySelector<HTMLElement>('[data-card][tabindex="0"]');
  marked?.focus({ preventScroll: true });
}
