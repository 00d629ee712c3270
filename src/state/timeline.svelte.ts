// The samples of a run by step, the changes made on the way, and the step that the page looks at.
import type { Sample } from "../workers/protocol.ts";

/** The same prompts, sampled with the same seeds, at one step. */
export interface Frame {
  readonly step: number;
  readonly samples: readonly Sample[];
}

/** Something the person changed during the run. */
export interface Mark {
  readonly step: number;
  readonly text: string;
}

/** One prompt: what the model said first and what it says at the playhead. */
export interface Line {
  readonly promptId: string;
  readonly prompt: string;
  readonly start: Sample;
  readonly now: Sample;
}

export class Timeline {
  frames = $state.raw<readonly Frame[]>([]);
  marks = $state.raw<readonly Mark[]>([]);
  /** the step looked at; null follows the newest */
  playhead = $state<number | null>(null);

  /** Adds the samples of a step, replacing those that were there. */
  add(step: number, samples: readonly Sample[]): void {
    const others = this.frames.filter((frame) => frame.step !== step);
    this.frames = [...others, { step, samples }].sort((a, b) => a.step - b.step);
  }

  mark(step: number, text: string): void {
    this.marks = [...this.marks, { step, text }];
  }

  /** Forgets everything after a step. */
  keepThrough(step: number): void {
    this.frames = this.frames.filter((frame) => frame.step <= step);
    this.marks = this.marks.filter((mark) => mark.step <= step);
    this.playhead = null;
  }

  clear(): void {
    this.frames = [];
    this.marks = [];
    this.playhead = null;
  }

  /** Moves the playhead by frames; past the last one it follows the newest again. */
  scrub(by: -1 | 1): void {
    const at = this.frames.findIndex((frame) => frame === this.frame) + by;
    if (at >= this.frames.length - 1) this.playhead = null;
    else this.playhead = this.frames[Math.max(0, at)]?.step ?? null;
  }

  /** Looks at a step, wherever on a chart it was picked; the end follows the newest. */
  look(step: number): void {
    this.playhead = step >= this.last ? null : Math.max(0, step);
  }

  /** The last step with samples. */
  get last(): number {
    return this.frames.at(-1)?.step ?? 0;
  }

  /** The frame at the playhead: the newest one that is not after it. */
  get frame(): Frame | null {
    const head = this.playhead;
    if (head === null) return this.frames.at(-1) ?? null;
    return this.frames.findLast((frame) => frame.step <= head) ?? this.frames[0] ?? null;
  }

  /** For each prompt of the frame at the playhead, its first sample and this one. */
  get lines(): Line[] {
    const { frame } = this;
    if (frame === null) return [];
    return frame.samples.map((now) => ({
      promptId: now.promptId,
      prompt: now.prompt,
      start: this.#first(now.promptId) ?? now,
      now,
    }));
  }

  #first(promptId: string): Sample | undefined {
    for (const frame of this.frames) {
      const sample = frame.samples.find((candidate) => candidate.promptId === promptId);
      if (sample !== undefined) return sample;
    }
    return undefined;
  }
}
