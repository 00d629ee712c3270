// How components reach the state of the page.
import { createContext } from "svelte";
import type { Play } from "../state/play.svelte.ts";

/** `getPlay()` in a component gives what App put there with `setPlay`. */
export const [getPlay, setPlay] = createContext<Play>();
