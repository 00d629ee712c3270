// Which station of the Play page is open. Its name is in the address, so that Back leads to the one before.
import type { Place, Route, Station } from "./route.svelte.ts";

export interface StationRules {
  /** why a station cannot be entered; null where it can */
  readonly locked: (station: Station) => string | null;
  /** called before another station opens */
  readonly leave: (from: Station, to: Station) => void;
}

export class Stations {
  now = $state<Station>("rank");
  readonly #route: Route;
  readonly #rules: StationRules;

  constructor(route: Route, rules: StationRules) {
    this.#route = route;
    this.#rules = rules;
  }

  /** Follows the address from now on: links, Back and Forward. */
  follow(): void {
    this.#route.follow((place) => this.#arrive(place));
    const { place } = this.#route;
    // what else an address may name opens when it is known what was done before: see `settle`
    if (place.page === "play" && place.station === "show") this.now = "show";
  }

  /**
   * Opens the station that the address names, now that it is known which are open.
   * @param stay the person has begun something here meanwhile
   */
  settle(stay: boolean): void {
    const { place } = this.#route;
    if (!stay) this.#arrive(place);
    else if (place.page === "play") this.#route.replace({ page: "play", station: this.now });
  }

  /** Opens a station, as a new entry of the browser's history. */
  enter(station: Station): void {
    this.#open(station);
    const { place } = this.#route;
    const there = place.page === "play" && place.station === station;
    if (!there) this.#route.go({ page: "play", station });
  }

  #arrive(place: Place): void {
    if (place.page !== "play" || place.station === this.now) return;
    if (this.#rules.locked(place.station) === null) this.#open(place.station);
    else this.#route.replace({ page: "play", station: this.now });
  }

  #open(station: Station): void {
    this.#rules.leave(this.now, station);
    this.now = station;
  }
}
