// Lint: strict typed rules, the layer rules of docs/ARCHITECTURE.md, and what the page's CSP forbids.
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import tseslint from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

/**
 * What each folder of src/ may import beside itself and src/config.ts:
 * ui → state → workers → rlhf → {model, losses} → kernels → plan, and {workers, rlhf/session} → gpu.
 * `world` (the text generator, its tokenizer and tastes) is data below rlhf, `evaluation` the
 * statistics of samples, `storage` keeps what rlhf makes, `formats` turns that into files and back,
 * `quality` computes statistics of what people ranked, `lessons` are pages of ui, and `oracle`
 * checks kernels against stored vectors.
 */
const PURE = ["plan", "kernels", "losses", "model", "world", "evaluation"];
const MAY_IMPORT = {
  plan: [],
  kernels: ["plan"],
  losses: ["kernels", "plan"],
  model: ["kernels", "plan", "world"],
  evaluation: [],
  world: ["plan", "evaluation"],
  gpu: ["plan"],
  cpu: ["plan"],
  rlhf: PURE,
  storage: ["rlhf", ...PURE],
  formats: ["storage"],
  quality: ["formats", "storage", "world"],
  workers: ["rlhf", "storage", "formats", "quality", "gpu", "cpu", ...PURE],
  state: ["workers", "rlhf", "storage", "formats", "quality", "lessons", ...PURE],
  oracle: ["gpu", "rlhf", "storage", ...PURE],
  lessons: ["ui", "state", "rlhf", "storage", ...PURE],
  ui: ["lessons", "state", "rlhf", "storage", "formats", "quality", ...PURE],
};
const FOLDERS = Object.keys(MAY_IMPORT);

/** Forbids imports of the named folders; those of `typesOnly` may still be imported as types. */
function forbid(folders, message, { typesOnly = [], packages = [] } = {}) {
  const inFolders = (names) => `^(?:\\.{1,2}/)+(?:[\\w-]+/)*(?:${names.join("|")})/`;
  const hard = folders.filter((name) => !typesOnly.includes(name));
  const patterns = [];
  if (hard.length > 0) patterns.push({ regex: inFolders(hard), message });
  if (typesOnly.length > 0)
    patterns.push({ regex: inFolders(typesOnly), message, allowTypeImports: true });
  if (packages.length > 0)
    patterns.push({ regex: `^(?:node:|(?:${packages.join("|")})(?:/|$))`, message });
  return { "@typescript-eslint/no-restricted-imports": ["error", { patterns }] };
}

const layers = FOLDERS.map((folder) => {
  const allowed = [folder, ...MAY_IMPORT[folder]];
  const others = FOLDERS.filter((name) => !allowed.includes(name));
  const message = `src/${folder} may import only ${allowed.join(", ")} (docs/ARCHITECTURE.md).`;
  return {
    files: [`src/${folder}/**/*.{ts,svelte}`],
    rules: forbid(others, message, {
      // Components and stores name the worker's and the device's types; only stores call the worker.
      typesOnly: others.filter((name) => name === "workers" || name === "gpu"),
      packages: PURE.includes(folder) ? ["svelte", "comlink", "idb", "webgpu"] : [],
    }),
  };
});

/** Names that exist in a browser and not in Node: the DOM and WebGPU. */
const domGlobals = Object.keys(globals.browser).filter(
  (name) => name === "navigator" || name === "localStorage" || !(name in globals.nodeBuiltin),
);

/** What the content security policy and Trusted Types refuse at run time is refused here first. */
const csp = [
  {
    selector: "CallExpression[callee.property.name='setAttribute'][arguments.0.value='style']",
    message: "The CSP refuses style attributes: use a class or style.setProperty.",
  },
  {
    selector:
      "CallExpression[callee.property.name=/^(insertAdjacentHTML|setHTMLUnsafe|createContextualFragment)$/]",
    message: "No HTML is ever made from strings: Trusted Types refuses it.",
  },
  {
    selector: "MemberExpression[property.name=/^(innerHTML|outerHTML|srcdoc)$/]",
    message: "No HTML is ever made from strings: Trusted Types refuses it.",
  },
];
const nonNull = {
  selector:
    "TSNonNullExpression:not([expression.type='MemberExpression'][expression.computed=true])",
  message: "`!` only on an indexed read whose bounds the loop guarantees; check the value instead.",
};
const noEnum = { selector: "TSEnumDeclaration", message: "Use a union of string literals." };
const noDefault = {
  selector: "ExportDefaultDeclaration",
  message: "Named exports only; the default export is for Svelte components.",
};

