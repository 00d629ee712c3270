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
  /** rankings of the initial model's answers, and in later rounds of a policy's */
  rankings: (size: string, seed: number, round = 1) =>
    round === 1 ? `${size}/rankings/${seed}` : `${size}/rankings-round-${round}/${seed}`,
  /** the reward model of a round before the last, and the policy whose answers the next round ranks */
  roundReward: (size: string, round: number, seed: number) =>
    `${size}/reward-round-${round}/${seed}`,
  roundPolicy: (size: string, round: number, seed: number) => `${size}/ppo-round-${round}/${seed}`,
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
