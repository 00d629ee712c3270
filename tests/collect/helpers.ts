// Shared by the tests of the collection page: a database, projects in it, and files as the browser gives them.
import { Announcer } from "../../src/state/announcer.svelte.ts";
import { Collect } from "../../src/state/collect/collect.svelte.ts";
import { Imports } from "../../src/state/collect/imports.svelte.ts";
import type { Project } from "../../src/state/collect/project.svelte.ts";
import type { Connection } from "../../src/storage/database.ts";
import type { ProjectSettings } from "../../src/storage/projects.ts";
import { connect } from "../storage/helpers.ts";

export interface Bench {
  link: Connection;
  collect: Collect;
  announcer: Announcer;
}

export async function bench(): Promise<Bench> {
  const link = await connect();
  const announcer = new Announcer();
  return { link, announcer, collect: new Collect(link, announcer) };
}

/** Makes a project and opens it. */
export async function projectIn(
  { collect }: Bench,
  settings: Partial<ProjectSettings> = {},
  preset = "training",
): Promise<Project> {
  const id = await collect.create("Test", preset, settings);
  return reopened(collect, id);
}

export async function reopened(collect: Collect, id: string): Promise<Project> {
  await collect.open(null);
  await collect.open(id);
  if (collect.project === null) throw new Error(collect.failure);
  await collect.project.whole;
  return collect.project;
}

/** Lines of answers to judge: `sets` prompts with K answers each. */
export function answersFile(sets: number, k = 4): string {
  return Array.from({ length: sets }, (_, i) => {
    const completions = Array.from({ length: k }, (_, j) => `answer ${j} to ${i}`);
    return `${JSON.stringify({ prompt: `prompt ${i}`, completions })}\n`;
  }).join("");
}

export function fileOf(content: string | Uint8Array, name = "answers.jsonl"): File {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new File([Uint8Array.from(bytes)], name);
}

/** Reads a file into a project and commits it; gives the state that the page then shows. */
export async function importInto(
  project: Project,
  content: string | Uint8Array,
  mode?: "judge" | "keep",
): Promise<Imports> {
  const imports = new Imports(project, new Announcer());
  await imports.read(fileOf(content));
  if (mode !== undefined) imports.mode = mode;
  await imports.commit();
  return imports;
}

/** Places the answers of the set on screen in the order it stands in, and saves. */
export async function rankAndSave(project: Project): Promise<string> {
  const { judging } = project;
  if (judging.set === null) throw new Error("No set is on screen.");
  const task = judging.set.item;
  for (let place = 1; !judging.complete; place++) judging.placeFocused(place);
  await project.decisions.submit();
  return task;
}
