// What is drawn next, of how many, when the models are asked, and that every draw can be drawn again.
import { describe, expect, test } from "vitest";
import { pickNext } from "../../src/quality/next.ts";
import { Chooser, POOL } from "../../src/state/collect/chooser.ts";
import type { Select, Waiting } from "../../src/state/collect/chooser.ts";
import { DEFAULT_SCHEDULE, NEW_SCHEDULE } from "../../src/storage/projects.ts";

/** Sets that wait; `judge` takes one away. */
class Sets implements Waiting {
  readonly #ids: string[];

  constructor(n: number) {
    this.#ids = Array.from({ length: n }, (_, i) => `i${i}`);
  }

  get waiting(): number {
    return this.#ids.length;
  }

  waitingAt(k: number): string {
    return this.#ids[k] ?? "";
  }

  isWaiting(item: string): boolean {
    return this.#ids.includes(item);
  }

  judge(item: string): void {
    this.#ids.splice(this.#ids.indexOf(item), 1);
  }
}

/** The draw of the worker, with scores that follow from the ids. */
function models() {
  const asked: Parameters<Select>[] = [];
  const select: Select = async (...call) => {
    asked.push(call);
    const [, ids, options] = call;
    const candidates = ids.map((id) => ({ id, scores: [[Number(id.slice(1)), 0], [0, 0]] })); // prettier-ignore
    return { picks: pickNext(candidates, options), rankings: 20 };
  };
  return { asked, select };
}

const MOST = 3;

/** Judges sets one after the other; the names in the order they came, with what was logged. */
async function visit(
  sets: Sets,
  select: Select,
  judged: number,
  n: number,
  schedule = NEW_SCHEDULE,
) {
  const chooser = new Chooser("p", select);
  const logged: { item: string; policy: string; propensity: number }[] = [];
  const fallbacks: (string | null)[] = [];
  for (let i = 0; i < n; i++) {
    const [first] = await chooser.next(() => sets, schedule, judged + i, MOST);
    if (first === undefined) break;
    const { select_policy: policy, propensity } = first.chosen;
    logged.push({ item: first.item, policy, propensity });
    fallbacks.push(chooser.fallback);
    sets.judge(first.item);
  }
  return { logged, fallbacks };
}

describe("a chooser", () => {
  test("begins with 80/20 by disagreement: at random until five judgements, and says so", async () => {
    expect(NEW_SCHEDULE).toMatchObject({ policy: "bald", explore: 0.2 });
    const { asked, select } = models();
    const { logged, fallbacks } = await visit(new Sets(300), select, 0, 60);
    const from = logged.findIndex(({ policy }) => policy === "bald");
    expect(from).toBeGreaterThanOrEqual(5);
    expect(from).toBeLessThanOrEqual(20);
    expect(fallbacks.slice(0, 5)).toEqual(Array(5).fill("few"));
    expect(fallbacks.at(-1)).toBeNull();
    expect(asked.every(([, , { policy, explore }]) => policy === "bald" && explore === 0.2)).toBe(true); // prettier-ignore
    const later = logged.slice(from);
    const byModels = later.filter(({ policy }) => policy === "bald").length / later.length;
    expect(byModels).toBeGreaterThan(0.6);
    expect(byModels).toBeLessThan(0.98);
    expect(new Set(logged.map(({ item }) => item)).size).toBe(60);
    for (const { propensity } of logged) {
      expect(propensity).toBeGreaterThan(0);
      expect(propensity).toBeLessThanOrEqual(1);
    }
  });

  test("asks no models for the first set of a visit, so that nobody waits for them", async () => {
    let answer: () => void = () => undefined;
    const never: Select = () => new Promise((resolve) => (answer = () => resolve({ picks: [], rankings: 9 }))); // prettier-ignore
    const { logged } = await visit(new Sets(40), never, 1000, 1);
    expect(logged).toMatchObject([{ policy: "random", propensity: 1 / 40 }]);
    answer();
  });

  test("takes sets at random while the models are late, each logged as that, and theirs when they come", async () => {
    const { select } = models();
    let come: () => void = () => undefined;
    const late = new Promise<void>((resolve) => (come = resolve));
    const slow: Select = async (...call) => {
      await late;
      return select(...call);
    };
    const sets = new Sets(40);
    const chooser = new Chooser("p", slow);
    const seen: string[] = [];
    const judge = async (judged: number) => {
      const [first] = await chooser.next(() => sets, NEW_SCHEDULE, judged, MOST);
      expect(first).toBeDefined();
      seen.push(first?.item ?? "");
      sets.judge(first?.item ?? "");
      return first?.chosen;
    };
    for (let i = 0; i < 4; i++) {
      expect(await judge(50 + i)).toMatchObject({
        select_policy: "random",
        propensity: 1 / (40 - i),
      });
    }
    come();
    await new Promise((resolve) => setTimeout(resolve));
    const logged = [];
    for (let i = 4; i < 14; i++) logged.push((await judge(50 + i))?.select_policy);
    expect(logged).toContain("bald");
    expect(new Set(seen).size).toBe(14);
  });

  test("goes on at random when all that was drawn ahead has been judged elsewhere", async () => {
    const gone: Select = async () => ({
      picks: [{ id: "elsewhere", policy: "bald", score: 1, propensity: 0.5 }],
      rankings: 20,
    });
    const { logged } = await visit(new Sets(6), gone, 50, 9);
    expect(logged.map(({ policy }) => policy)).toEqual(Array(6).fill("random"));
  });

  test("draws the same again from the same seed, with and without the models", async () => {
    const failing: Select = () => Promise.reject(new Error("no worker"));
    for (const select of [models().select, failing]) {
      const twice = [await visit(new Sets(80), select, 7, 30), await visit(new Sets(80), select, 7, 30)]; // prettier-ignore
      expect(twice[1]).toEqual(twice[0]);
      const other = await visit(new Sets(80), select, 8, 30);
      expect(other.logged).not.toEqual(twice[0]?.logged);
    }
    const { logged, fallbacks } = await visit(new Sets(80), failing, 7, 30);
    expect(fallbacks.slice(1)).toEqual(Array(29).fill("failed"));
    expect(new Set(logged.map(({ policy }) => policy))).toEqual(new Set(["random"]));
  });

  test("draws out of a thousand when more wait, each logged with its probability among all", async () => {
    const { asked, select } = models();
    const { logged } = await visit(new Sets(5000), select, 50, 12);
    for (const [, ids] of asked) {
      expect(ids.length).toBeLessThanOrEqual(POOL);
      expect(ids.length).toBeGreaterThan(POOL - 12);
      expect(new Set(ids).size).toBe(ids.length);
    }
    const random = logged.filter(({ policy }) => policy === "random");
    expect(random.length).toBeGreaterThan(0);
    expect(logged[0]?.propensity).toBeCloseTo(1 / 5000, 8);
    for (const { propensity } of logged) expect(propensity).toBeLessThanOrEqual(0.2 + 1e-9);
  });

  test("keeps the order of projects that are older than any schedule", async () => {
    const { asked, select } = models();
    const { logged } = await visit(new Sets(4), select, 0, 9, DEFAULT_SCHEDULE);
    expect(logged.map(({ item }) => item)).toEqual(["i0", "i1", "i2", "i3"]);
    expect(logged[0]).toMatchObject({ policy: "order", propensity: 1 });
    expect(asked).toEqual([]);
  });
});
