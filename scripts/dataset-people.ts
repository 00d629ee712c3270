// People's rankings from an exported file, in the form of the simulated ones.
import { createReadStream, statSync } from "node:fs";
import { basename } from "node:path";
import { FormatError } from "../src/formats/errors.ts";
import { readImport } from "../src/formats/import.ts";
import type { Imported, Message, Ranking } from "../src/formats/records.ts";
import { sourceOf } from "../src/formats/rows.ts";
import { LABEL_NAMES, rankedByPerson } from "../src/world/dataset/index.ts";
import type { PersonRanked, PersonRanking } from "../src/world/dataset/index.ts";
import { buildTokenizer } from "../src/world/index.ts";
import { UsageError } from "./options.ts";

const textOf = (messages: readonly Message[]): string =>
  messages.map(({ content }) => content).join("\n");

function personRanking(one: Ranking): PersonRanking {
  const ratingOf = (i: number): number | null => {
    const value = one.completions[i]?.ratings.find(({ key }) => key === "overall")?.value;
    // Other files call other scales by this name.
    return value !== undefined && value >= 1 && value <= 7 ? value : null;
  };
  const labelsOf = (i: number): Record<string, boolean> => {
    const ticked = (one.completions[i]?.ratings ?? []).filter(({ key }) =>
      LABEL_NAMES.some((name) => name === key),
    );
    return Object.fromEntries(ticked.map(({ key, value }) => [key, value > 0]));
  };
  const places = one.completions.map((_, i) => one.ranking.findIndex((group) => group.includes(i)));
  return {
    id: one.id,
    annotator: one.annotator === "" ? "unnamed" : one.annotator,
    prompt: textOf(one.context),
    answers: one.completions.map(({ completion }) => textOf(completion)),
    ranks: places.map((place) => (place < 0 ? null : place + 1)),
    ratings: one.completions.map((_, i) => ratingOf(i)),
    labels: one.completions.map((_, i) => labelsOf(i)),
  };
}

/** Rankings that people gave and that stand: not skipped, not corrected later, not a simulated ranker's. */
function standing(records: readonly Imported[]): Ranking[] {
  const rankings = records.filter((record) => record.schema === "prefs.ranking");
  const corrected = new Set(rankings.map(({ supersedes }) => supersedes));
  return rankings.filter(
    (one) => one.outcome === "ranked" && !corrected.has(one.id) && sourceOf(one) === "person",
  );
}

/**
 * The rankings of a file in any format that the page imports (docs/FORMATS.md). Counted in `skipped`: rankings with
 * fewer than two ranked answers, skipped or corrected ones, those of simulated rankers, and records of other kinds.
 * @throws UsageError with one sentence when the file cannot be read
 */
export async function peopleRankings(path: string): Promise<{
  readonly ranked: readonly PersonRanked[];
  readonly skipped: number;
  readonly problems: readonly string[];
}> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new UsageError(`--judgements: found no file ${path}, expected one; nothing was made.`);
  }
  const { records, problems } = await readImport(createReadStream(path), basename(path)).catch(
    (error: unknown) => {
      if (!(error instanceof FormatError)) throw error;
      throw new UsageError(`--judgements: ${error.message}`);
    },
  );
  const tokenizer = buildTokenizer();
  const ranked = standing(records).flatMap(
    (one) => rankedByPerson(tokenizer, personRanking(one)) ?? [],
  );
  return { ranked, skipped: records.length - ranked.length, problems };
}
