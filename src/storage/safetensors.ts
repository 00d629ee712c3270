// Reads and writes safetensors files (F32, F16, I32), refusing everything that is not exactly right.
// Format: u64 little-endian header length, JSON header, then the tensors' bytes without gaps:
// https://github.com/huggingface/safetensors#format
import { quote, StorageError } from "./errors.ts";
import { decodeHalf } from "../plan/half.ts";
import { canonicalJson, readJson, RESERVED_KEYS } from "./json.ts";
import { sha256 } from "./sha256.ts";

export type DType = "F32" | "F16" | "I32";

/** Row-major; `data` holds product(shape) values, halves as their 16 bits. */
export type FileTensor = { shape: number[] } & (
  | { dtype: "F32"; data: Float32Array }
  | { dtype: "F16"; data: Uint16Array }
  | { dtype: "I32"; data: Int32Array }
);

export interface TensorFile {
  tensors: Map<string, FileTensor>;
  metadata: Record<string, string>;
}

export interface ReadOptions {
  /** How the file is called in errors. */
  name?: string;
  /** "required" refuses files without our checksum; a wrong one is always refused. */
  checksum?: "required" | "if present";
  /** Refuse NaN and infinity in F32 and F16 (default true). */
  finite?: boolean;
}

/** Lower than the specification's 100 MB, which is room for a denial of service. */
const HEADER_LIMIT = 2 ** 20;
const TENSOR_LIMIT = 4096;
const BYTES: Readonly<Record<DType, number>> = { F32: 4, F16: 2, I32: 4 };
/** Metadata key of the SHA-256 over everything else; plain safetensors readers ignore it. */
const CHECKSUM = "nudge.sha256";

interface Entry {
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * The bytes of a safetensors file. Wide types come first, then names in order, so that every tensor
 * is aligned; a checksum of names, shapes, metadata and data is added to `__metadata__`, unless the
 * caller keeps one of the whole file.
 * @throws StorageError "invalid" when a shape does not fit its data or a name is reserved
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, FileTensor>,
  metadata: Readonly<Record<string, string>> = {},
  options: { checksum: boolean } = { checksum: true },
): Uint8Array<ArrayBuffer> {
  const entries = layout(tensors);
  const size = Math.max(0, ...Array.from(entries.values(), ({ end }) => end));
  const body = new Uint8Array(size);
  for (const [name, { data }] of tensors) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    body.set(bytes, entries.get(name)?.begin);
  }
  const stamp = options.checksum ? { [CHECKSUM]: checksum(entries, metadata, body) } : {};
  const head = new TextEncoder().encode(header(entries, { ...metadata, ...stamp }));
  if (head.length > HEADER_LIMIT || entries.size > TENSOR_LIMIT) {
    throw new StorageError(
      "invalid",
      `Writing safetensors: found ${entries.size} tensors and a header of ${head.length} bytes; expected at most ${TENSOR_LIMIT} and ${HEADER_LIMIT}, so nothing was written.`,
    );
  }
  return assemble(head, body);
}

/**
 * The tensors of a safetensors file, copied out of `bytes`.
 * @throws StorageError "corrupt" with one sentence that names the file and the first thing wrong
 */
export function readSafetensors(bytes: Uint8Array, options: ReadOptions = {}): TensorFile {
  const refuse = (reason: string): never => {
    const file = options.name ?? "This safetensors file";
    throw new StorageError("corrupt", `${file}: ${reason}; nothing was loaded.`);
  };
  const { entries, metadata, body } = readHeader(bytes, refuse);
  checkRanges(entries, body.length, refuse);
  const { [CHECKSUM]: stated, ...rest } = metadata;
  if (stated === undefined && options.checksum === "required") {
    refuse("found no checksum in its metadata, which files made here have");
  }
  if (stated !== undefined && stated !== checksum(entries, rest, body)) {
    refuse("its content does not match its checksum, so it was damaged or changed");
  }
  const tensors = new Map<string, FileTensor>();
  for (const [name, entry] of entries) {
    const tensor = view(entry, Uint8Array.from(body.subarray(entry.begin, entry.end)).buffer);
    if (options.finite !== false) checkFinite(name, tensor, refuse);
    tensors.set(name, tensor);
  }
  return { tensors, metadata: rest };
}

/** The values of a tensor as singles; integers are converted, halves widened. */
export function toFloat32(tensor: FileTensor): Float32Array {
  if (tensor.dtype === "F16") return decodeHalf(tensor.data);
  return tensor.dtype === "F32" ? tensor.data : Float32Array.from(tensor.data);
}

/** Where each tensor's bytes go: 4-byte types first, so that every tensor is aligned. */
function layout(tensors: ReadonlyMap<string, FileTensor>): Map<string, Entry> {
  const sorted = [...tensors].sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => BYTES[y] - BYTES[x] || (a < b ? -1 : 1),
  );
  const entries = new Map<string, Entry>();
  let begin = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const reserved = name === "" || name === "__metadata__" || RESERVED_KEYS.has(name);
    if (reserved || product(shape) !== BigInt(data.length)) {
      throw new StorageError(
        "invalid",
        `Tensor ${quote(name)}: found ${data.length} values for shape [${shape.join(", ")}]; expected as many as the shape holds and a name of its own, so nothing was written.`,
      );
    }
    const end = begin + data.byteLength;
    entries.set(name, { dtype, shape: [...shape], begin, end });
    begin = end;
  }
  return entries;
}

