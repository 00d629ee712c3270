// Builds the prompt sets and demonstrations: authors, deduplication, limits, split by author.
import { countTokens } from "../grammar.ts";
import type { Category } from "../prompt-types.ts";
import { CATEGORY_SHARES } from "../prompts.ts";
import { Rng, hashText } from "../rng.ts";
import { annotationsOf, isUnseen } from "./annotations.ts";
import { datasetConfig, scaledSizes } from "./config.ts";
import type { DatasetConfig } from "./config.ts";
import { PrefixFilter, isForeign, isPersonal, noCounts } from "./hygiene.ts";
import type { HygieneCounts } from "./hygiene.ts";
import { PARTS } from "./paper.ts";
import type { Part, SetSize } from "./paper.ts";
import type { DataDemonstration, DataPrompt, Request } from "./records.ts";
import { customerRequest, drawCustomer, labelerRequest, nextCategory } from "./requests.ts";

export interface Dataset {
  readonly config: DatasetConfig;
  readonly prompts: readonly DataPrompt[];
  /** One for each prompt of the SFT sets. */
  readonly demonstrations: readonly DataDemonstration[];
  /** What a labeler would answer to each prompt, by its id; training sees only those of SFT. */
  readonly references: ReadonlyMap<string, string>;
  readonly hygiene: Readonly<Record<Part, HygieneCounts>>;
}

/** Labelers that write prompts and demonstrations; the last fifth write those of validation. */
export const WRITERS = 40;

/**
 * Mean prompts that a customer wants to send, by part: the sums over the stages of Table 8, since
 * a customer's prompts are dealt to the stages. Its spread is ours: a log-normal with sigma 1.2.
 */
const VOLUME: Readonly<Record<Part, number>> = { train: 12, valid: 60, test: 1.8 };
const VOLUME_SIGMA = 1.2;

/** Draws within one category before a customer gives up on a request. */
const ATTEMPTS = 60;
/** Requests in a row without a new prompt after which the world counts as used up. */
const PATIENCE = 500;

type Quota = { readonly set: SetSize; left: number };

class Builder {
  readonly prompts: DataPrompt[] = [];
  readonly demonstrations: DataDemonstration[] = [];
  readonly references = new Map<string, string>();
  readonly hygiene = { train: noCounts(), valid: noCounts(), test: noCounts() };
  private readonly filter: PrefixFilter;
  private readonly config: DatasetConfig;
  private readonly numbers = new Map<string, number>();

  constructor(config: DatasetConfig) {
    this.config = config;
    this.filter = new PrefixFilter(config.prefixShare);
  }

  /** The first acceptable request of a few draws, or null. */
  clean(part: Part, draw: () => Request): Request | null {
    const counts = this.hygiene[part];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const request = draw();
      counts.drawn++;
      if (countTokens(request.prompt) > this.config.promptWords) counts.tooLong++;
      else if (isForeign(`${request.prompt} ${request.response}`)) counts.foreign++;
      else if (part === "train" && isPersonal(request.prompt)) counts.personal++;
      else if (!this.filter.accept(request.prompt)) counts.duplicates++;
      else {
        counts.kept++;
        return request;
      }
    }
    return null;
  }

  add(rng: Rng, set: SetSize, author: string, request: Request): void {
    const key = set.stage === "test" ? "test" : `${set.stage}-${set.part}`;
    const number = (this.numbers.get(key) ?? 0) + 1;
    this.numbers.set(key, number);
    const { prompt, task, source, useCase, record, response } = request;
    const id = `${key}-${number}`;
    const unseen = isUnseen(record);
    const annotations = annotationsOf(record, prompt);
    const { stage, part } = set;
    this.prompts.push({
      ...record,
      prompt,
      id,
      stage,
      part,
      source,
      author,
      useCase,
      task,
      unseen,
      annotations,
    });
    this.references.set(id, response);
    if (stage !== "sft") return;
    const labeler = source === "customer" ? writerOf(rng, part) : author;
    this.demonstrations.push({ promptId: id, labeler, response });
  }
}

/** A labeler of the part: no labeler writes for training and validation. */
function writerOf(rng: Rng, part: Part): string {
  const training = Math.round(WRITERS * 0.8);
  const number =
    part === "train" ? 1 + rng.int(training) : training + 1 + rng.int(WRITERS - training);
  return `labeler ${number}`;
}

/** An own generator for every use, so that one change does not move all other draws. */
export function streamOf(seed: number, name: string): Rng {
  return new Rng(hashText(`${seed} ${name}`));
}

function usedUp(part: Part, left: number): RangeError {
  return new RangeError(
    `buildDataset: the world has too few different ${part} prompts; ${left} are missing at this ` +
      "scale; lower --scale. Nothing is made.",
  );
}

function writeLabelerPrompts(builder: Builder, rng: Rng, set: SetSize): void {
  let left = set.labeler;
  let idle = 0;
  while (left > 0) {
    const category: Category = rng.weighted(CATEGORY_SHARES);
    const request = builder.clean(set.part, () => labelerRequest(rng, set.part, category));
    idle = request === null ? idle + 1 : 0;
    if (idle > PATIENCE) throw usedUp(set.part, left);
    if (request === null) continue;
    builder.add(rng, set, writerOf(rng, set.part), request);
    left--;
  }
}

/** How many prompts a customer wants to send. */
function drawVolume(rng: Rng, part: Part): number {
  const mu = Math.log(VOLUME[part]) - VOLUME_SIGMA ** 2 / 2;
  return Math.max(1, Math.round(Math.exp(mu + VOLUME_SIGMA * rng.normal())));
}

/** Customers of one part, one after the other, until every set has its size. */
function writeCustomerPrompts(
  builder: Builder,
  rng: Rng,
  part: Part,
  sets: readonly SetSize[],
  limit: number,
): void {
  const quotas: Quota[] = sets.map((set) => ({ set, left: set.customer }));
  const missing = () => quotas.reduce((sum, quota) => sum + quota.left, 0);
  let idle = 0;
  for (let n = 1; missing() > 0; n++) {
    const customer = drawCustomer(rng, `${part} customer ${n}`);
    const wanted = drawVolume(rng, part);
    builder.hygiene[part].overLimit += Math.max(0, wanted - limit);
    for (let i = 0; i < Math.min(wanted, limit) && missing() > 0; i++) {
      const category = nextCategory(rng, customer);
      const request = builder.clean(part, () => customerRequest(rng, part, customer, category));
      idle = request === null ? idle + 1 : 0;
      if (idle > PATIENCE) throw usedUp(part, missing());
      if (request === null) continue;
      const quota = rng.weighted(quotas.map((one) => [one, one.left] as const));
      builder.add(rng, quota.set, customer.id, request);
      quota.left--;
    }
  }
}

/**
 * The prompts and demonstrations of the settings; the same settings give the same data.
 * @throws RangeError in one sentence for bad settings, or when the world has too few prompts
 */
export function buildDataset(changes: Partial<DatasetConfig> = {}): Dataset {
  const config = datasetConfig(changes);
  const builder = new Builder(config);
  const sizes = scaledSizes(config);
  for (const part of PARTS) {
    const sets = sizes.filter((set) => set.part === part);
    for (const set of sets) {
      writeLabelerPrompts(builder, streamOf(config.seed, `labeler ${set.stage} ${part}`), set);
    }
    const rng = streamOf(config.seed, `customer ${part}`);
    writeCustomerPrompts(builder, rng, part, sets, config.promptsPerCustomer);
  }
  const { prompts, demonstrations, references, hygiene } = builder;
  return { config, prompts, demonstrations, references, hygiene };
}
