// Names of stages, so that nobody spells them twice.
import type { Kind } from "./forms.ts";

export const FOLDS = 5;

export const names = {
  base: (size: string, seed: number) => `${size}/base/${seed}`,
  init: (size: string, seed: number) => `${size}/init/${seed}`,
  epochs: (size: string, seed: number) => `${size}/sft-epochs/${seed}`,
  rankings: (size: string, seed: number) => `${size}/rankings/${seed}`,
  reward: (size: string, seed: number) => `${size}/reward/${seed}`,
  model: (size: string, kind: Kind, seed: number) => `${size}/${kind}/${seed}`,
  customers: (size: string, kind: Kind, seed: number) => `${size}/${kind}/${seed}/customers`,
  automatic: (size: string, kind: Kind, seed: number) => `${size}/${kind}/${seed}/automatic`,
  variation: (size: string, name: string, seed: number) => `${size}/${name}/${seed}`,
  variationSuite: (size: string, name: string, seed: number) => `${size}/${name}/${seed}/suite`,
  fold: (size: string, fold: number, seed: number) => `${size}/reward-fold-${fold}/${seed}`,
  elements: (size: string, seed: number) => `${size}/reward-elements/${seed}`,
  best: (size: string, seed: number) => `${size}/best-of-n/${seed}`,
};
