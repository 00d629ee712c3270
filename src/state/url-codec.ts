// Run configuration and method in the address: only what differs from the defaults, clamped when read.
import { clampParameter, DEFAULTS, PARAMETERS } from "../config.ts";
import type { RunConfig } from "../config.ts";
import { clampSetting, SETTINGS } from "./method-settings.ts";
import type { Setting } from "./method-settings.ts";
import { CHOICES, defaultsOf, fitting, RECIPE } from "./methods.ts";
import type { Recipe } from "./methods.ts";
import type { EngineWish } from "../workers/protocol.ts";

/** Version of the address format; a newer one is read as far as it is understood. */
const SCHEMA = 1;
const ENGINES: readonly EngineWish[] = ["auto", "gpu", "cpu"];
/** Longest address part that is read, in characters. */
const LIMIT = 2000;

export interface DecodedConfig {
  readonly config: RunConfig;
  readonly recipe: Recipe;
  /** the engine that the address asks for, null when it asks for none */
  readonly engine: EngineWish | null;
  /** One sentence for each thing that was ignored or changed. */
  readonly notices: readonly string[];
}

/** The settings as a hash, "" when all is default, e.g. "#/?v=1&method=dpo&seed=7&engine=cpu". */
export function encodeConfig(
  config: RunConfig,
  engine: EngineWish | null = null,
  recipe: Recipe = RECIPE,
): string {
  const usual = defaultsOf(recipe.choice);
  const changed = PARAMETERS.filter(({ name }) => config[name] !== usual[name]);
  const query = [
    ...(recipe.choice === RECIPE.choice ? [] : [`method=${recipe.choice}`]),
    ...SETTINGS.filter(({ name }) => recipe[name] !== RECIPE[name]).map(
      ({ name }) => `${name}=${String(recipe[name])}`,
    ),
    ...changed.map(({ name }) => `${name}=${String(config[name])}`),
  ];
  if (engine !== null) query.push(`engine=${engine}`);
  if (query.length === 0) return "";
  return `#/?v=${SCHEMA}&${query.join("&")}`;
}

/** Reads a hash. Nothing in an address is ever an error: it is clamped or ignored, with a notice. */
export function decodeConfig(hash: string): DecodedConfig {
  const start = hash.indexOf("?");
  if (start < 0 || hash.length > LIMIT) {
    const found = `The address is ${hash.length} characters long, but at most ${LIMIT} are read`;
    const notices = start < 0 ? [] : [`${found}; the defaults are used.`];
    return { config: DEFAULTS, recipe: RECIPE, engine: null, notices };
  }
  const reader = new Reader(hash.slice(start + 1));
  for (const [key, text] of reader.query) reader.take(key, text);
  return reader.result();
}

/** The pairs of a query, read one at a time. */
class Reader {
  readonly query: readonly (readonly [string, string])[];
  readonly #notices: string[] = [];
  readonly #config: Record<string, number>;
  #recipe: Recipe = RECIPE;
  #engine: EngineWish | null = null;

  constructor(query: string) {
    this.query = [...new URLSearchParams(query)];
    const method = this.query.findLast(([key]) => key === "method")?.[1];
    const choice = CHOICES.find((name) => name === method);
    if (method !== undefined && choice === undefined) this.#notices.push(noMethod(method));
    if (choice !== undefined) this.#recipe = { ...RECIPE, choice };
    this.#config = { ...defaultsOf(this.#recipe.choice) };
  }

  take(key: string, text: string): void {
    if (key === "method") return;
    if (key === "v") {
      if (Number(text) > SCHEMA) this.#notices.push(newer(text));
      return;
    }
    if (key === "engine") {
      this.#engine = ENGINES.find((name) => name === text) ?? null;
      if (this.#engine === null) this.#notices.push(noEngine(text));
      return;
    }
    const setting = SETTINGS.find(({ name }) => name === key);
    if (setting === undefined) this.#takeParameter(key, text);
    else this.#takeSetting(setting, text);
  }

  result(): DecodedConfig {
    const read = this.#config as unknown as RunConfig;
    const batch = wholeMinibatches(read);
    if (batch !== read.batch) this.#notices.push(uneven(read, batch));
    const recipe = fitting(this.#recipe, batch);
    if (recipe.answers !== this.#recipe.answers) {
      this.#notices.push(unevenGroups(this.#recipe.answers, batch, recipe.answers));
    }
    const config = { ...read, batch };
    return { config, recipe, engine: this.#engine, notices: this.#notices };
  }

  #takeSetting(setting: Setting, text: string): void {
    const value = clampSetting(setting, text);
    this.#recipe = { ...this.#recipe, [setting.name]: value };
    if (String(value) === text || value === Number(text)) return;
    const { label } = setting;
    const expected =
      setting.name === "dpoKind" ? setting.values.join(", ") : `${setting.min} to ${setting.max}`;
    this.#notices.push(changed(label, text, value, expected));
  }

  #takeParameter(key: string, text: string): void {
    const row = PARAMETERS.find(({ name }) => name === key);
    if (row === undefined) {
      this.#notices.push(
        `The address sets "${short(key)}", which is not a setting here; it is ignored.`,
      );
      return;
    }
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const whole = row.live ? value : Math.round(value);
    const clamped = clampParameter(row, whole);
    if (clamped !== value) {
      this.#notices.push(changed(row.label, text, clamped, `${row.min} to ${row.max}`));
    }
    this.#config[key] = clamped;
  }
}

/** Rows whose columns start where a buffer may be bound: 8 rows of 24 tokens are 768 bytes, 3 times 256. */
const ROWS = 8;

/** The batch, or the nearest one that splits into minibatches of a multiple of ROWS answers. */
function wholeMinibatches({ batch, minibatches }: RunConfig): number {
  const unit = ROWS * minibatches;
  return minibatches === 1 ? batch : Math.max(1, Math.round(batch / unit)) * unit;
}

function uneven({ batch, minibatches }: RunConfig, used: number): string {
  return `Answers per step in the address: ${batch} do not split into ${minibatches} minibatches of a multiple of ${ROWS}. ${used} are used.`;
}

function noEngine(text: string): string {
  return `Engine in the address: found "${short(text)}"; expected ${ENGINES.join(", ")}. It is chosen automatically.`;
}

function newer(version: string): string {
  return `The address was made by a newer version (${short(version)}; this one reads ${SCHEMA}); what is known is used.`;
}

function noMethod(text: string): string {
  return `Method in the address: found "${short(text)}"; expected ${CHOICES.join(", ")}. ${RECIPE.choice} is used.`;
}

function unevenGroups(answers: number, batch: number, used: number): string {
  return `Answers to each prompt in the address: ${answers} do not divide the ${batch} answers per step. ${used} are used.`;
}

function changed(label: string, text: string, used: number | string, expected: string): string {
  return `${label} in the address: found "${short(text)}"; expected ${expected}. ${used} is used.`;
}

/** At most 40 characters, nothing invisible. */
function short(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cf}]/gu, "·");
  return visible.length > 40 ? `${visible.slice(0, 39)}…` : visible;
}
