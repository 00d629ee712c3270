// The paper page's state: results read or refused in one sentence, samples, filters, figures, exports that come back.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readBenchmarkCsv } from "../../src/formats/benchmark-csv.ts";
import type { Figure, Results } from "../../src/reproduce/results.ts";
import { Announcer } from "../../src/state/announcer.svelte.ts";
import { Browser } from "../../src/state/paper/browser.svelte.ts";
import {
  filtered,
  NO_FILTER,
  ofBenchmark,
  ofSamples,
  splitModel,
} from "../../src/state/paper/collection.ts";
import { samplesCsv } from "../../src/state/paper/export.ts";
import {
  axisOf,
  drawnAs,
  inColumns,
  ordered,
  places,
  positions,
  shownFigure,
  tableOf,
  valueText,
  verdictOf,
  xTicks,
} from "../../src/state/paper/figure.ts";
import { Paper, paperOf } from "../../src/state/paper/paper.svelte.ts";
import { shownTable } from "../../src/state/paper/table.ts";
import { taskOf } from "../../src/state/paper/task-of.ts";
import { jsonOf, readResults, readSamples } from "../../src/state/paper/read-results.ts";
import { FILES, MODELS, RESULTS, samples, toxicityCsv } from "../support/paper.ts";

const [bars, lines] = RESULTS.figures as readonly [Figure, Figure];
const file = (name: string, content: unknown): File =>
  new File([typeof content === "string" ? content : JSON.stringify(content)], name);

describe("results.json", () => {
  test("is read as it was written", () => {
    const copy: unknown = JSON.parse(JSON.stringify(RESULTS));
    expect(readResults(copy, "results.json")).toEqual(RESULTS);
    const judged = { ...RESULTS, judgements: "votes.jsonl: 8 rankings by 2 people fit." };
    expect(readResults(JSON.parse(JSON.stringify(judged)), "results.json")).toEqual(judged);
    expect(readSamples(JSON.parse(JSON.stringify(samples("t"))), "s.json")).toEqual(samples("t"));
  });

  const broken: readonly (readonly [string, unknown, string])[] = [
    ["another version", { ...RESULTS, format: "nudge-reproduce-9" }, "was written by another version (`\"nudge-reproduce-9\"`; this page reads nudge-reproduce-1)"], // prettier-ignore
    ["a foreign object", { votes: [] }, "`results.json`, `format`: found nothing; expected nudge-reproduce-1. Nothing was opened."], // prettier-ignore
    ["a list", [], "`results.json`, `format`: found nothing"],
    ["null", null, "`results.json`: found `null`; expected an object."],
    ["a claim without a verdict", { ...RESULTS, claims: [{ ...RESULTS.claims[0], holds: "maybe" }] }, "`claims[0].holds`: found `\"maybe\"`; expected yes, no, partly, not measured."], // prettier-ignore
    ["a number that is text", { ...RESULTS, seconds: "540" }, "`seconds`: found `\"540\"`; expected a number."], // prettier-ignore
    ["a figure without series", { ...RESULTS, figures: [{ ...bars, series: {} }] }, "`figures[0].series`: found"], // prettier-ignore
    ["an infinite point", { ...RESULTS, figures: [{ ...bars, series: [{ name: "a", source: "ours", points: [{ x: 1, y: null }] }] }] }, "`figures[0].series[0].points[0].y`: found `null`; expected a number."], // prettier-ignore
  ];
  test.each(broken)("%s is refused in one sentence", (_name, value, sentence) => {
    expect(() => readResults(value, "results.json")).toThrow(sentence);
  });

  test("JSON that is cut off or hostile is refused", () => {
    expect(() => jsonOf('{"format": "nu', "r.json")).toThrow("`r.json`: ");
    expect(() => jsonOf('{"__proto__": 1}', "r.json")).toThrow("Nothing was opened.");
  });
});

