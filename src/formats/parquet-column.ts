// One column of a row group, a page at a time: hyparquet decodes the values of pages that were checked.
import type {
  ColumnMetaData,
  DecodedArray,
  PageHeader,
  SchemaElement,
  SchemaTree,
} from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { DEFAULT_PARSERS, convert, convertWithDictionary } from "hyparquet/src/convert.js";
import { decompressPage, readDataPage, readDataPageV2 } from "hyparquet/src/datapage.js";
import { readPlain } from "hyparquet/src/plain.js";
import { compressors } from "./parquet-codecs.ts";
import { decimal } from "./parquet-plain.ts";
import { left, readerOf } from "./parquet-thrift.ts";

/** The values of a page and the levels of all of them, nulls among them. */
export interface Page {
  count: number;
  /** No levels where all are 0, or as high as they can be. */
  repetitions: ArrayLike<number>;
  definitions: ArrayLike<number>;
  /** The values that are not null. */
  values: DecodedArray;
}

/** Shapes are left as bytes: nothing here reads them. */
const asBytes = {
  geometryFromBytes: (bytes: Uint8Array | undefined) => bytes,
  geographyFromBytes: (bytes: Uint8Array | undefined) => bytes,
};

/** Texts of JSON, which hyparquet would refuse a file for where one of them is none. */
export const isJson = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === "JSON" || logical_type?.type === "JSON";

/** Values that hyparquet does not convert, or not exactly: they come as bytes and whole numbers. */
const RAW = /^(DECIMAL|INTERVAL|BSON)$/;

function rawOf(element: SchemaElement): boolean {
  return RAW.test(element.converted_type ?? element.logical_type?.type ?? "");
}

/** The scale of a decimal, and undefined for everything else. */
function scaleOf({ converted_type, logical_type, scale }: SchemaElement): number | undefined {
  if (logical_type?.type === "DECIMAL") return logical_type.scale;
  return converted_type === "DECIMAL" ? (scale ?? 0) : undefined;
}

/** The element without what it says of its values, beyond how they are stored. */
function unsaid({ name, type, type_length, repetition_type }: SchemaElement): SchemaElement {
  const length = type_length === undefined ? {} : { type_length };
  const how = repetition_type === undefined ? {} : { repetition_type };
  return { name, ...(type === undefined ? {} : { type }), ...length, ...how };
}

/** @throws RangeError when a page needs a dictionary that is not there */
export function* pagesOf(
  chunk: ColumnMetaData,
  path: SchemaTree[],
  file: ArrayBuffer,
): Generator<Page, undefined> {
  const said = path[path.length - 1]?.element;
  if (said === undefined) throw new RangeError("a column that is not in the schema");
  const raw = rawOf(said);
  const element = raw || isJson(said) ? unsaid(said) : said;
  const { type, codec, path_in_schema: pathInSchema } = chunk;
  const decoder = { pathInSchema, type, element, schemaPath: path, codec, utf8: !raw, compressors };
  const column = { ...decoder, parsers: { ...DEFAULT_PARSERS, ...asBytes } };
  const scale = scaleOf(said);
  const exact = (values: DecodedArray): DecodedArray =>
    scale === undefined ? values : Array.from(values, (one: unknown) => decimal(one, scale));
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
      const values = readPlain(readerOf(page), type, count, element.type_length);
      dictionary = exact(convert(values, column));
    } else {
      const { values, coded, ...levels } = decoded(header, bytes, column, dictionary);
      yield { ...levels, values: coded ? values : exact(values) };
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
): Page & { readonly coded: boolean } {
  const first = header.data_page_header;
  const page = first ?? header.data_page_header_v2;
  if (page === undefined) throw new RangeError("a page without a header");
  const coded = page.encoding.endsWith("_DICTIONARY");
  const { codec } = column;
  const { definitionLevels, repetitionLevels, dataPage } =
    first === undefined
      ? readDataPageV2(bytes, header, column)
      : readDataPage(
          decompressPage(bytes, header.uncompressed_page_size, codec, compressors),
          first,
          column,
        );
  if (coded && dictionary === undefined && dataPage.length > 0) {
    throw new RangeError("a page without its dictionary");
  }
  return {
    coded,
    count: page.num_values,
    repetitions: repetitionLevels,
    definitions: definitionLevels ?? [],
    values: convertWithDictionary(dataPage, dictionary, page.encoding, column),
  };
}
