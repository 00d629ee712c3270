// Forward code runs once on a tape; the tape derives backward and ends as a plain list of kernel calls.
import { inPlace } from "./in-place.ts";
import type { AnyKernel, Consts, Kernel } from "./kernel.ts";
import { recomputed } from "./recompute.ts";
import type { Segment } from "./recompute.ts";
import { ALIGNMENT, check, describe, persistent, size, temporary } from "./tensor.ts";
import type { DType, Shape, Storage, Tensor } from "./tensor.ts";

export interface Call {
  readonly kernel: AnyKernel;
  readonly bindings: Readonly<Record<string, Tensor>>;
  readonly consts: Consts;
  /** path of the scopes it was recorded in, e.g. `h.0/attn` */
  readonly scope: string;
  /** the call does nothing while this is 0 */
  readonly guard?: Guard | undefined;
}

/** An element of a persistent u32 tensor, 0 or 1. */
export interface Guard {
  readonly tensor: Tensor;
  readonly index: number;
}

/** Everything a call binds. */
export function boundBy({ bindings, guard }: Call): Tensor[] {
  return [...Object.values(bindings), ...(guard === undefined ? [] : [guard.tensor])];
}

/** Where a derivative is written, and whether something is already there. */
export interface Target {
  readonly tensor: Tensor;
  readonly ACCUMULATE: boolean;
}

interface Access {
  readonly at: number;
  readonly owner: Tensor;
}

export interface TapeOptions {
  /** every tensor gets a storage of its own, so that tests can read all of them afterwards */
  readonly keep?: boolean;
  /** blocks do not keep their temporaries for backward but compute them again: less memory, more calls */
  readonly recompute?: boolean;
  /** how blocks keep what backward reads again: f16 halves its bytes, f32 is the default */
  readonly activations?: "f16" | "f32";
  /** gradients of parameters are added to what is there, for sums over several runs */
  readonly accumulate?: boolean;
  /** most elements that a call over a flat buffer binds; longer buffers take several calls */
  readonly bindingLength?: number;
}

/** 128 MiB, which every WebGPU device binds at once. */
const BINDING_LENGTH = 2 ** 25;

/** Records calls. One tape becomes one plan, for the CPU (plan/reference.ts) or the GPU (gpu/executor.ts). */
export class Tape {
  readonly calls: Call[] = [];
  private readonly closures: { outputs: readonly Tensor[]; run: () => void }[] = [];
  private readonly differentiable = new Set<Tensor>();
  private readonly gradients = new Map<Tensor, Tensor>();
  private readonly scopes: string[] = [];
  private guard: Guard | undefined;
  private readonly shared = new Map<Tensor, Map<Tensor, number>>();
  private readonly gradientReads = new Map<Tensor, Access[]>();
  private readonly gradientWrites = new Map<Tensor, Access[]>();
  private readonly options: TapeOptions;
  private readonly segments: Segment[] = [];
  /** storages made by the segment that is being recorded */
  private made: Set<Storage> | undefined;
  /** inputs that backward wrote their derivatives over */
  private readonly overwritten = new Set<Storage>();
  private inBlock = false;
  readonly bindingLength: number;

  /** @throws RangeError when the binding length is no positive multiple of ALIGNMENT. */
  constructor(options: TapeOptions = {}) {
    const { bindingLength = BINDING_LENGTH } = options;
    check(
      bindingLength > 0 && bindingLength % ALIGNMENT === 0,
      `tape: a binding of ${String(bindingLength)} elements, expected a positive multiple of ${String(ALIGNMENT)}`,
    );
    this.options = options;
    this.bindingLength = bindingLength;
  }

  /** Declares parameters (tensors with a gradient) that this plan differentiates. */
  train(parameters: Iterable<Tensor>): void {
    for (const parameter of parameters) {
      check(
        parameter.gradient !== undefined,
        `train: ${parameter.name} has no gradient, expected a trainable parameter`,
      );
      this.differentiable.add(parameter);
    }
  }

  /** A temporary that carries derivatives iff one of its parents does. */
  result(name: string, shape: Shape, ...parents: readonly Tensor[]): Tensor {
    return this.derived(this.make(name, shape), parents);
  }