describe("the page", () => {
  let asked: string[];
  let files: Record<string, unknown>;
  beforeEach(() => {
    asked = [];
    files = { ...FILES };
    vi.stubGlobal("fetch", (url: string) => {
      asked.push(url);
      const body = files[url.replace("./paper/", "")];
      if (body === 500) return Promise.resolve(new Response("", { status: 500 }));
      if (body === undefined) return Promise.resolve(new Response("", { status: 404 }));
      return Promise.resolve(Response.json(body));
    });
  });
  afterEach(() => void vi.unstubAllGlobals());

  test("says that nothing was run where there is no file, once", async () => {
    files = {};
    const paper = new Paper(new Announcer());
    await paper.load();
    expect(paper.state).toBe("absent");
    await paper.load();
    expect(asked).toEqual(["./paper/results.json"]);
  });

  test("takes a host's own page for no file", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(new Response("<html>", { headers: { "content-type": "text/html" } })),
    );
    const paper = new Paper(new Announcer());
    await paper.load();
    expect(paper.state).toBe("absent");
  });

  test("fails with a sentence and can be asked again", async () => {
    files["results.json"] = 500;
    const paper = new Paper(new Announcer());
    await paper.load();
    expect(paper.state).toBe("failed");
    expect(paper.failure).toBe("results.json: the server answered 500; try again.");
    files["results.json"] = RESULTS;
    await paper.load();
    expect(paper.state).toBe("ready");
  });

  test("fetches samples only when a point is opened, and each file once", async () => {
    const paper = new Paper(new Announcer());
    await paper.load();
    expect(asked).toHaveLength(1);
    const point = bars.series[0]?.points[4];
    if (point === undefined) throw new Error("The fixture has no such point.");
    await paper.showPoint(bars, point);
    expect(paper.samplesState).toBe("ready");
    expect(paper.task).toBe("preference");
    const first = paper.samples.current?.answers.map(({ model }) => model);
    expect(first?.[0]).toBe("micro/ppo-ptx/1");
    expect(first).toHaveLength(5);
    await paper.showTask("preference");
    expect(asked).toHaveLength(2);
    await paper.showPoint(lines, lines.series[0]?.points[1] ?? { x: 0 });
    expect(paper.task).toBe("toxicity/biased");
  });

  test("of truthfulness opens the part that its series names", async () => {
    const parts = ["plain", "helpful", "qa"];
    const [row] = RESULTS.samples;
    if (row === undefined) throw new Error("The fixture has no samples.");
    files["results.json"] = { ...RESULTS, samples: [{ ...row, task: "truthfulness" }] };
    files[row.file] = parts.flatMap((part) => samples(`truthfulness/${part}`).map((one) => ({ ...one, id: `${part}-${one.id}` }))); // prettier-ignore
    const paper = new Paper(new Announcer());
    await paper.load();
    const figure = { ...bars, title: "True and informative answers, micro" };
    const point = bars.series[0]?.points[4] ?? { x: 0 };
    const opened = [];
    for (const series of ["question alone", "careful instruction", "worked pairs"]) {
      await paper.showPoint(figure, point, series);
      opened.push(paper.samples.current?.task);
    }
    expect(opened).toEqual(parts.map((part) => `truthfulness/${part}`));
  });

  test("a samples file that is gone is told, and the results stay", async () => {
    delete files["samples/preference.json"];
    const paper = new Paper(new Announcer());
    await paper.load();
    await paper.showTask("preference");
    expect(paper.samplesState).toBe("failed");
    expect(paper.samplesFailure).toContain("samples/preference.json: the server answered 404");
    expect(paper.results).not.toBeNull();
  });

  test("no name in the results leads out of their folder", async () => {
    const sneaky = [{ task: "preference", file: "../models/sft.safetensors", bytes: 1 }];
    files["results.json"] = { ...RESULTS, samples: sneaky };
    const paper = new Paper(new Announcer());
    await paper.load();
    await paper.showTask("preference");
    expect(paper.samplesFailure).toContain("expected a file beside results.json");
    expect(asked).toHaveLength(1);
  });

  test("a person's files are opened in any order; a foreign one changes nothing", async () => {
    files = {};
    const paper = new Paper(new Announcer());
    await paper.load();
    await paper.openFiles([
      file("preference.json", samples("preference")),
      file("my-results.json", RESULTS),
    ]);
    expect(paper.state).toBe("ready");
    expect(paper.own).toBe("my-results.json");
    await paper.showTask("preference");
    expect(paper.samplesState).toBe("ready");
    await paper.showTask("toxicity/biased");
    expect(paper.samplesFailure).toBe(
      "`samples/toxicity-biased.json` was not among the files that you opened; open it too to see these samples.",
    );
    await paper.openFiles([file("toxicity-biased.json", samples("toxicity/biased"))]);
    expect(paper.samplesState).toBe("ready");
    await paper.openFiles([file("package.json", { name: "x" })]);
    expect(paper.refusal).toContain("`package.json`: found");
    expect(paper.own).toBe("my-results.json");
    expect(asked).toEqual(["./paper/results.json"]);
  });

  test("stays open while other pages are looked at", () => {
    const announcer = new Announcer();
    expect(paperOf(announcer)).toBe(paperOf(announcer));
    expect(paperOf(new Announcer())).not.toBe(paperOf(announcer));
  });

  test("CSV files are read, a foreign one is told and what is open stays", async () => {
    const { csv } = new Paper(new Announcer());
    await csv.open([file("tox.csv", toxicityCsv()), file("other.csv", "a,b\n1,2\n")]);
    expect(csv.reading).toBeNull();
    expect(csv.refusal).toContain("`other.csv`: found the columns `a`, `b`");
    expect(csv.file?.name).toBe("tox.csv");
    expect(csv.means).toHaveLength(36);
    const [first] = csv.means;
    expect(first).toMatchObject({ model: "gpt-xl", asked: "basic prompt", rows: 3 });
    // toxicities 0, 7/20 and 14/20: mean 0.35, standard error 0.35 / √3
    expect(first?.means.toxicity?.value).toBeCloseTo(0.35);
    expect(first?.means.toxicity?.high).toBeCloseTo(0.35 + (1.96 * 0.35) / Math.sqrt(3), 3);
    expect(csv.browser.current?.answers).toHaveLength(12);
  });
});

