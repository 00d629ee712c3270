// Which page the address names, and what is open in it. The query stays the run's.

export const COLLECT_TABS = [
  "judge",
  "data",
  "guideline",
  "history",
  "quality",
  "train",
  "export",
] as const;
export type CollectTab = (typeof COLLECT_TABS)[number];

export const PAPER_PARTS = ["results", "samples", "csv"] as const;
export type PaperPart = (typeof PAPER_PARTS)[number];

export const STATIONS = ["show", "rank", "reinforce", "taste"] as const;
export type Station = (typeof STATIONS)[number];

export type Place =
  | { readonly page: "play"; readonly station: Station }
  /** where the data is kept: copies, backups, erasing */
  | { readonly page: "storage" }
  /** `kernel` null: the list; `plans`: the printed plans instead */
  | { readonly page: "kernels"; readonly kernel: string | null; readonly plans: boolean }
  /** `project` null: the list of projects */
  | { readonly page: "collect"; readonly project: string | null; readonly tab: CollectTab }
  | { readonly page: "paper"; readonly part: PaperPart }
  /** `name` null: the list of documents; `anchor` a heading of one */
  | { readonly page: "documents"; readonly name: string | null; readonly anchor: string | null };

/** Where the program begins: the address without a hash. */
const START: Place = { page: "play", station: "rank" };

/** The place that a hash such as "#/kernels/matmul?v=1" names; the ranking station where it names none. */
export function placeOf(hash: string): Place {
  const [path = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, name = "", part = ""] = path.split("/");
  if (page === "collect") {
    const tab = COLLECT_TABS.find((one) => one === part) ?? "judge";
    return { page, project: wordOf(name), tab };
  }
  if (page === "storage") return { page };
  if (page === "paper") return { page, part: PAPER_PARTS.find((one) => one === name) ?? "results" };
  if (page === "documents") return { page, name: wordOf(name), anchor: wordOf(part) };
  const station = STATIONS.find((one) => one === page);
  if (station !== undefined) return { page: "play", station };
  if (page !== "kernels") return START;
  if (name === "plans") return { page, kernel: null, plans: true };
  return { page, kernel: /^\w{1,64}$/.test(name) ? name : null, plans: false };
}

function wordOf(text: string): string | null {
  return /^[\w-]{1,64}$/.test(text) ? text : null;
}

/** The path of a place, without "#/" and the query. */
function pathOf(place: Place): string {
  if (place.page === "play") return place.station === "rank" ? "" : place.station;
  if (place.page === "storage") return "storage";
  if (place.page === "collect") {
    const { project, tab } = place;
    if (project === null) return "collect";
    return tab === "judge" ? `collect/${project}` : `collect/${project}/${tab}`;
  }
  if (place.page === "paper") return place.part === "results" ? "paper" : `paper/${place.part}`;
  if (place.page === "documents") {
    return ["documents", place.name, place.anchor].filter((part) => part !== null).join("/");
  }
  if (place.plans) return "kernels/plans";
  return place.kernel === null ? "kernels" : `kernels/${place.kernel}`;
}

/** The hash of a place; `query` is what encodeConfig gave, "" or "#/?...". */
export function hashOf(place: Place, query = ""): string {
  return `#/${pathOf(place)}${query.replace(/^#\/?/, "")}`;
}

export class Route {
  place = $state.raw<Place>(START);
  /** where somebody was at work before what is read: the place that the pages for reading lead back to */
  work = $state.raw<Place>(START);
  #query: () => string;

  /** @param query what encodeConfig gives now */
  constructor(query: () => string) {
    this.#query = query;
  }

  /** Reads the address now and whenever it changes: links, back and forward. */
  follow(arrived: (place: Place) => void): void {
    this.#read();
    addEventListener("hashchange", () => {
      this.#read();
      arrived(this.place);
    });
  }

  #read(): void {
    this.place = placeOf(location.hash);
    if (this.place.page === "play" || this.place.page === "collect") this.work = this.place;
  }

  /** The address of a place, with the run's settings as they are. */
  href(place: Place): string {
    return hashOf(place, this.#query());
  }

  /** Goes to a place, as a link would. */
  go(place: Place): void {
    location.hash = this.href(place);
  }

  /** Puts the run's settings into the address of this place. */
  rewrite(): void {
    const hash = this.href(this.place);
    history.replaceState(null, "", hash === "#/" ? location.pathname + location.search : hash);
  }

  /** Puts another place in the place of this one, which the browser's history then has not. */
  replace(place: Place): void {
    this.place = place;
    this.work = place;
    this.rewrite();
  }
}
