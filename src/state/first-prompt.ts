// The shipped answers and prompts that make the page usable before the GPU or the weights are ready.

/** An answer the shipped checkpoint really gave. */
export interface ShippedAnswer {
  /** as a person reads it */
  readonly text: string;
  /** token ids of the response, without the prompt */
  readonly tokens: readonly number[];
  readonly seed: number;
}

/** One prompt with K answers, ready to rank. */
export interface ShippedSet {
  readonly id: string;
  readonly prompt: string;
  readonly answers: readonly ShippedAnswer[];
}

export interface PromptText {
  readonly id: string;
  /** as a person reads it */
  readonly text: string;
}

/** What Show needs: how the shipped model was taught, and the same dice before and after. */
export interface ShippedLesson {
  readonly demonstrations: number;
  readonly tokens: number;
  /** how long the supervised fine-tuning took, in seconds */
  readonly seconds: number;
  /** what it ran on */
  readonly adapter: string;
  /** supervised loss over training, first to last */
  readonly loss: readonly number[];
  readonly examples: readonly {
    readonly prompt: string;
    /** what the base model wrote */
    readonly before: string;
    /** what the fine-tuned model wrote, same seed */
    readonly after: string;
  }[];
  /** some of the demonstrations themselves */
  readonly shown: readonly { readonly prompt: string; readonly response: string }[];
}

/** `public/first-prompt.json`. Everything in it was computed; `made` says how to make it again. */
export interface FirstPrompt {
  readonly version: 1;
  /** name of the checkpoint that wrote the answers */
  readonly checkpoint: string;
  readonly made: {
    readonly adapter: string;
    readonly command: string;
    readonly seed: number;
  };
  /** The first one is on screen at once; the others serve where nothing can be sampled. */
  readonly sets: readonly ShippedSet[];
  /** prompts to rank after the sets */
  readonly rank: readonly PromptText[];
  /** prompts rewritten live during Reinforce, never ranked */
  readonly watch: readonly PromptText[];
  /** prompts of the blind test, never ranked; more than six, so that equal answers can be skipped */
  readonly blind: readonly PromptText[];
  readonly show: ShippedLesson;
}

const FILE = "first-prompt.json";

/**
 * Checks the parts that the page cannot do without.
 * @throws Error with one sentence
 */
export function readFirstPrompt(value: unknown): FirstPrompt {
  const data = value as Partial<FirstPrompt> | null;
  if (typeof data !== "object" || data === null || data.version !== 1) {
    throw new Error(`${FILE}: found another format than version 1; ranking waits for the model.`);
  }
  const lists = ["sets", "rank", "watch", "blind"] as const;
  const missing = lists.find((name) => !Array.isArray(data[name]));
  if (missing !== undefined) {
    throw new Error(`${FILE}, ${missing}: expected a list; ranking waits for the model.`);
  }
  const thin = data.sets?.find((set) => set.answers.length < 2 || set.answers.length > 9);
  if (thin !== undefined) {
    throw new Error(`${FILE}, set ${thin.id}: expected 2 to 9 answers; it was not used.`);
  }
  return data as FirstPrompt;
}

/** Fetches the file from beside the page. */
export async function loadFirstPrompt(): Promise<FirstPrompt> {
  const response = await fetch(`./${FILE}`);
  if (!response.ok) {
    throw new Error(
      `${FILE}: the server answered ${response.status}; ranking waits for the model.`,
    );
  }
  return readFirstPrompt(await response.json());
}
