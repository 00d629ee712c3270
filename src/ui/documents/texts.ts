// The documents' texts as they stand in docs/, bundled at build time, with the pictures they show.
import lossPicture from "../../../docs/model-card-loss.svg?url";
import dataset from "../../../docs/DATASET.md?raw";
import labelingToxicity from "../../../docs/LABELING-TOXICITY.md?raw";
import labeling from "../../../docs/LABELING.md?raw";
import modelCard from "../../../docs/MODEL-CARD.md?raw";

/** By file name in docs/. */
export const TEXTS: Readonly<Record<string, string>> = {
  "MODEL-CARD.md": modelCard,
  "DATASET.md": dataset,
  "LABELING.md": labeling,
  "LABELING-TOXICITY.md": labelingToxicity,
};

/** Addresses of pictures, by the name that a document gives. */
export const PICTURES: Readonly<Record<string, string>> = {
  "model-card-loss.svg": lossPicture,
};
