/** The `ExportMetricsPartialSuccess` of a response: what a collector rejected of a request that it accepted. */
export interface OtlpRejection {
  readonly rejectedPoints: number;
  readonly text: string;
}

/** Numbers of the fields of `ExportMetricsServiceResponse` and `ExportMetricsPartialSuccess`. */
const PARTIAL_SUCCESS = 1;
const REJECTED_DATA_POINTS = 1;
const ERROR_MESSAGE = 2;
const NONE: OtlpRejection = { rejectedPoints: 0, text: '' };

/** Reads a response in protobuf. The request was accepted whatever it contains, so an invalid one rejects nothing. */
export function rejectionInProtobuf(body: Uint8Array): OtlpRejection {
  try {
    const partialSuccess = bytesIn(fieldsOf(body), PARTIAL_SUCCESS);
    if (partialSuccess === undefined) return NONE;
    const fields = fieldsOf(partialSuccess);
    const rejected = fields.get(REJECTED_DATA_POINTS);
    const message = bytesIn(fields, ERROR_MESSAGE);
    return {
      rejectedPoints: countOf(rejected),
      text: message === undefined ? '' : new TextDecoder().decode(message),
    };
  } catch {
    return NONE;
  }
}

/** Reads a response in JSON. */
export function rejectionInJson(body: Uint8Array): OtlpRejection {
  try {
    const { partialSuccess } = JSON.parse(new TextDecoder().decode(body)) as {
      readonly partialSuccess?: { readonly rejectedDataPoints?: unknown; readonly errorMessage?: unknown };
    };
    return {
      rejectedPoints: countOf(Number(partialSuccess?.rejectedDataPoints ?? 0)),
      text: String(partialSuccess?.errorMessage ?? ''),
    };
  } catch {
    return NONE;
  }
}

/** Returns a positive integer; 0 for anything else, such as a negative one. */
function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function bytesIn(fields: ReadonlyMap<number, number | Uint8Array>, field: number): Uint8Array | undefined {
  const value = fields.get(field);
  return typeof value === 'object' ? value : undefined;
}

/** Returns the last value of each field of a message. @throws {Error} if it is not valid */
function fieldsOf(message: Uint8Array): Map<number, number | Uint8Array> {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++];
      if (byte === undefined || factor > 2 ** 63) throw new Error('invalid varint');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const type = tag % 8;
    if (type === 0) fields.set((tag - type) / 8, varint());
    else {
      const size = type === 2 ? varint() : type === 1 ? 8 : type === 5 ? 4 : NaN;
      if (!(at + size <= message.length)) throw new Error('invalid length');
      fields.set((tag - type) / 8, message.subarray(at, at + size));
      at += size;
    }
  }
  return fields;
}
