// A GPU device that counts what is asked of it, to hold the engine to its steady state from outside.
import type { Gpu } from "../../src/gpu/device.ts";

export interface Asked {
  buffers: number;
  bindGroups: number;
  pipelines: number;
  shaders: number;
  writes: number;
  readBacks: number;
  /** dispatches of each submit, in order */
  submits: number[];
}

/** Wraps the device of a GPU; `without` hides features from the engine. */
export function countingGpu(
  gpu: Gpu,
  { without = [] }: { without?: readonly string[] } = {},
): { gpu: Gpu; asked: Asked; reset: () => void } {
  const asked = {} as Asked;
  const reset = (): void => {
    const none = { buffers: 0, bindGroups: 0, pipelines: 0, shaders: 0, writes: 0, readBacks: 0 };
    Object.assign(asked, none, { submits: [] });
  };
  reset();
  const dispatchesOf = new WeakMap<GPUCommandBuffer, number>();
  const queue = wrap(gpu.device.queue, {
    submit(buffers: Iterable<GPUCommandBuffer>) {
      const list = [...buffers];
      for (const buffer of list) asked.submits.push(dispatchesOf.get(buffer) ?? 0);
      gpu.device.queue.submit(list);
    },
    writeBuffer(...args: Parameters<GPUQueue["writeBuffer"]>) {
      asked.writes++;
      gpu.device.queue.writeBuffer(...args);
    },
  });
  const device = wrap(gpu.device, {
    queue,
    features: new Set([...gpu.device.features].filter((feature) => !without.includes(feature))),
    createBuffer(descriptor: GPUBufferDescriptor) {
      asked.buffers++;
      const buffer = gpu.device.createBuffer(descriptor);
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = (...args) => {
        asked.readBacks++;
        return map(...args);
      };
      return buffer;
    },
    createBindGroup(descriptor: GPUBindGroupDescriptor) {
      asked.bindGroups++;
      return gpu.device.createBindGroup(descriptor);
    },
    createComputePipelineAsync(descriptor: GPUComputePipelineDescriptor) {
      asked.pipelines++;
      return gpu.device.createComputePipelineAsync(descriptor);
    },
    createShaderModule(descriptor: GPUShaderModuleDescriptor) {
      asked.shaders++;
      return gpu.device.createShaderModule(descriptor);
    },
    createCommandEncoder() {
      const encoder = gpu.device.createCommandEncoder();
      let dispatches = 0;
      const begin = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (...args) => {
        const pass = begin(...args);
        const dispatch = pass.dispatchWorkgroups.bind(pass);
        pass.dispatchWorkgroups = (...sizes) => {
          dispatches++;
          dispatch(...sizes);
        };
        return pass;
      };
      const finish = encoder.finish.bind(encoder);
      encoder.finish = () => {
        const buffer = finish();
        dispatchesOf.set(buffer, dispatches);
        return buffer;
      };
      return encoder;
    },
  });
  return { gpu: { ...gpu, device }, asked, reset };
}

/** The object with some members replaced; native methods keep their `this`. */
function wrap<T extends object>(object: T, replaced: Readonly<Record<string, unknown>>): T {
  return new Proxy(object, {
    get(target, key) {
      if (typeof key === "string" && key in replaced) return replaced[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
