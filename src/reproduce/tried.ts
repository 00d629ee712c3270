// What was tried where a claim did not hold: written by people, printed beside the claim.

export const TRIED: Readonly<Record<string, string>> = {};
