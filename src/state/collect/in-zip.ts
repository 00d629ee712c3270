// A text that goes with the data in a zip that this app wrote.
import { LIMITS } from "../../formats/bytes.ts";
import { companionOf } from "../../formats/zip.ts";

/** The text at a path of a zip, checked against its checksums; null for other files and zips without it. @throws FormatError */
export async function textInZip(file: File, path: string): Promise<string | null> {
  const start = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (start[0] !== 0x50 || start[1] !== 0x4b) return null;
  const bytes = new Uint8Array(await file.arrayBuffer());
  return companionOf(bytes, file.name, LIMITS, path);
}
