// Names of stages, so that nobody spells them twice.
import type { Kind } from "./forms.ts";

export const FOLDS = 5;

export const names = {
  base: (size: string, seed: number) => `${size}/base/${seed}`,
  init: (size: string, seed: number) => `${size}/init/${seed}`,
  initMix: (size: string, mix: number, seed: number) => `${size}/init-mix-${mix}/${seed}`,
  rewardMix: (size: string, mix: number, seed: number) => `${size}/reward-mix-${mix}/${seed}`,
  epochs: (size: string, seed: number) => `${size}/sft-epochs/${seed}`,
  dropout: (size: string, p: number, seed: number) => `${size}/sft-dropout-${p}/${seed}`,
  dropoutChosen: (size: string, p: number, seed: number) =>
    `${size}/sft-dropout-${p}/${seed}/chosen`,
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