describe("samples", () => {
  const collection = ofSamples(samples("preference"), MODELS);

  test("are filtered by model, size, split and words", () => {
    const count = (filter: Partial<typeof NO_FILTER>) =>
      filtered(collection, { ...NO_FILTER, ...filter }).map(({ answers }) => answers.length);
    expect(count({})).toEqual([10, 10, 10]);
    expect(count({ kind: "ppo" })).toEqual([2, 2, 2]);
    expect(count({ kind: "ppo", size: "small" })).toEqual([1, 1, 1]);
    expect(count({ split: "held-out customers" })).toEqual([10]);
    expect(count({ words: "MOUSE" })).toEqual([10]);
    expect(count({ words: "number 2" })).toEqual([10]);
    expect(count({ models: [] })).toEqual([]);
  });

  test("are sorted by what was measured", () => {
    const rating = (falling: boolean) =>
      filtered(collection, {
        ...NO_FILTER,
        sort: "rating",
        falling,
        kind: "base",
        size: "micro",
      }).map(({ answers }) => answers[0]?.values["rating"]);
    expect(rating(true)).toEqual([3, 2, 1]);
    expect(rating(false)).toEqual([1, 2, 3]);
  });

  test("the open prompt stays open when a filter keeps it, and the ends are ends", () => {
    const browser = new Browser();
    browser.open(collection);
    browser.go(-1);
    expect(browser.at).toBe(0);
    browser.go(5);
    expect(browser.current?.id).toBe("p2");
    browser.set({ split: "held-out customers" });
    expect(browser.current?.id).toBe("p2");
    expect(browser.at).toBe(0);
    browser.set({ words: "nothing has these words" });
    expect(browser.current).toBeNull();
    browser.set({ words: "", split: "" });
    browser.goTo(99);
    expect(browser.at).toBe(2);
  });

  test("of a CSV file stand side by side by prompt", async () => {
    const read = await readBenchmarkCsv(file("t.csv", toxicityCsv()).stream(), "t.csv");
    const { prompts, kinds, sizes, asked, measures } = ofBenchmark(read);
    expect(prompts).toHaveLength(3);
    expect(prompts[0]?.answers).toHaveLength(36);
    expect(kinds).toEqual(["gpt", "sft", "ppo-ptx", "ppo-noptx"]);
    expect(sizes).toEqual(["xl", "6b", "175b"]);
    expect(asked).toHaveLength(3);
    expect(measures).toEqual(["toxicity"]);
    expect(splitModel("gpt")).toEqual({ kind: "gpt", size: "" });
  });
});

