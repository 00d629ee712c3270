// Published data as their pages have it: prompts under other names, verdicts of other kinds, what Python writes.
import { describe, expect, it } from "vitest";
import type { Imported, Message } from "../../src/formats/records.ts";
import { load, refusalOf } from "./helpers.ts";

const lines = (...records: object[]): string => records.map((one) => `${JSON.stringify(one)}\n`).join(""); // prettier-ignore
const said = (messages: readonly Message[]): string =>
  messages.map(({ role, content }) => `${role}: ${content}`).join(" | ");
const answersOf = (record: Imported): string[] => {
  if ("completions" in record) return record.completions.map(({ completion }) => said(completion));
  return "completion" in record ? [said(record.completion)] : [];
};

describe("pairs", () => {
  const pair = { chosen: "The answer is 2.", rejected: "The reply is 3." };

  it.each([
    ["Orca", { system: "Be nice.", question: "What is 1+1?" }, "system: Be nice. | user: What is 1+1?"], // prettier-ignore
    ["Orca without a system", { system: "", question: "What is 1+1?" }, "user: What is 1+1?"],
    ["distilabel", { input: "What is 1+1?" }, "user: What is 1+1?"],
    ["Alpaca", { instruction: "Add.", input: "1+1" }, "user: Add.\n\n1+1"],
    ["Alpaca without input", { instruction: "Add.", input: "" }, "user: Add."],
    ["explicit", { prompt: "What is 1+1?", system: "Be nice." }, "system: Be nice. | user: What is 1+1?"], // prettier-ignore
  ])("of %s have the prompt of their column", async (_, prompt, context) => {
    const { records, problems } = await load(lines({ ...prompt, ...pair, id: 7 }));
    expect(problems).toEqual([]);
    expect(records.map((one) => said(one.context))).toEqual([context]);
    expect(answersOf(records[0]!)).toEqual([`assistant: ${pair.chosen}`, `assistant: ${pair.rejected}`]); // prettier-ignore
    const extra: unknown = JSON.parse(records[0]!.extra);
    expect(extra).toMatchObject({ id: 7 });
    expect(JSON.stringify(extra)).not.toContain("1+1");
  });

  it("whose sides repeat a prompt of messages are parted from it", async () => {
    const prompt = [{ role: "user", content: "q" }];
    const side = (content: string) => [...prompt, { role: "assistant", content }];
    const { records } = await load(lines({ prompt, chosen: side("a"), rejected: side("b") }));
    expect(said(records[0]!.context)).toBe("user: q");
    expect(answersOf(records[0]!)).toEqual(["assistant: a", "assistant: b"]);
  });

  it("of PKU-SafeRLHF are rankings", async () => {
    const row = { prompt: "p", response_0: "a", response_1: "b", better_response_id: 1, safer_response_id: 0 }; // prettier-ignore
    const { records, format } = await load(lines(row));
    expect(format).toBe("PKU-SafeRLHF");
    expect(records).toMatchObject([{ schema: "prefs.ranking", ranking: [[1], [0]], extra: '{"safer_response_id":0}' }]); // prettier-ignore
  });

  it("with a thumb as a number are labelled", async () => {
    const rows = [1, 0, "1", true].map((label, i) => ({ prompt: `p${i}`, completion: "a", label }));
    const { records } = await load(lines(...rows));
    expect(records.map((one) => "label" in one && one.label)).toEqual([1, 0, 1, 1]);
    const other = await load(lines(...rows, { prompt: "p", completion: "a", label: 2 }));
    expect(other.problems[0]).toMatch(/`label`: found `2`; expected true or false/);
  });
});