export default defineConfig(
  {
    ignores: [
      ...["dist/", ".cache/", "coverage/", "public/", "tests/fixtures/", "test-results/"],
      // AssemblyScript, which is checked by its own compiler (scripts/build-wasm.mjs).
      "src/cpu/assembly/",
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      // Numbers and booleans print as they are; error texts are full of them.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // Replaced by the narrower rule below: noUncheckedIndexedAccess makes `x[i]!` the honest form.
      "@typescript-eslint/no-non-null-assertion": "off",
      // `return fail(…)` and `() => stop()` leave early or pass on; neither hides a value.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
      ],
      // A method may be async because its interface is (comlink), without an await of its own.
      "@typescript-eslint/require-await": "off",
      // TypeScript knows every name; this rule does not know its types.
      "no-undef": "off",
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-syntax": ["error", ...csp, nonNull, noEnum],
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
      "svelte/button-has-type": "error",
      // Stores replace what they show ($state.raw); a plain Map or Set beside that is bookkeeping.
      "svelte/prefer-svelte-reactivity": "off",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: tseslint.parser, svelteConfig } },
  },
  {
    files: ["**/*.svelte"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...csp,
        nonNull,
        noEnum,
        {
          selector: "SvelteAttribute[key.name='target'] > SvelteLiteral[value='_blank']",
          message: "The CSP's sandbox has no popups, so this link would do nothing.",
        },
        {
          selector: "SvelteAttribute[key.name=/^(style|srcdoc)$/]",
          message: "The CSP refuses style attributes: use a class or a style: directive.",
        },
      ],
      // Prop lists are re-assigned by Svelte, not by this code.
      "prefer-const": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...csp, nonNull, noEnum, noDefault] },
  },
  ...layers,
  {
    // Files in and out are pure functions: of storage they take what needs no database.
    files: ["src/formats/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex:
                "^\\.\\./(?!storage/(?:errors|events|formats|ids|json|judgement|sha256)\\.ts$)",
              message: "src/formats may import only the pure files of src/storage.",
            },
            {
              regex: "^(?:node:|(?:svelte|comlink|idb|webgpu)(?:/|$))",
              message: "Pure functions.",
            },
          ],
        },
      ],
      "no-restricted-globals": [
        "error",
        ...domGlobals.map((name) => ({ name, message: "src/formats runs without a DOM." })),
      ],
    },
  },
  {
    // Statistics are pure functions: of storage and world they take what needs no database.
    files: ["src/quality/**/*.ts"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex:
                "^\\.\\./(?!storage/(?:errors|events|ids|json|judgement|sha256)\\.ts$|formats/records\\.ts$|world/rng\\.ts$)",
              message:
                "src/quality may import only the pure files of src/storage, records.ts and rng.ts.",
            },
            {
              regex: "^(?:node:|(?:svelte|comlink|idb|webgpu)(?:/|$))",
              message: "Pure functions.",
            },
          ],
        },
      ],
      "no-restricted-globals": [
        "error",
        ...domGlobals.map((name) => ({ name, message: "src/quality runs without a DOM." })),
      ],
    },
  },
  {
    // The one place beside workers/ that may hold a device.
    files: ["src/rlhf/session*.ts", "src/rlhf/session/**/*.ts"],
    rules: forbid(
      FOLDERS.filter((name) => !["rlhf", "gpu", ...PURE].includes(name)),
      "src/rlhf/session may import only rlhf, gpu and what rlhf may (docs/ARCHITECTURE.md).",
    ),
  },
  {
    files: PURE.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      "no-restricted-globals": [
        "error",
        ...domGlobals.map((name) => ({
          name,
          message:
            "plan, kernels, losses, model, world and evaluation run without a DOM and a device.",
        })),
      ],
    },
  },
  {
    files: ["scripts/**", "tests/**", "*.config.{ts,js}"],
    rules: { "no-console": "off" },
  },
  {
    // The compiler checks these files; casts in their JSDoc are invisible to these rules.
    files: ["**/*.mjs"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  {
    // A test that reads past the end fails by itself, and says where.
    files: ["tests/**/*.ts"],
    rules: {
      "no-restricted-syntax": ["error", noEnum],
      // What a test parses or spies on is compared at once, and the comparison is the check.
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    // The configurations in JavaScript are not part of the TypeScript project.
    files: ["*.config.js"],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
