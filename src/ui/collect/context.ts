// How the components of the collection page reach its state.
import { createContext } from "svelte";
import type { Collect } from "../../state/collect/collect.svelte.ts";

/** `getCollect()` in a component gives what CollectPage put there. */
export const [getCollect, setCollect] = createContext<Collect>();
