// One column of a row group, a page at a time: hyparquet decodes the values of pages that were checked.
import type { ColumnMetaData, DecodedArray, PageHeader, SchemaTree } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS, convert, convertWithDictionary } from "hyparquet/src/convert.js";
import { decompressPage, readDataPage, readDataPageV2 } from "hyparquet/src/datapage.js";
import { readPlain } from "hyparquet/src/plain.js";
import { left, readerOf } from "./parquet-thrift.ts";
import { unsnap } from "./snappy.ts";

/** The values of a page and the levels of all of them, nulls among them. */
export interface Page {
  count: number;
  /** No levels where all are 0, or as high as they can be. */
  repetitions: ArrayLike<number>;
  definitions: ArrayLike<number>;
  /** The values that are not null. */
  values: DecodedArray;
}

const compressors = { SNAPPY: unsnap };

/** Shapes are left as bytes: nothing here reads them. */
const parsers = {
  ...DEFAULT_PARSERS,
  geometryFromBytes: (bytes: Uint8Array | undefined) => bytes,
  geographyFromBytes: (bytes: Uint8Array | undefined) => bytes,
};

/** @throws RangeError when a page needs a dictionary that is not there */
export function* pagesOf(
  chunk: ColumnMetaData,
  path: SchemaTree[],
  file: ArrayBuffer,
): Generator<Page, undefined> {
  const element = path[path.length - 1]?.element;
  if (element === undefined) throw new RangeError("a column that is not in the schema");
  const { type, codec, path_in_schema: pathInSchema } = chunk;
  const column = { pathInSchema, type, element, schemaPath: path, codec, parsers, compressors };
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  const reader = readerOf(new Uint8Array(file, start, Number(chunk.total_compressed_size)));
  let dictionary: DecodedArray | undefined;
  while (left(reader) > 1) {
    const header = parquetHeader(reader);
    const { buffer, byteOffset } = reader.view;
    const size = header.compressed_page_size;
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset + reader.offset, size);
    reader.offset += size;
    if (header.type === "DICTIONARY_PAGE") {
      const page = decompressPage(bytes, header.uncompressed_page_size, codec, compressors);
      const count = header.dictionary_page_header?.num_values ?? 0;
      dictionary = convert(readPlain(readerOf(page), type, count, element.type_length), column);
    } else {
      yield decoded(header, bytes, column, dictionary);
    }
  }
  return undefined;
}

type Column = Parameters<typeof convert>[1];

function decoded(
  header: PageHeader,
  bytes: Uint8Array,
  column: Column,
  dictionary: DecodedArray | undefined,
): Page {
  const first = header.data_page_header;
  const page = first ?? header.data_page_header_v2;
  if (page === undefined) throw new RangeError("a page without a header");
  if (dictionary === undefined && page.encoding.endsWith("_DICTIONARY")) {
    throw new RangeError("a page without its dictionary");
  }
  const { codec } = column;
  const { definitionLevels, repetitionLevels, dataPage } =
    first === undefined
      ? readDataPageV2(bytes, header, column)
      : readDataPage(
          decompressPage(bytes, header.uncompressed_page_size, codec, compressors),
          first,
          column,
        );
  return {
    count: page.num_values,
    repetitions: repetitionLevels,
    definitions: definitionLevels ?? [],
    values: convertWithDictionary(dataPage, dictionary, page.encoding, column),
  };
}
