// Who is judging now: names that stay in this browser, for pseudonyms that go into the files.
import { freshId } from "../fresh-id.ts";
import { recall, remember } from "../settings.svelte.ts";

export interface Person {
  /** the pseudonym in every judgement */
  readonly id: string;
  readonly name: string;
}

export class People {
  /** people who were named in this browser */
  list = $state.raw<readonly Person[]>(saved());
  /** pseudonym of who judges now; null: this browser's own */
  current = $state<string | null>(recall("person"));

  /** Names a new person, who judges from now on. */
  add(name: string): string {
    const id = freshId();
    this.list = [...this.list, { id, name: name.trim() }];
    remember("people", JSON.stringify(this.list));
    this.choose(id);
    return id;
  }

  choose(id: string): void {
    this.current = id;
    remember("person", id);
  }

  /** How a pseudonym is called on screen; `own` is that of this browser. */
  nameOf(id: string, own: string): string {
    const known = this.list.find((one) => one.id === id);
    if (known !== undefined) return known.name;
    return id === own ? "me" : `somebody (${id.slice(-6)})`;
  }
}

function saved(): Person[] {
  try {
    const value: unknown = JSON.parse(recall("people") ?? "[]");
    return Array.isArray(value) ? value.filter(isPerson) : [];
  } catch {
    return []; // written by hand or by something else: the names are gone, the judgements are not
  }
}

function isPerson(value: unknown): value is Person {
  const { id, name } = (value ?? {}) as Partial<Person>;
  return typeof id === "string" && typeof name === "string";
}
