import { countOf, expectKeys, expectOption } from '../../options/option-checks.js';
import {
  PUSH_OPTION_NAMES,
  type PushExporterOptions,
  type ResolvedPush,
  resolvePush,
} from '../push/push.options.js';

/** Options of a {@link JsonExporter}. */
export interface JsonExporterOptions extends PushExporterOptions {
  /** Where the metrics are written; the folder must exist. By hand, without it, they are only returned. */
  readonly outputFile?: string;
  /**
   * Adds a line of JSON each time, instead of writing the file anew. Before it is larger than `maxBytes` it is
   * renamed to `<outputFile>.1`, and so on; there are at most `maxFiles` files.
   * @default undefined; with {}, 10485760 bytes, which is 10 MiB, and 5 files
   */
  readonly rotation?: { readonly maxBytes?: number; readonly maxFiles?: number };
}

export interface ResolvedRotation {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** The options with every default filled in. */
export interface ResolvedJson extends ResolvedPush {
  readonly outputFile?: string;
  readonly rotation?: ResolvedRotation;
}

/**
 * @param owner whose options they are, for the messages
 * @throws {MonitoringOptionsError}
 */
export function resolveJson(owner: string, options: JsonExporterOptions): ResolvedJson {
  expectKeys(owner, options, ['outputFile', 'rotation', ...PUSH_OPTION_NAMES]);
  const { outputFile, rotation } = options;
  if (outputFile !== undefined) {
    const isPath = typeof outputFile === 'string' && outputFile !== '';
    expectOption(`${owner}.outputFile`, outputFile, 'the path of a file', isPath);
  }
  return {
    ...resolvePush(owner, options),
    ...(outputFile !== undefined && { outputFile }),
    ...(rotation !== undefined && { rotation: resolveRotation(`${owner}.rotation`, rotation) }),
  };
}

function resolveRotation(
  owner: string,
  rotation: NonNullable<JsonExporterOptions['rotation']>,
): ResolvedRotation {
  expectKeys(owner, rotation, ['maxBytes', 'maxFiles']);
  return {
    maxBytes: countOf(`${owner}.maxBytes`, rotation.maxBytes, 10 * 1024 * 1024),
    maxFiles: countOf(`${owner}.maxFiles`, rotation.maxFiles, 5),
  };
}
