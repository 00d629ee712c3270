// The WebAssembly module of the CPU engine: the kernels that a training step spends its time in.
export { matmul, MATMUL_SCRATCH } from "./matmul";
