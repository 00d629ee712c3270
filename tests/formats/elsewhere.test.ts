// Files as people and other programs make them: text, tables, packed data, marks and line ends of every kind.
import { gzipSync, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { previewImport } from "../../src/formats/import.ts";
import { bundleFiles } from "../../src/formats/zip.ts";
import { bytesOf, chunked, load, refusalOf, someProject } from "./helpers.ts";

const pair = (more: object = {}) =>
  JSON.stringify({ prompt: "a", chosen: "b", rejected: "c", ...more });
const HEAD = `${pair()}\n`;

describe("what people have at hand", () => {
  it("a text file is a prompt a line", async () => {
    const file = await load("Why is the sky blue?\r\n\n  What, then, is a fox?  \n", "mine.txt");
    expect(file.records.map((one) => one.schema)).toEqual(["prefs.prompt", "prefs.prompt"]);
    expect(JSON.stringify(file.records)).toContain("What, then, is a fox?");
    expect(file.notes).toEqual(["Every line was read as a prompt."]);
    expect(file.summary).toContain("2 of 2 lines can be imported");
    // lines of JSON stay what they are, whatever the file is called
    expect((await load(HEAD, "mine.txt")).format).toContain("TRL");
  });

  it.each([
    [";", "semicolons"],
    ["\t", "tabs"],
  ])("a table may have its cells between %j", async (separator, name) => {
    const row = (...cells: string[]) => cells.join(separator);
    const text = [
      row("prompt", "answer1", "answer2"),
      row("Why, and how?", `"a${separator}b, c"`, "d"),
      row("Who?", "e", "f"),
    ].join("\r\n");
    const file = await load(text, "excel.csv");
    expect(file.summary).toContain("2 of 2 lines can be imported");
    expect(file.notes).toEqual([`Its cells are separated by ${name}.`]);
    expect(JSON.stringify(file.records[0])).toContain(
      JSON.stringify(`a${separator}b, c`).slice(1, -1),
    );
    const plain = await load(
      text.replaceAll(separator, ",").replace("Why, and", "Why and"),
      "x.csv",
    );
    expect(plain.notes).toEqual([]);
  });

  it("a text file may begin with a bracket or a brace, and keeps the spaces of its prompts", async () => {
    const prompts = ["[INST] Why?", "{name}, say hello.", "  two spaces"];
    for (const first of prompts) {
      const file = await load(`${first}\nWho?\n`, "mine.txt");
      const texts = file.records.map(({ context }) => context[0]?.content);
      expect(texts).toEqual([first, "Who?"]);
    }
    expect((await load(`[${pair()}]`, "mine.txt")).format).toContain("TRL");
  });

  it("a carriage return in quotes is text, one at the end of a line is not", async () => {
    const { records } = await load('prompt,answer1,answer2\r\n1,b,"c\r"\r\n2,b,"c"\r\n3,b,c\r\n4,b,"c\r"', "x.csv"); // prettier-ignore
    const last = records.map((one) => "completions" in one && one.completions[1]?.completion[0]?.content); // prettier-ignore
    expect(last).toEqual(["c\r", "c", "c", "c\r"]);
  });

  it("what stands beside answers and messages is kept", async () => {
    const prompt = [{ role: "user", content: "q", name: "ann" }];
    const completions = [
      { text: "b", model: "m", score: 3, tags: ["x"] },
      "c",
      [{ role: "assistant", content: "d", weight: 0 }],
      { content: [{ role: "assistant", content: "e", name: "z" }], model_name: "n", by: 1 },
    ];
    const { records } = await load(`${JSON.stringify({ prompt, completions, topic: "t" })}\n`);
    expect(JSON.parse(records[0]!.extra)).toEqual({
      topic: "t",
      prompt: [{ name: "ann" }],
      completions: [
        { score: 3, tags: ["x"] },
        null,
        { messages: [{ weight: 0 }] },
        { by: 1, messages: [{ name: "z" }] },
      ],
    });
    const bare = { prompt: [{ role: "user", content: "q" }], completions: ["a", { text: "b" }] };
    expect((await load(`${JSON.stringify(bare)}\n`)).records[0]?.extra).toBe("");
  });
});

describe("text from elsewhere", () => {
  it("is accepted with a byte order mark, CRLF, blank lines and any size of chunk", async () => {
    const text = `\ufeff${pair()}\r\n\r\n${pair({ prompt: "é🐸" })}\r\n \n`;
    const plain = await load(`${pair()}\n${pair({ prompt: "é🐸" })}`);
    for (const size of [1, 2, 3, 7, 1000]) {
      const source = new ReadableStream<Uint8Array>({
        async start(controller) {
          for await (const chunk of chunked(bytesOf(text), size)) controller.enqueue(chunk);
          controller.close();
        },
      });
      const preview = await previewImport(source, "x.jsonl");
      expect(preview.first).toEqual(plain.records);
      expect(preview.notes).toEqual(["A byte order mark at the start was removed."]);
    }
  });

  it("is previewed without being read to its end", async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken++;
        yield bytesOf(HEAD.repeat(10));
      }
    }
    const preview = await previewImport(endless(), "x.jsonl");
    expect(preview).toMatchObject({ looked: 50, readable: 50 });
    expect(preview.first).toHaveLength(3);
    expect(taken).toBeLessThan(20);
  });

  it("is unpacked only from what the platform can unpack, and says so otherwise", async () => {
    const files = bundleFiles(someProject(4), [], "t");
    const zip = zipSync(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])));
    expect((await load(zip, "x.zip")).problems).toEqual([]);
    const other = Uint8Array.from(zip);
    for (let at = 0; at + 4 < other.length; at++) {
      // method 8, DEFLATE, becomes 14, LZMA, in the header of each file
      const local = other[at] === 0x50 && other[at + 1] === 0x4b && other[at + 2] === 3;
      if (local && other[at + 3] === 4 && other[at + 8] === 8) other[at + 8] = 14;
    }
    expect(await refusalOf(other, "x.zip")).toMatch(/packed in another way than DEFLATE/);
    // Node unpacks packed files that stand one behind the other; browsers refuse the second
    const two = [gzipSync(bytesOf(HEAD)), gzipSync(bytesOf(pair({ prompt: "z" })))];
    const both = new Uint8Array([...two[0]!, ...two[1]!]);
    expect((await load(both, "x.jsonl.gz")).records).toHaveLength(2);
  });
});