describe("verdicts of a kind that is not known", () => {
  it("are named once, kept, and count for nothing", async () => {
    const rows = [0, 1].map((i) => ({ prompt: `p${i}`, responses: ["a", "b"], ranks: [2, 1] }));
    const { records, notes } = await load(lines(...rows));
    expect(notes).toEqual(["`ranks`: this looks like a judgement of a kind that is not known here. It is kept beside the answers and counts for nothing."]); // prettier-ignore
    expect(records[0]).toMatchObject({ schema: "prefs.item", extra: '{"ranks":[2,1]}' });
    expect((await load(lines({ prompt: "p", responses: ["a", "b"], topic: "t" }))).notes).toEqual([]); // prettier-ignore
  });

  it("of Label Studio are refused with their kind", async () => {
    const result = [{ type: "choices", value: { choices: ["left"] } }];
    const task = { id: 1, data: { prompt: "p", answer1: "a", answer2: "b" }, annotations: [{ result }] }; // prettier-ignore
    expect(await refusalOf(lines(task))).toMatch(/results of the kinds `"choices"`; expected one of the kind pairwise or ranker/); // prettier-ignore
  });
});

describe("what Python writes", () => {
  it("a cell of CSV with messages is messages as JSON, and refused as Python prints them", async () => {
    const cell = (content: string): string => `"${content.replaceAll('"', '""')}"`;
    const json = (content: string): string => cell(JSON.stringify([{ role: "user", content }]));
    const good = await load(`prompt,chosen,rejected\n${json("q")},a,b\n`, "x.csv");
    expect(said(good.records[0]!.context)).toBe("user: q");
    const repr = `prompt,chosen,rejected\n"[{'role': 'user', 'content': 'q'}]",a,b\n`;
    expect(await refusalOf(repr, "x.csv")).toMatch(/`prompt`: found messages as Python prints them; expected text, or messages as JSON/); // prettier-ignore
    const numpy = `prompt,chosen,rejected\n"[{'content': 'q', 'role': 'user'}]",a,b\n`;
    expect(await refusalOf(numpy, "x.csv")).toContain("as Python prints them");
    const plain = await load("prompt,chosen,rejected\n[{role}] is what?,a,b\n", "x.csv");
    expect(said(plain.records[0]!.context)).toBe("user: [{role}] is what?");
  });

  it("a missing number is an empty cell, and spaces around names of columns say nothing", async () => {
    const { records, problems } = await load("prompt, chosen, rejected, margin\np,a,b,\nq,c,d,1\n", "x.csv"); // prettier-ignore
    expect(problems).toEqual([]);
    expect(records.map((one) => "strengths" in one && one.strengths)).toEqual([[0], [3]]);
    expect(records[0]!.extra).toBe("");
  });

  it("an indented object is named for what it is", async () => {
    const text = JSON.stringify({ data: [{ prompt: "p" }] }, null, 2);
    expect(await refusalOf(text, "x.json")).toMatch(/A file of JSON has one object on each line, or is one list of objects/); // prettier-ignore
  });
});

describe("messages", () => {
  it("of parts are their text, and refused where a part is something else", async () => {
    const parts = (part: object) => ({ messages: [{ role: "user", content: [{ type: "text", text: "a" }, part] }, { role: "assistant", content: "c" }] }); // prettier-ignore
    const { records } = await load(lines(parts({ type: "text", text: "b", image: null })));
    expect(said(records[0]!.context)).toBe("user: ab");
    expect(await refusalOf(lines(parts({ type: "image", image: "x" })))).toMatch(/pictures and sounds would be lost/); // prettier-ignore
  });

  it("of people who answer an assistant are no answers", async () => {
    const reply = (role: string, id: string, rank: number, replies: object[] = []) => ({ message_id: id, role, text: id, rank, replies }); // prettier-ignore
    const people = [reply("prompter", "x", 0), reply("prompter", "y", 1)];
    const answers = [reply("assistant", "a", 0, people), reply("assistant", "b", 1)];
    const tree = { message_tree_id: "t", prompt: reply("prompter", "q", 0, answers) };
    const { records } = await load(lines(tree));
    expect(records.map((one) => answersOf(one))).toEqual([["assistant: a", "assistant: b"]]);
  });
});
