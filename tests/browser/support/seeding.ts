// Fills the database of a profile with a project of very many judgements, without the page's own code.
import type { Page } from "puppeteer-core";

export interface Seeded {
  /** sets in the project */
  sets: number;
  /** judgements by `PEOPLE` others; none by the person who opens it */
  judgements: number;
}

/** Writers of the page come after those of the seeded events. */
export const SEEDED = "0199b7c1";
/** Id of the project. */
export const BIG = "0199b7c0-0000-7000-8000-00000000b16e";
const PEOPLE = 4;

/**
 * Writes the events and the rows that follow from them, as the page would have: K = 4, places drawn
 * from a seed, one judgement of each set by each of four people. The page must have made the database
 * and must not be open. Events are not sealed: their hashes are empty.
 */
export async function seedProject(page: Page, judgements: number): Promise<Seeded> {
  const sets = Math.ceil(judgements / PEOPLE);
  let progress: Progress = { ids: 0, state: 1, seqs: [] };
  // In slices, since a call of the page may not take minutes.
  for (let from = 0; from < sets; from += SLICE) {
    const wish = { sets, people: PEOPLE, project: BIG, from, to: Math.min(sets, from + SLICE) };
    progress = await page.evaluate(fill, wish, progress);
  }
  return { sets, judgements: sets * PEOPLE };
}

const SLICE = 2500;

interface Wish {
  sets: number;
  people: number;
  project: string;
  /** sets of this call */
  from: number;
  to: number;
}

/** Where one call ends and the next goes on. */
interface Progress {
  ids: number;
  state: number;
  seqs: number[];
}

/** Runs in the page. */
async function fill(
  { sets, people, project, from: first, to }: Wish,
  done: Progress,
): Promise<Progress> {
  const START = 1_760_000_000_000;
  let { ids, state } = done;
  const nextId = (): string => {
    const time = (START + ids++).toString(16).padStart(12, "0");
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
  };
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open("nudge");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(new Error(opening.error?.message));
  });
  const STORES = ["events", "judgements", "records", "projects", "meta"];
  const written = (write: (put: (store: string, row: unknown) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const tx = db.transaction(STORES, "readwrite", { durability: "relaxed" });
      write((store, row) => void tx.objectStore(store).put(row));
      tx.oncomplete = () => resolve();
      tx.onabort = () => reject(new Error(tx.error?.message));
    });
  const writers = Array.from(
    { length: people + 1 },
    (_, i) => `0199b7c0-0000-7000-8000-00000000000${i}`,
  );
  const seqs = first === 0 ? writers.map(() => 0) : done.seqs;
  const eventOf = (who: number, kind: string, task: string, body: unknown): Record<string, unknown> => ({
    writer: writers[who], seq: seqs[who]!++, id: nextId(), v: 1, t: START + ids, project, task, annotator: `a_${who}`,
    session: writers[who], kind, body, prev: "", hash: "",
  }); // prettier-ignore
  const settings = {
    k: 4,
    overall: false,
    labels: [],
    own: [],
    strength: false,
    overlap: people + 1,
    // what new projects begin with
    schedule: { policy: "bald", explore: 0.2, gold: [], goldEvery: 10, repeatEvery: 0 },
  };
  if (first === 0)
    await written((put) => {
      const event = eventOf(people, "project.create", "", {
        name: "Big",
        settings,
        archived: false,
      });
      const { id, t } = event;
      put("events", event);
      const stamps = { name: id, settings: id, archived: id };
      put("projects", { id: project, name: "Big", settings, archived: false, created: t, guidelines: [], stamps }); // prettier-ignore
    });
  const answer = (i: number, j: number): Record<string, unknown> => ({
    cid: `c_${i}_${j}`, rank: 0, completion: [{ role: "assistant", content: `Answer ${j} to prompt ${i}.` }],
    model: "", checkpoint: "", step: 0, seed: 0, temperature: 1, top_k: 0, top_p: 1, n_tokens: 0, logprob: 0, finish: "",
    author: "model", ratings: [], note: "",
  }); // prettier-ignore
  const BATCH = 200;
  for (let from = first; from < to; from += BATCH) {
    const range = Array.from({ length: Math.min(BATCH, to - from) }, (_, i) => from + i);
    const items = range.map((i) => ({
      schema: "prefs.item", v: 1, id: `i_${i}`, format: "text", context: [{ role: "user", content: `Prompt ${i}?` }],
      completions: [0, 1, 2, 3].map((j) => answer(i, j)), extra: "",
    })); // prettier-ignore
    await written((put) => {
      const added = eventOf(people, "records.add", "", {
        batch: "b",
        source: "big.jsonl",
        records: items,
      });
      put("events", added);
      items.forEach((record, i) => {
        const at = `${String(added["id"])}.${String(i).padStart(6, "0")}`;
        put("records", {
          project,
          id: record.id,
          batch: "b",
          source: "big.jsonl",
          at,
          schema: record.schema,
          record,
        });
      });
      for (const item of items)
        for (let who = 0; who < people; who++) {
          const first = below(4);
          const rest = [0, 1, 2, 3].filter((j) => j !== first);
          const ranking = {
            schema: "prefs.ranking", v: 1, id: "", project: "", task: item.id, format: "text", question: "overall", context: item.context,
            completions: item.completions.map((one, j) => ({ ...one, rank: j === first ? 0 : 1 })), ranking: [[first], rest],
            unranked: [], strengths: [0], all_bad: false, outcome: "ranked", confidence: 0, shown: [0, 1, 2, 3], layout: "list", blind: true,
            guideline: "", preset: "", annotator: "", session: "", started: "", submitted: "", active_ms: 1000 + below(9000), idle_ms: 0,
            hidden_ms: 0, moves: 3, undos: 0, gold: "", gold_pass: false, select_policy: "", select_score: 0, propensity: 0, revision: 1,
            supersedes: "", skip_reason: "", flags: [], note: "", app: "nudge", hash: "", extra: "",
          }; // prettier-ignore
          const decision = { ranking, demonstration: null };
          const task = `${project}:${item.id}`;
          const event = eventOf(who, "ranking.submit", task, { decision, supersedes: "", revision: 1 }); // prettier-ignore
          put("events", event);
          const { id, annotator, session, t } = event;
          put("judgements", { event: id, project, task, annotator, session, t, revision: 1, supersedes: "", state: "submitted", judgement: null, decision, reason: "" }); // prettier-ignore
        }
    });
  }
  if (to === sets)
    await written((put) => {
      const events = seqs.reduce((sum, n) => sum + n, 0);
      put("meta", { key: "projection", events, folded: events, fold: 1 });
      writers.forEach((writer, i) =>
        put("meta", { key: `head:${writer}`, seq: seqs[i]! - 1, hash: "" }),
      );
    });
  db.close();
  return { ids, state, seqs };
}