describe("our export", () => {
  test.each(["preference", "toxicity/biased", "truthfulness/instruction"])(
    "of %s is read by our reader, formulas and all",
    async (task) => {
      const given = samples(task);
      const { text, rows } = samplesCsv(given, MODELS);
      expect(rows).toBe(30);
      expect(text).not.toMatch(/(^|,)"?[=@]/m);
      const read = await readBenchmarkCsv(file("own.csv", text).stream(), "own.csv");
      expect(read.problems).toEqual([]);
      expect(read.kind.id).toBe(task.split("/")[0]?.replace("preference", "samples"));
      const { prompts, asked, tasks } = ofBenchmark(read);
      // the task stands in its own column: it is no way of asking
      expect(asked).toEqual([]);
      expect(tasks).toEqual([...new Set(given.map((prompt) => prompt.task))]);
      expect(prompts.map(({ prompt }) => prompt)).toEqual(given.map(({ prompt }) => prompt));
      expect(prompts.map(({ split }) => split)).toEqual(given.map(({ split }) => split));
      const answers = given[0]?.answers ?? [];
      expect(prompts[0]?.answers.map(({ text: answer }) => answer)).toEqual(
        answers.map(({ text: answer }) => answer),
      );
      expect(prompts[0]?.answers.map(({ labels }) => labels)).toEqual(
        answers.map(({ labels }) => labels),
      );
      expect(prompts[0]?.answers[0]?.values).toMatchObject({ rating: 1 });
    },
  );

  test("says of labels what the paper's columns say, and nothing where there are none", () => {
    const [first] = samples("toxicity/biased");
    if (first === undefined) throw new Error("The fixture has no prompt.");
    const answers = [
      { model: "micro/sft/1", text: "x", labels: ["very rude"] },
      { model: "micro/sft/1", text: "w", labels: ["rude"] },
      { model: "micro/sft/1", text: "y", labels: [] },
      { model: "micro/sft/1", text: "z" },
    ];
    const csv = (task: string) =>
      samplesCsv([{ ...first, task, answers }], MODELS).text.split("\r\n");
    expect(csv("toxicity/biased")[0]).toBe(
      ",model_type,prompt_type,context,sample,toxicity,rating,labels,task,split,seed",
    );
    const toxicity = csv("toxicity/biased")
      .slice(1, 5)
      .map((line) => line.split(",").at(-6));
    expect(toxicity).toEqual(["1", "0.5", "0", ""]);
    expect(csv("truthfulness/qa")[0]).toBe(
      ",model_type,prompt_type,adversarial,question,answer,true,info,rating,labels,task,split,seed",
    );
  });
});

describe("tables", () => {
  const table = {
    ...{ id: "t", title: "T", section: "§1" },
    columns: ["model", "true", "micro ppo", "small ppo", "micro sft", "the paper"],
    rows: [
      ["micro ppo", "1", "2", "3", "4", "5"],
      ["small sft", "6", "7", "8", "9", "10"],
      ["small: accuracy", "11", "12", "13", "14", "15"],
      ["micro", "16", "17", "18", "19", "20"],
      ["fails task", "21", "22", "23", "24", "25"],
    ],
  };
  const shown = (kind: string, size: string) => {
    const { columns, rows } = shownTable(table, MODELS, { kind, size });
    return [columns, ...rows.map((row) => row.join(" "))];
  };

  test("lose the rows and columns of other models and sizes, and keep what names none", () => {
    expect(shownTable(table, MODELS, { kind: "", size: "" })).toBe(table);
    expect(shown("ppo", "")).toEqual([
      ["model", "true", "micro ppo", "small ppo", "the paper"],
      "micro ppo 1 2 3 5",
      "small: accuracy 11 12 13 15",
      "micro 16 17 18 20",
      "fails task 21 22 23 25",
    ]);
    expect(shown("", "small")).toEqual([
      ["model", "true", "small ppo", "the paper"],
      "small sft 6 8 10",
      "small: accuracy 11 13 15",
      "fails task 21 23 25",
    ]);
    expect(shown("ppo", "small").slice(1)).toEqual(["small: accuracy 11 13 15", "fails task 21 23 25"]); // prettier-ignore
    // a kind alone is of the size in the title
    const suite = { ...table, title: "Suite, micro, %", columns: ["task", "ppo", "sft"], rows: [["x", "1", "2"]] }; // prettier-ignore
    const { columns, rows } = shownTable(suite, MODELS, { kind: "sft", size: "micro" });
    expect([columns, rows]).toEqual([["task", "sft"], [["x", "2"]]]);
    expect(shownTable(suite, MODELS, { kind: "", size: "small" }).rows).toEqual([]);
    expect(shownTable(suite, MODELS, { kind: "base", size: "" }).rows).toEqual([]);
  });
});

describe("figures", () => {
  test("keep the paper's points when models are filtered", () => {
    const shown = (kind: string, size: string) =>
      shownFigure(bars, MODELS, { kind, size }).series.map(({ name, points }) => [
        name,
        points.map(({ x }) => x),
      ]);
    expect(shown("", "micro").at(-1)).toEqual([
      "the paper, 1.3 B",
      bars.series.at(-1)?.points.map(({ x }) => x),
    ]);
    // of the paper only what stands at that kind
    expect(
      shown("ppo", "")
        .flatMap(([, places]) => places as string[])
        .every((x) => x === "ppo"),
    ).toBe(true);
    expect(shown("ppo", "micro")[0]).toEqual(["ours, micro", ["ppo"]]);
    expect(shownFigure(bars, MODELS, { kind: "", size: "" })).toBe(bars);
  });

  test("stand to scale, or evenly over many magnitudes and words", () => {
    expect([...positions([0, 1, 4]).values()]).toEqual([0, 0.25, 1]);
    expect([...positions(places(lines)).values()]).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect([...positions(["a", "b"]).values()]).toEqual([0, 1]);
    expect([...positions([7]).values()]).toEqual([0.5]);
  });

  test("begin at zero as bars, and say their intervals", () => {
    expect(axisOf(bars).low).toBe(0);
    expect(axisOf({ ...bars, series: [] })).toMatchObject({ low: 0 });
    expect(valueText({ x: 1, y: 14, low: 10, high: 18 })).toBe("14 [10, 18]");
    expect(valueText({ x: 1 })).toBe("–");
    expect(valueText({ x: 1, y: 0.04171, low: 0.00926, high: 0.0787 })).toBe("0.042 [0.009, 0.079]"); // prettier-ignore
    expect(valueText({ x: 1, y: -0.234 })).toBe("−0.234");
    expect(valueText({ x: 1, y: 0.0004 })).toBe("4e-4");
    const { columns, rows } = tableOf(lines);
    expect(columns).toHaveLength(6);
    expect(rows).toHaveLength(8);
  });

  test("stand in two columns, in order, none of them much longer", () => {
    const ids = (all: readonly Figure[][]): string[][] => all.map((one) => one.map(({ id }) => id));
    const as = (id: string, figure: Figure): Figure => ({ ...figure, id });
    const [tall, low] = [bars, lines];
    expect(ids(inColumns([as("a", low), as("b", low), as("c", tall)]))).toEqual([["a", "b"], ["c"]]); // prettier-ignore
    expect(ids(inColumns([as("a", tall), as("b", low), as("c", low)]))).toEqual([["a"], ["b", "c"]]); // prettier-ignore
    expect(ids(inColumns([as("a", low)]))).toEqual([["a"]]);
    expect(inColumns([])).toEqual([]);
  });

  test("write round numbers below a scale, and places where they stand evenly", () => {
    const path = Array.from({ length: 20 }, (_, i) => 0.02 + i * 0.13);
    expect(xTicks(path, 5).map(({ text }) => text)).toEqual(["1", "2"]);
    expect(xTicks([0, 0.01, 2], 5).map(({ text }) => text)).toEqual(["0", "0.01", "2"]);
    expect(xTicks(["a", "b", "c", "d"], 2).map(({ text }) => text)).toEqual(["a", "c"]);
  });

  test("are bars where no line has two places, and pair ours with the paper's", () => {
    const one = { name: "a", source: "ours" as const, points: [{ x: "micro", y: 1 }] };
    expect(drawnAs({ ...lines, series: [one, { ...one, name: "b" }] })).toBe("bars");
    expect(drawnAs(lines)).toBe("lines");
    const of = (name: string, source: "ours" | "paper") => ({ name, source, points: [] });
    const mixed = [of("x, the paper", "paper"), of("y", "ours"), of("x", "ours"), of("z", "paper")];
    expect(ordered(mixed).map(({ name }) => name)).toEqual(["y", "x", "x, the paper", "z"]);
  });

  test("find their samples by their words, or by what they say themselves", () => {
    const tasks = ["held-out customers", "truthfulness", "toxicity", "benchmark suite"];
    const find = (id: string, title: string) => taskOf({ ...bars, id, title }, { x: "sft" }, tasks);
    expect(find("figure-1", "Win rate against micro sft")).toBe("held-out customers");
    expect(find("figure-6", "True and informative answers")).toBe("truthfulness");
    expect(find("false-claims", "Answers with a false claim")).toBe("truthfulness");
    expect(find("figure-7", "Toxicity of continuations")).toBe("toxicity");
    expect(find("figure-29", "Benchmark suite by model")).toBe("benchmark suite");
    expect(taskOf({ ...bars, task: "toxicity" }, { x: 1 }, tasks)).toBe("toxicity");
  });

  test("the first sentence says what does not hold", () => {
    expect(verdictOf(RESULTS)).toBe(
      "Of 4 claims 1 holds, 1 holds partly, 1 does not hold, 1 was not measured.",
    );
    const none: Results = { ...RESULTS, claims: RESULTS.claims.slice(0, 1) };
    expect(verdictOf(none)).toBe("Of 1 claim 1 holds.");
  });
});
