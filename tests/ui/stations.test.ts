// Stations in the address: what Back, Forward, links and reloads open, and what they may not.
import { beforeEach, expect, test, vi } from "vitest";
import { Route } from "../../src/state/route.svelte.ts";
import type { Station } from "../../src/state/route.svelte.ts";
import { Stations } from "../../src/state/stations.svelte.ts";

/** The browser's history as far as the address goes: entries, and where in them one is. */
interface Tab {
  entries: string[];
  at: number;
  /** goes to another entry, as the buttons of a browser do */
  back: (by?: number) => void;
}

function tabAt(first: string): Tab {
  const listeners: (() => void)[] = [];
  const tell = (): void => listeners.forEach((listener) => listener());
  const tab: Tab = {
    entries: [first],
    at: 0,
    back: (by = -1) => {
      tab.at += by;
      tell();
    },
  };
  vi.stubGlobal("location", {
    pathname: "/",
    search: "",
    get hash() {
      return tab.entries[tab.at]!;
    },
    set hash(to: string) {
      tab.entries = [...tab.entries.slice(0, tab.at + 1), to];
      tab.at++;
      tell();
    },
  });
  vi.stubGlobal("history", {
    replaceState: (_: unknown, __: string, url: string) => {
      tab.entries[tab.at] = url.startsWith("#") ? url : "";
    },
  });
  vi.stubGlobal("addEventListener", (_: string, listener: () => void) => listeners.push(listener));
  return tab;
}

let locked: Set<Station>;
let left: string[];
beforeEach(() => {
  locked = new Set();
  left = [];
});

function stationsAt(hash: string): { stations: Stations; route: Route; tab: Tab } {
  const tab = tabAt(hash);
  const route = new Route(() => "#/?v=1&seed=7");
  const stations = new Stations(route, {
    locked: (station) => (locked.has(station) ? "Not yet." : null),
    leave: (from, to) => left.push(`${from}>${to}`),
  });
  stations.follow();
  return { stations, route, tab };
}

test("each station is an entry of the history, so that back leads to the one before", () => {
  const { stations, tab } = stationsAt("");
  stations.enter("reinforce");
  stations.enter("taste");
  stations.enter("taste");
  expect(tab.entries).toEqual(["", "#/reinforce?v=1&seed=7", "#/taste?v=1&seed=7"]);
  tab.back();
  expect(stations.now).toBe("reinforce");
  tab.back();
  expect(stations.now).toBe("rank");
  tab.back(1);
  expect([stations.now, tab.at]).toEqual(["reinforce", 1]);
  expect(left).toEqual(["rank>reinforce", "reinforce>taste", "taste>taste", "taste>reinforce", "reinforce>rank", "rank>reinforce"]); // prettier-ignore
});

test("a locked station is not entered by an address, which then says where one is", () => {
  const { stations, route, tab } = stationsAt("#/show");
  expect(stations.now).toBe("show");
  locked.add("taste");
  location.hash = "#/taste";
  expect([stations.now, tab.entries[tab.at]]).toEqual(["show", "#/show?v=1&seed=7"]);
  expect(route.place).toEqual({ page: "play", station: "show" });
});

test("a reload opens the station of the address once that is known to be open", () => {
  const first = stationsAt("#/taste?v=1");
  expect(first.stations.now).toBe("rank");
  first.stations.settle(false);
  expect([first.stations.now, first.tab.entries]).toEqual(["taste", ["#/taste?v=1"]]);
  locked.add("taste");
  const second = stationsAt("#/taste?v=1");
  second.stations.settle(false);
  expect([second.stations.now, second.tab.entries]).toEqual(["rank", ["#/?v=1&seed=7"]]);
  locked.clear();
  // whoever has begun to rank meanwhile is not taken away from it
  const third = stationsAt("#/taste?v=1");
  third.stations.settle(true);
  expect([third.stations.now, third.tab.entries]).toEqual(["rank", ["#/?v=1&seed=7"]]);
});

test("another page keeps the station, and a station leads back from it", () => {
  const { stations, route } = stationsAt("#/reinforce");
  stations.settle(false);
  location.hash = "#/paper";
  expect([stations.now, route.place.page]).toEqual(["reinforce", "paper"]);
  stations.settle(false);
  expect(route.place.page).toBe("paper");
  stations.enter("reinforce");
  expect(route.place).toEqual({ page: "play", station: "reinforce" });
});
