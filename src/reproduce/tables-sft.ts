// Supervised fine-tuning by epochs: loss on demonstrations seen and unseen, reward of the checkpoints, and other dropouts.
import type { Findings } from "./findings.ts";
import { checkpointsOf } from "./forms.ts";
import type { Size } from "./forms.ts";
import { number } from "./format.ts";
import { names } from "./names.ts";
import type { ResultTable } from "./results.ts";
import type { Chosen } from "./stages-choosing.ts";
import type { TunedData } from "./training.ts";

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, one) => sum + one, 0) / values.length;

/** One dropout at one size: its stages by seed. */
interface Tried {
  readonly size: Size;
  readonly p: number;
  readonly tuned: readonly TunedData[];
  readonly chosen: readonly Chosen[];
}

function tried(
  found: Findings,
  size: Size,
  p: number,
  of: { tuned: (seed: number) => string; chosen: (seed: number) => string },
): Tried {
  const all = <T>(name: (seed: number) => string): T[] =>
    found.seeds.flatMap((seed) => (found.data(name(seed)) as T | undefined) ?? []);
  return { size, p, tuned: all<TunedData>(of.tuned), chosen: all<Chosen>(of.chosen) };
}

/** The form's own dropout at every size, and those that are tried at the studied one. */
function allTried(found: Findings): Tried[] {
  const { form } = found;
  const sizes = form.sizes.filter(({ kinds }) => kinds.includes("sft"));
  return sizes.flatMap((size) => [
    tried(found, size, form.sftDropout, {
      tuned: (seed) => names.epochs(size.name, seed),
      chosen: (seed) => names.model(size.name, "sft", seed),
    }),
    ...(size.name === form.studied ? form.dropoutTrials : []).map((p) =>
      tried(found, size, p, {
        tuned: (seed) => names.dropout(size.name, p, seed),
        chosen: (seed) => names.dropoutChosen(size.name, p, seed),
      }),
    ),
  ]);
}

/** The checkpoints, and the epoch after which unseen demonstrations are least surprising. */
function rowsOf({ size, p, tuned, chosen }: Tried): string[][] {
  const lossAt = (key: "curve" | "heldOut", epoch: number): number | undefined =>
    mean(tuned.flatMap((one) => one[key].flatMap(([n, loss]) => (n === epoch ? loss : []))));
  const epochs = Array.from({ length: size.sftEpochs }, (_, i) => i + 1);
  const least = epochs.toSorted(
    (a, b) => (lossAt("heldOut", a) ?? Infinity) - (lossAt("heldOut", b) ?? Infinity),
  )[0];
  const shown = epochs.filter((one) => one === least || checkpointsOf(size).includes(one));
  return shown.map((epoch) => {
    const key = `epoch-${epoch}`;
    const picked = chosen.filter((one) => one.chosen === key).length;
    const reward = mean(chosen.flatMap(({ scores }) => scores[key] ?? []));
    return [
      size.name,
      number(p, 1),
      `${epoch}${epoch === least ? " (least)" : ""}`,
      number(lossAt("curve", epoch), 3),
      number(lossAt("heldOut", epoch), 3),
      reward === undefined ? "–" : number(reward),
      picked === 0 ? "–" : `${picked} of ${chosen.length}`,
    ];
  });
}

export function sftTable(found: Findings): ResultTable {
  const rows = allTried(found)
    .filter(({ tuned }) => tuned.length > 0)
    .flatMap(rowsOf);
  return {
    id: "sft",
    title: "Supervised fine-tuning by epochs",
    section: "§3.5, C.1",
    columns: [
      "size",
      "dropout",
      "epochs",
      "loss, last batch, nats",
      "loss, unseen demonstrations",
      "reward of samples",
      "chosen, seeds",
    ],
    rows,
    note: "The paper: dropout 0.2, 16 epochs; validation loss is least after one epoch, and more epochs still raise reward and preference. Unseen: demonstrations of labelers and customers that are in no training set. The last batch is measured under dropout.",
  };
}