function header(entries: ReadonlyMap<string, Entry>, metadata: Record<string, string>): string {
  const tensors = Array.from(entries, ([name, { dtype, shape, begin, end }]) => [
    name,
    { dtype, shape, data_offsets: [begin, end] },
  ]);
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(tensors) });
  const bytes = new TextEncoder().encode(json).length;
  return json + " ".repeat((8 - (bytes % 8)) % 8); // the data starts at a multiple of 8
}

function checksum(
  entries: ReadonlyMap<string, Entry>,
  metadata: Readonly<Record<string, string>>,
  body: Uint8Array,
): string {
  return sha256(
    canonicalJson({
      tensors: [...entries].sort(([a], [b]) => (a < b ? -1 : 1)),
      metadata,
      body: sha256(body),
    }),
  );
}

function assemble(head: Uint8Array, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(8 + head.length + body.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  file.set(body, 8 + head.length);
  return file;
}

type Refuse = (reason: string) => never;

function readHeader(
  bytes: Uint8Array,
  refuse: Refuse,
): { entries: Map<string, Entry>; metadata: Record<string, string>; body: Uint8Array } {
  if (bytes.length < 8) return refuse(`found ${bytes.length} bytes; expected at least 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  const limit = Math.min(bytes.length - 8, HEADER_LIMIT);
  if (length > BigInt(limit))
    return refuse(`found a header of ${length} bytes; expected at most ${limit}`);
  const end = 8 + Number(length);
  if (bytes[8] !== 0x7b || length < 2n)
    return refuse('found a header that does not start with "{"');
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(8, end),
    );
  } catch {
    return refuse("found a header that is not UTF-8");
  }
  const json = readJson(text);
  if (!json.ok) return refuse(`its header: ${json.reason}`);
  const { __metadata__: stated, ...rest } = json.value as Record<string, unknown>;
  const metadata = readMetadata(stated, refuse);
  const names = Object.keys(rest);
  if (names.length > TENSOR_LIMIT)
    return refuse(`found ${names.length} tensors; expected at most ${TENSOR_LIMIT}`);
  const entries = new Map(names.map((name) => [name, readEntry(name, rest[name], refuse)]));
  return { entries, metadata, body: bytes.subarray(end) };
}

function readMetadata(value: unknown, refuse: Refuse): Record<string, string> {
  if (value === undefined) return {};
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || !Object.values(value).every((item) => typeof item === "string")) {
    return refuse("found __metadata__ that is not an object of texts");
  }
  return value as Record<string, string>;
}

/** One tensor's header entry: known type, sane shape, a range of exactly the bytes the shape needs. */
function readEntry(name: string, value: unknown, refuse: Refuse): Entry {
  const where = `tensor ${quote(name)}`;
  if (typeof value !== "object" || value === null)
    return refuse(`${where}: found ${quote(value)}; expected an object`);
  const { dtype, shape, data_offsets: offsets, ...unknown } = value as Record<string, unknown>;
  const extra = Object.keys(unknown)[0];
  if (extra !== undefined) return refuse(`${where}: found the unknown key ${quote(extra)}`);
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "I32") {
    return refuse(`${where}: found type ${quote(dtype)}; expected F32, F16 or I32`);
  }
  const count = Array.isArray(shape) ? product(shape) : null;
  if (count === null)
    return refuse(`${where}: found shape ${quote(shape)}; expected a list of sizes`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isSize(begin) || !isSize(end) || begin > end) {
    return refuse(`${where}: found offsets ${quote(offsets)}; expected [begin, end]`);
  }
  if (BigInt(end - begin) !== count * BigInt(BYTES[dtype])) {
    return refuse(`${where}: found ${end - begin} bytes for shape ${quote(shape)} of ${dtype}`);
  }
  return { dtype, shape: shape as number[], begin, end };
}

/** The ranges, in order, must follow one another from 0 to the end of the file. */
function checkRanges(entries: ReadonlyMap<string, Entry>, length: number, refuse: Refuse): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const [name, { begin, end }] of sorted) {
    if (begin !== at) refuse(`tensor ${quote(name)}: found its bytes at ${begin}; expected ${at}`);
    at = end;
  }
  if (at !== length) refuse(`found ${length} bytes of data; expected ${at}`);
}

function checkFinite(name: string, { dtype, data }: FileTensor, refuse: Refuse): void {
  const bad =
    dtype === "F32"
      ? data.findIndex((x) => !Number.isFinite(x))
      : dtype === "F16"
        ? data.findIndex((half) => (half & 0x7c00) === 0x7c00)
        : -1;
  if (bad >= 0) refuse(`tensor ${quote(name)}: found a value that is not finite at index ${bad}`);
}

/** Typed arrays read in the machine's byte order, which is little-endian wherever WebGPU exists. */
function view({ dtype, shape }: Entry, buffer: ArrayBuffer): FileTensor {
  if (dtype === "F32") return { dtype, shape, data: new Float32Array(buffer) };
  if (dtype === "F16") return { dtype, shape, data: new Uint16Array(buffer) };
  return { dtype, shape, data: new Int32Array(buffer) };
}

/** Number of values of a shape without overflow, or null when it is not a shape. */
function product(shape: readonly unknown[]): bigint | null {
  return shape.every(isSize) ? shape.reduce<bigint>((n, size) => n * BigInt(size), 1n) : null;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
