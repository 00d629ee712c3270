// Brings an element into view again whenever what it shows changes.
import type { Attachment } from "svelte/attachments";

/** For `{@attach intoView(id)}`: another id scrolls to the element, and no further than is needed to see it. */
export function intoView(_id: string): Attachment<HTMLElement> {
  return (node) => {
    node.scrollIntoView({ block: "nearest" });
  };
}
