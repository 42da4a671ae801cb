import { expectOption } from '../../options/option-checks.js';
import { checked, flag, type OptionTable, readOptions } from '../../options/option-table.js';
import { MAX_RING_BYTES, SLOT_BYTES } from './flight-ring.js';

/** Options of the flight recorder. */
export interface FlightRecorderOptions {
  /**
   * Path of the file that has the last minute of the process. It should be on a local disk, and survive a restart: in a
   * container, on a volume. Further processes use the same path with `.2`, `.3` and so on.
   */
  readonly file: string;
  /** Size of the file, in bytes, of which each second takes 4096. @default 262144 */
  readonly bytes?: number;
  /**
   * True for an alert in the ten minutes after a start whose predecessor ended neither cleanly nor by SIGTERM or SIGINT.
   * @default false
   */
  readonly alert?: boolean;
}

const MIN_SLOTS = 8;

export const FLIGHT_RECORDER: OptionTable<FlightRecorderOptions> = {
  file: {
    default: undefined,
    read: (option, file) => {
      expectOption(option, file, 'the path of a file', typeof file === 'string' && file !== '');
      return file as string;
    },
  },
  bytes: checked(
    `a whole number from ${MIN_SLOTS * SLOT_BYTES} to ${MAX_RING_BYTES}`,
    (bytes) => Number.isInteger(bytes) && bytes >= MIN_SLOTS * SLOT_BYTES && bytes <= MAX_RING_BYTES,
    256 * 1024,
  ),
  alert: flag(false),
};

/**
 * Checks the options and fills in every default.
 *
 * @throws {MonitoringOptionsError} for invalid options
 */
export function resolveFlightRecorder(
  options: FlightRecorderOptions | false | undefined,
): Required<FlightRecorderOptions> | false {
  return options === undefined || options === false
    ? false
    : readOptions('diagnostics.flightRecorder', options, FLIGHT_RECORDER);
}
