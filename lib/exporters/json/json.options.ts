import { countOf, expectKeys, expectOption } from '../../options/option-checks.js';
import {
  PUSH_OPTION_NAMES,
  type PushExporterOptions,
  type ResolvedPush,
  resolvePush,
} from '../push/push.options.js';

/** Options of a {@link JsonExporter}. */
export interface JsonExporterOptions extends PushExporterOptions {
  /** Path of the file, in an existing directory. Without it, `exportAll()` only returns the metrics. */
  readonly outputFile?: string;
  /**
   * Appends one line of JSON per push instead of replacing the file. Before the file exceeds `maxBytes`, it is renamed
   * to `<outputFile>.1`, and so on; at most `maxFiles` files are kept.
   * @default undefined, which replaces the file; {} means 10485760 bytes, which is 10 MiB, and 5 files
   */
  readonly rotation?: { readonly maxBytes?: number; readonly maxFiles?: number };
}

/** The rotation options with all defaults applied. */
export interface ResolvedRotation {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** The JSON options with all defaults applied. */
export interface ResolvedJson extends ResolvedPush {
  readonly outputFile?: string;
  readonly rotation?: ResolvedRotation;
}

/**
 * Checks the JSON options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @throws {MonitoringOptionsError}
 */
export function resolveJson(owner: string, options: JsonExporterOptions): ResolvedJson {
  expectKeys(owner, options, ['outputFile', 'rotation', ...PUSH_OPTION_NAMES]);
  const { outputFile, rotation } = options;
  if (outputFile !== undefined) {
    const isPath = typeof outputFile === 'string' && outputFile !== '';
    expectOption(`${owner}.outputFile`, outputFile, 'a file path', isPath);
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