  /**
   * A result that is kept for backward and not added to: in f16 inside a block where the tape's options say so. What
   * blocks hand on (the residual stream), all derivatives and everything outside of blocks stays f32.
   */
  activation(name: string, shape: Shape, ...parents: readonly Tensor[]): Tensor {
    const half = this.inBlock && this.options.activations === "f16";
    return this.derived(this.make(name, shape, half ? "f16" : "f32"), parents);
  }

  /** A temporary without derivatives. */
  scratch(name: string, shape: Shape, dtype: DType = "f32"): Tensor {
    return this.make(name, shape, dtype);
  }

  /** True if somebody wants the derivative of this tensor. */
  wants(tensor: Tensor): boolean {
    return this.differentiable.has(tensor);
  }

  /** Starts backward from `output` with a given derivative (tests; losses write theirs themselves). */
  seed(output: Tensor, derivative: Tensor): void {
    this.gradients.set(output, derivative);
  }

  call<B extends string, C extends Consts>(
    kernel: Kernel<B, C>,
    bindings: Readonly<Record<B, Tensor>>,
    consts: C,
  ): void {
    for (const tensor of Object.values<Tensor>(bindings)) {
      check(
        !this.overwritten.has(tensor.storage),
        `${kernel.name}: ${describe(tensor)} is read after backward, which wrote a derivative over it; record the call before`,
      );
    }
    this.calls.push({
      kernel,
      bindings,
      consts,
      scope: this.scopes.join("/"),
      ...(this.guard === undefined ? {} : { guard: this.guard }),
    });
  }

  /**
   * Calls recorded inside do nothing, and leave what they write as it was, while the guard is 0 when they run.
   * Nothing inside may write the guard's storage.
   * @throws RangeError when the guard is no element of a persistent u32 tensor
   */
  guarded<T>(guard: Guard, body: () => T): T {
    const { tensor, index } = guard;
    check(
      tensor.dtype === "u32" &&
        tensor.storage.lifetime === "persistent" &&
        index < size(tensor.shape),
      `guarded: element ${String(index)} of ${describe(tensor)}, expected one of a persistent u32 tensor`,
    );
    const outer = this.guard;
    this.guard = guard;
    try {
      return body();
    } finally {
      this.guard = outer;
    }
  }

  scope<T>(name: string, body: () => T): T {
    this.scopes.push(name);
    try {
      return body();
    } finally {
      this.scopes.pop();
    }
  }

  /** A scope whose activations the tape's options are about: see `recompute` and `activation`. */
  block<T>(name: string, body: () => T): T {
    this.inBlock = true;
    try {
      return this.options.recompute === true ? this.recompute(name, body) : this.scope(name, body);
    } finally {
      this.inBlock = false;
    }
  }

  /**
   * A scope whose temporaries are not kept for backward: the calls that backward depends on run again, into fresh
   * temporaries, just before it (Chen et al. 2016). Gradients stay the same bit by bit.
   * @throws RangeError inside another recomputed scope; `backward` throws one when a call cannot be repeated.
   */
  recompute<T>(name: string, body: () => T): T {
    check(
      this.made === undefined,
      `recompute: ${name} is recorded inside another recomputed scope, expected one level`,
    );
    const [first, firstRule] = [this.calls.length, this.closures.length];
    const made = (this.made = new Set());
    try {
      return this.scope(name, body);
    } finally {
      this.made = undefined;
      const [end, endRule] = [this.calls.length, this.closures.length];
      this.segments.push({ name, first, end, firstRule, endRule, made });
    }
  }

  /** Registers how derivatives pass an op. Runs in reverse order, only if a derivative of an output exists. */
  onBackward(outputs: Tensor | readonly Tensor[], rule: () => void): void {
    const list = "storage" in outputs ? [outputs] : outputs;
    if (!list.some((output) => this.wants(output))) return;
    const scope = [...this.scopes];
    const run = (): void => {
      this.scopes.push(...scope);
      rule();
      this.scopes.length = 0;
    };
    this.closures.push({ outputs: list, run });
  }

