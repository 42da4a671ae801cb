import { count, type OptionTable, readOptions, switchedGroup, text } from '../../options/option-table.js';
import { PUSH, type PushExporterOptions, type ResolvedPush } from '../push/push.options.js';

/** Options of a {@link JsonExporter}. */
export interface JsonExporterOptions extends PushExporterOptions {
  /** Path of the file, in an existing directory. Without it, `exportAll()` only returns the metrics. */
  readonly outputFile?: string;
  /**
   * Appends one line of JSON per push instead of replacing the file. Before the file exceeds `maxBytes`, it is renamed
   * to `<outputFile>.1`, and so on; at most `maxFiles` files are kept.
   * With `true`, or where they are left out, `maxBytes` is 10_485_760, which is 10 MiB, and `maxFiles` 5.
   * @default false, which replaces the file
   */
  readonly rotation?: { readonly maxBytes?: number; readonly maxFiles?: number } | boolean;
}

/** The rotation options with every default filled in. */
export interface ResolvedRotation {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** The JSON options with every default filled in. */
export interface ResolvedJson extends ResolvedPush {
  readonly outputFile?: string;
  readonly rotation?: ResolvedRotation;
}

const ROTATION: OptionTable<Partial<ResolvedRotation>, ResolvedRotation> = {
  maxBytes: count(10 * 1024 * 1024),
  maxFiles: count(5),
};
export const JSON_OPTIONS: OptionTable<JsonExporterOptions, ResolvedJson> = {
  outputFile: text('a file path'),
  rotation: switchedGroup((given: Partial<ResolvedRotation> | false | undefined, option) =>
    given ? readOptions(option, given, ROTATION) : undefined,
  ),
  ...PUSH,
};

/**
 * Checks the JSON options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @throws {MonitoringOptionsError}
 */
export function resolveJson(owner: string, options: JsonExporterOptions): ResolvedJson {
  return readOptions(owner, options, JSON_OPTIONS);
}
