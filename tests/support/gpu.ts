// One executor per test file, on Dawn's software adapter; no adapter is a failure, never a skip.
import { Executor } from "../../src/gpu/executor.ts";
import { openNodeGpu } from "../../src/gpu/node.ts";

let shared: Promise<Executor> | undefined;

export function executor(): Promise<Executor> {
  shared ??= openNodeGpu().then((gpu) => new Executor(gpu));
  return shared;
}
