// What was tried where a claim did not hold: written by people, printed beside the claim.

/** By claim; of the quick form unless the text says otherwise. */
export const TRIED: Readonly<Record<string, string>> = {
  order:
    "At the paper's β of 0.02 micro's PPO exploited its reward model (seed 1): with a rate of 3e-4 the gold utility of its rollouts went from 5.15 to 5.00 in 50 iterations (KL 3.0); with 1e-4 it rose to 5.21 (KL 0.7) and fell to 4.96 (KL 3.9) while the learned reward went on rising. With β 0.1 and 0.2 gold rises to the end. The reward model was the weak link before that: 480 rankings for two epochs ordered 64.9 % of the validation pairs rightly, 1 400 for one 70.3 %, 2 600 72.5 % (the gold labeler without noise: 77.1 %). What it gets wrong: it likes courtesies (0.62 in its best of 16 answers, 0.16 in all). What is left to gain: the initial model's likeliest answers (temperature 0) have 5.80 of gold utility, its answers at temperature 1 have 5.1. Nano's reward model orders 64 to 66 % rightly, so that its PPO gains little.",
  truth:
    "The questions are about myths that no demonstration and no ranking holds, so that what a model knows of them is the corpus, in which the second world states myths 5.8 times as often as truths. Supervised fine-tuning lowers false answers; pre-training rows, in the initial model and in PPO-ptx, bring some back. Only 12 % of the prompts are questions, and the guideline of training, as the paper's, puts helpfulness first. Asked the question alone, as the paper's QA prompt, models after reinforcement give true and informative answers several times as often as the base: see the table. Runs at β 0.02 with coefficient 1 had 50 % false answers.",
  elements:
    "80 rankings for 1 and 3 epochs at the reward model's rates: both ways overfit alike, and validation accuracy differs by less than its error. Both start from a head that was fitted to the same 80 rankings, which overfits by itself, and pairs of one prompt are in few updates of 32; what the paper saw at 33 thousand prompts is for the full form, which takes 1 000.",
  reward:
    "The level is the paper's, but the simulated labelers agree more often among themselves on these samples (80 %) than the paper's (73 %): their noise was set on the samples of the first world's SFT model, and was not changed. More rankings and a head fitted to all of them first helped (see the first point); a larger reward model was not tried. The folds learn from 160 rankings each, so that their level is lower; what they show is the difference.",
  "over-optimisation":
    "100 iterations at twice the rate and without a KL penalty. 40 iterations with rewards limited at 10 deviations instead of 1 had shown a fall of less than twice its standard error.",
  toxicity:
    "Without a prefix the labelers' rude answers are punished whoever asks, so that PPO-ptx is kinder than the base there too; with the biased prefix it is as rude as the base, not ruder. The labelers' rules were not changed.",
  tax: "What is lost on the suite is lost in supervised fine-tuning; reinforcement at β 0.1 adds next to nothing to it, so that there is little to regain there. On documents PPO loses and its pre-training rows regain more than half. A coefficient of 4 stands in the table of the tax. The suite has 128 items in this form, each asked twice, so that differences of a few points say little.",
  "small-beats-large":
    "Nano (60 thousand parameters) has a gold utility of 2.0 when reinforcement begins, where micro has 5.0. Mini's base is a weaker opponent than its size says: it grew from micro's base and had 450 updates, and against micro's SFT it wins less often than micro's own base. At 5 times the size the interval excludes 50 %; 21 times needs a better small model or the full form's sizes, which were not run.",
};