  /** The finished derivative of an op's output, to be read inside its backward rule. */
  gradientOf(output: Tensor): Tensor {
    const gradient = this.gradients.get(output);
    check(
      gradient !== undefined,
      `backward: nothing has written a derivative of ${describe(output)} yet`,
    );
    push(this.gradientReads, gradient, { at: this.calls.length, owner: output });
    return gradient;
  }

  /** True if a derivative of this tensor has been written. */
  hasGradient(tensor: Tensor): boolean {
    return this.gradients.has(tensor);
  }

  /** Where to write the derivative of an input; undefined when nobody wants it. Must be followed by the write. */
  into(input: Tensor): Target | undefined {
    if (!this.wants(input)) return undefined;
    const known = this.gradients.get(input);
    const tensor = known ?? input.gradient ?? this.make(`d${input.name}`, input.shape);
    this.gradients.set(input, tensor);
    push(this.gradientWrites, tensor, { at: this.calls.length, owner: input });
    const adds = this.options.accumulate === true && input.gradient !== undefined;
    return { tensor, ACCUMULATE: known !== undefined || adds };
  }

  /** Lets `input` use the derivative of `output` itself (y = input + …). False if it has one already. */
  share(input: Tensor, output: Tensor): boolean {
    if (!this.wants(input)) return true;
    if (this.gradients.has(input) || input.gradient !== undefined) return false;
    const gradient = this.gradientOf(output);
    const owners = this.shared.get(gradient) ?? new Map<Tensor, number>();
    owners.set(input, this.calls.length);
    this.shared.set(gradient, owners);
    this.gradients.set(input, gradient);
    return true;
  }

  /** Appends the derived calls. Losses must have written their derivatives with `into` in their own rule. */
  backward(): void {
    for (let end = this.closures.length; end > 0;) {
      const segment = this.segments.findLast(({ firstRule, endRule }) => {
        return endRule === end && firstRule < end;
      });
      const first = segment?.firstRule ?? end - 1;
      const before = this.calls.length;
      this.runRules(first, end);
      if (segment !== undefined) {
        const backward = this.calls.splice(before);
        const fresh = ({ name, length, dtype }: Storage): Storage =>
          this.make(name, [length], dtype).storage;
        this.calls.push(...recomputed(this.calls, backward, segment, fresh));
      }
      end = first;
    }
    this.closures.length = 0;
    this.segments.length = 0;
    this.verifySharing();
    const { calls, moved } = inPlace(this.calls);
    this.calls.splice(0, Infinity, ...calls);
    for (const pair of moved) for (const storage of pair) this.overwritten.add(storage);
  }

  private runRules(first: number, end: number): void {
    for (const { outputs, run } of this.closures.slice(first, end).reverse()) {
      if (outputs.some((output) => this.gradients.has(output) || output.shape.length === 0)) run();
    }
  }

  private derived(tensor: Tensor, parents: readonly Tensor[]): Tensor {
    if (parents.some((parent) => this.differentiable.has(parent))) this.differentiable.add(tensor);
    return tensor;
  }

  private make(name: string, shape: Shape, dtype: DType = "f32"): Tensor {
    const tensor = (this.options.keep === true ? persistent : temporary)(name, shape, dtype);
    this.made?.add(tensor.storage);
    return tensor;
  }

  // A write for one owner after the share must not be followed by a read for another: it would see too much.
  private verifySharing(): void {
    for (const [gradient, owners] of this.shared) {
      for (const write of this.gradientWrites.get(gradient) ?? []) {
        for (const read of this.gradientReads.get(gradient) ?? []) {
          const since = owners.get(read.owner);
          const spoiled =
            read.owner !== write.owner &&
            since !== undefined &&
            since <= write.at &&
            write.at < read.at;
          check(
            !spoiled,
            `backward: ${read.owner.name} and ${write.owner.name} share ${describe(gradient)}, and it is written for the second before it is read for the first; use an op that copies`,
          );
        }
      }
    }
  }
}

function push(map: Map<Tensor, Access[]>, key: Tensor, access: Access): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [access]);
  else list.push(access);
}
