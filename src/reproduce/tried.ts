// What was tried where a claim did not hold: written by people, printed beside the claim.

/** By claim; of the quick form at seed 1 unless the text says otherwise. */
export const TRIED: Readonly<Record<string, string>> = {
  order:
    "The reward model was the weak link. With 480 rankings for two epochs it ordered 64.9 % of the validation pairs rightly (87.7 % of what it had learned) and PPO raised its reward while gold stood still; with 1 400 for one epoch 67.2 %; fitting the head to all of them before the trunk, instead of to the last 64, 70.3 % (the gold labeler without noise: 77.1 %). A policy rate of 5e-4 with rewards limited at 1.5 reached a KL of 5 in 30 iterations and lost 0.3 of gold utility; 3e-4 and a limit of 1 are what is reported. Fifty iterations of 64 answers are 80 times fewer than the paper's 256,000 episodes; longer runs are the full form's, which was not run.",
  truth:
    "PPO-ptx at coefficient 0.5 with the first reward model gave 43 % false answers where SFT gave 26 % and PPO 32 %: pre-training text, in which myths are 5.8 times as frequent as truths, teaches them again. Only 12 % of the prompts are questions, and the guideline of training, as the paper's, puts helpfulness first.",
  tax: "PPO-ptx at coefficient 0.5 regained 27 % on the suite and 47 % of the loss on documents; the report's coefficient is 1, and 4 stands in the table of the tax. The suite has 128 items in this form, each asked twice, so that differences under 5 points say little.",
  "small-beats-large":
    "Nano (60 thousand parameters) starts reinforcement at a gold utility of 2.0 where micro has 5.0; in 50 iterations PPO raises its learned reward from -0.40 to 0.66 and gold stays where it is, since its own reward model is weak. SFT of the same size is in the head-to-head table.",
};
