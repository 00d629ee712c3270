// `project.json` of a zip: the questions, the schedule with its gold, and the guidelines, checked before they are used.
import { FormatError, code, found } from "../../formats/errors.ts";
import { isWellFormed, readJson } from "../../storage/json.ts";
import { MAX_COMPLETIONS, MIN_COMPLETIONS } from "../../storage/judgement.ts";
import { DEFAULT_SCHEDULE } from "../../storage/projects.ts";
import type {
  ChoicePolicy,
  GoldRule,
  Guideline,
  OwnQuestion,
  ProjectRow,
  ProjectSettings,
  Schedule,
} from "../../storage/projects.ts";
import { sha256 } from "../../storage/sha256.ts";
import { ALL_LABELS } from "./questions.ts";

export const PROJECT_FILE = "project.json";
const SCHEMA = "nudge.project";

/** What a zip says about the project it came from. */
export interface ProjectFile {
  readonly name: string;
  readonly settings: ProjectSettings;
  /** oldest first */
  readonly guidelines: readonly Guideline[];
}

export function writeProject({ name, settings, guidelines }: ProjectRow): string {
  const versions = guidelines.map(({ version, preset, text }) => ({ version, preset, text }));
  const {
    k,
    overall,
    labels,
    own,
    strength,
    overlap,
    schedule = DEFAULT_SCHEDULE,
    markdown,
  } = settings;
  const { policy, explore, gold, goldEvery, repeatEvery } = schedule;
  const known = gold.map(({ item, kind, ranks, explanation, author }) => ({ item, kind, ranks, explanation, author })); // prettier-ignore
  const asked = own.map(({ key, text, scale }) => ({ key, text, scale }));
  const whole = { k, overall, labels, own: asked, strength, overlap, schedule: { policy, explore, gold: known, goldEvery, repeatEvery }, markdown }; // prettier-ignore
  return `${JSON.stringify({ schema: SCHEMA, v: 1, name, settings: whole, guidelines: versions }, null, 2)}\n`;
}

/**
 * Reads `project.json`.
 * @param file how the zip is called in errors
 * @throws FormatError with one sentence when anything in it is not as it was written
 */
export function readProject(text: string, file: string): ProjectFile {
  const json = readJson(text);
  const where = `${code(file)}, ${code(PROJECT_FILE)}`;
  if (!json.ok) throw new FormatError(`${where}: ${json.reason}; expected the settings of a project. Nothing was imported.`); // prettier-ignore
  const at = new Reader(where);
  const top = at.object(json.value, "record");
  if (top["schema"] !== SCHEMA || top["v"] !== 1) {
    throw at.refuse("schema", top["schema"], `${SCHEMA} v1`);
  }
  const settings = settingsOf(at, at.object(top["settings"], "settings"));
  const guidelines = at.list(top["guidelines"], "guidelines", 1000).map((one, i): Guideline => {
    const path = `guidelines[${i}]`;
    const guideline = at.object(one, path);
    const body = at.text(guideline["text"], `${path}.text`, 1e6);
    return {
      version: at.whole(guideline["version"], `${path}.version`, 1, 1e6),
      preset: at.text(guideline["preset"], `${path}.preset`, 60),
      text: body,
      hash: sha256(body),
    };
  });
  return { name: at.text(top["name"], "name", 1000), settings, guidelines };
}

function settingsOf(at: Reader, from: Record<string, unknown>): ProjectSettings {
  return {
    k: at.whole(from["k"], "k", MIN_COMPLETIONS, MAX_COMPLETIONS),
    overall: at.flag(from["overall"], "overall"),
    labels: at
      .list(from["labels"], "labels", ALL_LABELS.length)
      .map((one, i) => at.oneOf(one, `labels[${i}]`, ALL_LABELS)),
    own: at.list(from["own"], "own", 200).map((one, i) => ownOf(at, one, `own[${i}]`)),
    strength: at.flag(from["strength"], "strength"),
    overlap: at.whole(from["overlap"], "overlap", 1, 20),
    schedule: scheduleOf(at, at.object(from["schedule"], "schedule")),
    // absent from files of projects without it
    ...(from["markdown"] === undefined ? {} : { markdown: at.flag(from["markdown"], "markdown") }),
  };
}

