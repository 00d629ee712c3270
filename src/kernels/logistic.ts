// Sigmoid and softplus for the references of losses on pairs, in forms that neither overflow nor cancel.

/** log(1 + exp(x)); -log sigmoid(x) is softplus(-x), whose slope at 0 is 1/2. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + exp(-x)). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
