// One rollout of made-up prompts from random weights at a size; runs in Node and in a browser.
import { KNOBS, KNOB_COUNT } from "../../src/kernels/knobs.ts";
import { gptSpecs } from "../../src/model/gpt.ts";
import { initialValues } from "../../src/model/init.ts";
import type { Parameters } from "../../src/model/parameters.ts";
import { layOut } from "../../src/model/parameters.ts";
import type { Engine } from "../../src/plan/engine.ts";
import { persistent } from "../../src/plan/tensor.ts";
import { Generator } from "../../src/rlhf/session/generator.ts";
import { sequences } from "../../src/rlhf/sequences.ts";
import type { Extents } from "../../src/rlhf/sequences.ts";
import { modelOf } from "./models.ts";
import type { Size } from "./models.ts";

/** A prompt token that is neither padding nor an end. */
const START = 5;

/** What samples B answers of up to G tokens to prompts of P tokens, at temperature 1. */
export async function prepareSampling(
  engine: Engine,
  size: Size,
  extents: Extents,
  weights?: Parameters,
): Promise<{ generator: Generator; rollout: (stream: number) => Promise<number[]> }> {
  const config = modelOf(size);
  const label = `${size.name}.sample.${String(extents.B)}`;
  const parameters = weights ?? layOut(label, gptSpecs(config), false);
  if (weights === undefined) engine.memory.write(parameters.values, initialValues(parameters, 1));
  const knobs = persistent(`${label}.knobs`, [KNOB_COUNT]);
  const values = new Float32Array(KNOB_COUNT);
  values[KNOBS.temperature] = 1;
  engine.memory.write(knobs, values);
  const batch = sequences(label, extents);
  const generator = await Generator.create(engine, label, config, parameters, batch, knobs);
  const prompts = Array.from({ length: extents.B }, () =>
    Array.from({ length: extents.P }, () => START),
  );
  const rollout = async (stream: number): Promise<number[]> => {
    generator.queue(prompts, 1, stream);
    return (await generator.answers()).flatMap(({ tokens }) => tokens);
  };
  return { generator, rollout };
}