function ownOf(at: Reader, value: unknown, path: string): OwnQuestion {
  const one = at.object(value, path);
  const key = at.text(one["key"], `${path}.key`, 200);
  if (!/^\w+$/.test(key)) throw at.refuse(`${path}.key`, key, "letters, digits and underscores");
  const scale = at.oneOf(one["scale"], `${path}.scale`, ["yes-no", "1-7"]) as OwnQuestion["scale"];
  return { key, text: at.text(one["text"], `${path}.text`, 2000), scale };
}

const POLICIES: readonly ChoicePolicy[] = ["order", "gap_ucb", "bald", "d_opt", "random"];

function scheduleOf(at: Reader, from: Record<string, unknown>): Schedule {
  return {
    policy: at.oneOf(from["policy"], "policy", POLICIES) as ChoicePolicy,
    explore: at.number(from["explore"], "explore", 0, 1),
    gold: at.list(from["gold"], "gold", 10_000).map((one, i) => goldOf(at, one, `gold[${i}]`)),
    goldEvery: at.whole(from["goldEvery"], "goldEvery", 0, 100),
    repeatEvery: at.whole(from["repeatEvery"], "repeatEvery", 0, 100),
  };
}

function goldOf(at: Reader, value: unknown, path: string): GoldRule {
  const one = at.object(value, path);
  return {
    item: at.text(one["item"], `${path}.item`, 1000),
    kind: at.oneOf(one["kind"], `${path}.kind`, ["worked", "silent"]) as GoldRule["kind"],
    ranks: at
      .list(one["ranks"], `${path}.ranks`, 100)
      .map((rank, i) => (rank === null ? null : at.whole(rank, `${path}.ranks[${i}]`, 1, 100))),
    explanation: at.text(one["explanation"], `${path}.explanation`, 20_000),
    author: at.text(one["author"], `${path}.author`, 200),
  };
}

/** Takes values apart; every method throws a FormatError that says where and what was expected. */
class Reader {
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  refuse(path: string, value: unknown, expected: string): FormatError {
    return new FormatError(
      `${this.#where}, ${code(path)}: found ${found(value)}; expected ${expected}. Nothing was imported.`,
    );
  }

  object(value: unknown, path: string): Record<string, unknown> {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.refuse(path, value, "an object");
    }
    return value as Record<string, unknown>;
  }

  list(value: unknown, path: string, most: number): unknown[] {
    if (Array.isArray(value) && value.length <= most) return value;
    throw this.refuse(path, value, `a list of at most ${most}`);
  }

  text(value: unknown, path: string, most: number): string {
    if (typeof value === "string" && value.length <= most && isWellFormed(value)) return value;
    throw this.refuse(path, value, `text of at most ${most} characters`);
  }

  flag(value: unknown, path: string): boolean {
    if (typeof value === "boolean") return value;
    throw this.refuse(path, value, "true or false");
  }

  number(value: unknown, path: string, low: number, high: number): number {
    if (typeof value === "number" && value >= low && value <= high) return value;
    throw this.refuse(path, value, `a number from ${low} to ${high}`);
  }

  whole(value: unknown, path: string, low: number, high: number): number {
    if (Number.isSafeInteger(value)) return this.number(value, path, low, high);
    throw this.refuse(path, value, `a whole number from ${low} to ${high}`);
  }

  oneOf(value: unknown, path: string, known: readonly string[]): string {
    if (typeof value === "string" && known.includes(value)) return value;
    throw this.refuse(path, value, known.join(", "));
  }
}
