import type { DiagnosticsOptions } from 'nestjs-monitoring/diagnostics';

/** With a file for it, the flight recorder says at the next start how this process has ended. */
export function diagnosticsFrom(env: NodeJS.ProcessEnv): DiagnosticsOptions {
  const file = env['FLIGHT_RECORDER_FILE'];
  return file ? { flightRecorder: { file } } : {};
}
