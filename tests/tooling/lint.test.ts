// The lint rules that hold the design together: layers, no DOM below, nothing the CSP refuses.
import { ESLint, Linter } from "eslint";
import { expect, test } from "vitest";

const eslint = new ESLint();
const RULES = [
  "@typescript-eslint/no-restricted-imports",
  "no-restricted-globals",
  "no-restricted-syntax",
  "svelte/no-at-html-tags",
];

/** The messages of the rules above for a text, as if it stood in the named file. */
async function lint(path: string, text: string): Promise<string[]> {
  const config = (await eslint.calculateConfigForFile(path)) as Linter.Config;
  const rules = Object.fromEntries(
    RULES.map((name) => [name, config.rules?.[name] ?? "off"] as const),
  );
  const { parser, parserOptions, globals } = config.languageOptions ?? {};
  const untyped = { parser: (parserOptions as { parser?: unknown } | undefined)?.parser };
  const alone: Linter.Config = {
    files: ["**"],
    plugins: config.plugins ?? {},
    rules,
    languageOptions: { globals, parser, parserOptions: untyped },
  };
  return new Linter().verify(text, [alone], path).map(({ message }) => message);
}

test.each([
  ["src/plan/tape.ts", "../kernels/gelu.ts"],
  ["src/plan/tape.ts", "../gpu/device.ts"],
  ["src/kernels/gelu.ts", "../gpu/executor.ts"],
  ["src/kernels/gelu.ts", "../rlhf/ppo.ts"],
  ["src/losses/dpo.ts", "../model/gpt.ts"],
  ["src/model/gpt.ts", "svelte/store"],
  ["src/world/prompts.ts", "../gpu/device.ts"],
  ["src/world/prompts.ts", "node:fs"],
  ["src/gpu/device.ts", "../model/gpt.ts"],
  ["src/gpu/device.ts", "../kernels/gelu.ts"],
  ["src/rlhf/ppo.ts", "../gpu/device.ts"],
  ["src/rlhf/session.ts", "../state/arena.svelte.ts"],
  ["src/rlhf/session.ts", "../workers/protocol.ts"],
  ["src/workers/client.ts", "../state/arena.svelte.ts"],
  ["src/storage/store.ts", "../gpu/device.ts"],
  ["src/state/arena.svelte.ts", "../ui/keys.ts"],
  ["src/state/arena.svelte.ts", "../gpu/device.ts"],
  ["src/ui/rank/keys.ts", "../../workers/client.ts"],
  ["src/ui/rank/keys.ts", "../../gpu/device.ts"],
])("%s may not import %s", async (file, from) => {
  const messages = await lint(file, `import { x } from "${from}";\nx();\n`);
  expect(messages.join()).toMatch(/may import only/);
});

test.each([
  ["src/kernels/gelu.ts", "../plan/tape.ts"],
  ["src/model/gpt.ts", "../kernels/gelu.ts"],
  ["src/model/gpt.ts", "../config.ts"],
  ["src/gpu/executor.ts", "../plan/tape.ts"],
  ["src/rlhf/ppo.ts", "../losses/ppo.ts"],
  ["src/rlhf/session.ts", "../gpu/executor.ts"],
  ["src/workers/trainer.worker.ts", "../gpu/device.ts"],
  ["src/state/trainer.svelte.ts", "../workers/client.ts"],
  ["src/ui/rank/keys.ts", "../../state/arena.svelte.ts"],
])("%s may import %s", async (file, from) => {
  expect(await lint(file, `import { x } from "${from}";\nx();\n`)).toEqual([]);
});

test("a component names the worker's types without calling it", async () => {
  const text = 'import type { Phase } from "../workers/protocol.ts";\nexport type P = Phase;\n';
  expect(await lint("src/ui/phase.ts", text)).toEqual([]);
});

test.each(["document.title", "navigator.gpu", "window.name", "GPUBufferUsage.COPY_DST"])(
  "%s does not appear below rlhf",
  async (use) => {
    expect(await lint("src/kernels/gelu.ts", `export const x = ${use};\n`)).toHaveLength(1);
    expect(await lint("src/state/x.ts", `export const x = ${use};\n`)).toEqual([]);
  },
);

test.each([
  "{@html text}",
  '<p style="color: red">x</p>',
  "<iframe title='x' srcdoc='x'></iframe>",
  "<a href='https://a.example' target='_blank'>x</a>",
  "<script>document.body.innerHTML = 'x';</script>",
  "<script>document.body.setAttribute('style', 'x');</script>",
])("a component may not say %s", async (text) => {
  expect(await lint("src/ui/X.svelte", text)).toHaveLength(1);
});

test("a component may set a property of its style", async () => {
  expect(await lint("src/ui/X.svelte", "<p style:--at={1}>x</p>")).toEqual([]);
});
