// Run configuration in the address: only what differs from the defaults, clamped when read.
import { clampParameter, DEFAULTS, PARAMETERS } from "../config.ts";
import type { RunConfig } from "../config.ts";
import type { EngineWish } from "../workers/protocol.ts";

/** Version of the address format; a newer one is read as far as it is understood. */
const SCHEMA = 1;
const ENGINES: readonly EngineWish[] = ["auto", "gpu", "cpu"];
/** Longest address part that is read, in characters. */
const LIMIT = 2000;

export interface DecodedConfig {
  readonly config: RunConfig;
  /** the engine that the address asks for, null when it asks for none */
  readonly engine: EngineWish | null;
  /** One sentence for each thing that was ignored or changed. */
  readonly notices: readonly string[];
}

/** The configuration as a hash, "" when all is default, e.g. "#/?v=1&seed=7&engine=cpu". */
export function encodeConfig(config: RunConfig, engine: EngineWish | null = null): string {
  const changed = PARAMETERS.filter(({ name }) => config[name] !== DEFAULTS[name]);
  const query = changed.map(({ name }) => `${name}=${String(config[name])}`);
  if (engine !== null) query.push(`engine=${engine}`);
  if (query.length === 0) return "";
  return `#/?v=${SCHEMA}&${query.join("&")}`;
}

/** Reads a hash. Nothing in an address is ever an error: it is clamped or ignored, with a notice. */
export function decodeConfig(hash: string): DecodedConfig {
  const notices: string[] = [];
  const config: Record<string, number> = { ...DEFAULTS };
  const start = hash.indexOf("?");
  if (start < 0) return { config: DEFAULTS, engine: null, notices };
  if (hash.length > LIMIT) {
    const found = `The address is ${hash.length} characters long, but at most ${LIMIT} are read`;
    return { config: DEFAULTS, engine: null, notices: [`${found}; the defaults are used.`] };
  }
  let engine: EngineWish | null = null;
  for (const [key, text] of new URLSearchParams(hash.slice(start + 1))) {
    if (key === "v") {
      if (Number(text) > SCHEMA) notices.push(newer(text));
      continue;
    }
    if (key === "engine") {
      engine = ENGINES.find((name) => name === text) ?? null;
      if (engine === null) notices.push(noEngine(text));
      continue;
    }
    const row = PARAMETERS.find(({ name }) => name === key);
    if (row === undefined) {
      notices.push(`The address sets "${short(key)}", which is not a setting here; it is ignored.`);
      continue;
    }
    const value = text.trim() === "" ? Number.NaN : Number(text);
    const whole = row.live ? value : Math.round(value);
    const clamped = clampParameter(row, whole);
    if (clamped !== value) notices.push(changed(row.label, text, clamped, row.min, row.max));
    config[key] = clamped;
  }
  const read = config as unknown as RunConfig;
  const batch = wholeMinibatches(read);
  if (batch !== read.batch) notices.push(uneven(read, batch));
  return { config: { ...read, batch }, engine, notices };
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

function changed(label: string, text: string, used: number, min: number, max: number): string {
  return `${label} in the address: found "${short(text)}"; expected ${min} to ${max}. ${used} is used.`;
}

/** At most 40 characters, nothing invisible. */
function short(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cf}]/gu, "·");
  return visible.length > 40 ? `${visible.slice(0, 39)}…` : visible;
}
