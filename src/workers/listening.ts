// PPO from a project: the supervised model trained towards the reward of the last study, beside the run of the first page.
import { DEFAULTS } from "../config.ts";
import type { RunConfig } from "../config.ts";
import type { GptConfig } from "../model/gpt.ts";
import { Session } from "../rlhf/session/session.ts";
import type { Weights } from "../rlhf/session/session.ts";
import type { Tokenizer } from "../world/index.ts";
import type { Encoder } from "./encoder.ts";
import type { ListeningApi, Played, Sample, TrainerEvent } from "./protocol.ts";
import { RunControl } from "./run-control.ts";
import type { Study } from "./study.ts";
import { Supply } from "./supply.ts";

type Named = { readonly id: string; readonly text: string };

/** What an open trainer has of its own. */
export interface ListeningParts {
  /** of the run on the first page: its supervised model is where this one starts, too */
  readonly session: Session;
  readonly config: RunConfig;
  readonly model: GptConfig;
  readonly sft: Weights;
  readonly study: Study;
  readonly encoder: Encoder;
  readonly tokenizer: Tokenizer;
}

export class Listening implements ListeningApi {
  private readonly parts: () => ListeningParts;
  /** policy, value model and optimisers of its own; made when first asked for */
  private beside: Promise<Session> | undefined;
  private control: RunControl | undefined;

  constructor(parts: () => ListeningParts) {
    this.parts = parts;
  }

  /** Whether iterations are being played. */
  get busy(): boolean {
    return this.control?.busy === true;
  }

  async begin(prompts: readonly string[], onEvent: (event: TrainerEvent) => void): Promise<void> {
    await this.drop();
    const { session: main, study, encoder, tokenizer, config } = this.parts();
    const { fit, normalisers, trunk } = study.reward();
    const session = await this.session();
    const { memory } = session.engine;
    memory.copy(main.state.models.reference.values, session.state.models.reference.values);
    session.judgeByCopy(trunk);
    const normalised = { fit, ...session.reward.normalise(fit, normalisers) };
    const own = [...new Set(prompts)].map((prompt) => encoder.prompt(prompt));
    const longest = session.state.batch.P;
    const { seed, ptxDemonstrations } = config;
    const supply = new Supply(tokenizer, seed, longest, ptxDemonstrations, own);
    this.control = new RunControl(session, { current: normalised }, supply, onEvent, false);
  }

  async play(iterations: number): Promise<Played> {
    if (this.control === undefined) throw new Error("There is no run to go on with: begin one.");
    return this.control.play(iterations, {});
  }

  pause(): Promise<void> {
    this.control?.pause();
    return Promise.resolve();
  }

  async drop(): Promise<void> {
    await this.control?.reset();
    this.control = undefined;
  }

  async sample(prompts: readonly Named[], seed: number, from: "policy" | "sft"): Promise<Sample[]> {
    const { encoder, tokenizer, study } = this.parts();
    const session = await this.session();
    const asked = prompts.map(({ text }) => encoder.prompt(text));
    const generator = await session.generator(from);
    const answers = await generator.sample(asked, seed);
    const items = answers.map(({ tokens }, i) => ({ prompt: asked[i] ?? [], tokens }));
    const rewards = await study.scores(items);
    return answers.map(({ tokens, logprobs, finished }, i) => ({
      promptId: prompts[i]?.id ?? "",
      prompt: prompts[i]?.text ?? "",
      text: tokenizer.renderIds(tokens),
      ...{ tokens, logprobs, finished, seed },
      reward: rewards[i] ?? NaN,
      checkpoint: from === "sft" ? "sft" : `policy@${String(session.run.iteration)}`,
    }));
  }

  /** The presets are those of the first page's PPO, whatever method its address asks for. */
  private session(): Promise<Session> {
    const { session, model, config, sft } = this.parts();
    const { learningRate, klCoefficient, ptxCoefficient } = DEFAULTS;
    const presets = { ...config, learningRate, klCoefficient, ptxCoefficient };
    this.beside ??= Session.create(session.engine, model, presets, sft).catch((error: unknown) => {
      this.beside = undefined;
      throw error;
    });
    return this.beside;
  }
}
