import { Session } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
import { redactSecrets } from '../../primitives/redact.js';
import { HeapSampling } from '../heap-sampling.js';
import { mayInspect } from '../may-inspect.js';
import { nameAllocationProfile, nameCpuProfile } from './named-by-source.js';
import { ProfileError, type TimedProfileKind } from './profile.js';
import type { AllocationProfile, CpuProfile } from './v8-profiles.js';

/** Time between two samples of the CPU, in microseconds. */
const CPU_INTERVAL_US = 1_000;
/** Average number of bytes between two sampled allocations. */
const ALLOCATION_INTERVAL_BYTES = 32 * 1024;

type Post = <T>(method: string, params?: object) => Promise<T>;

/**
 * Captures a profile that takes its time, as JSON.
 *
 * @throws {unknown} the reason of the signal, at once when it is aborted
 */
export function captureTimed(
  kind: TimedProfileKind,
  durationMs: number,
  signal: AbortSignal,
): Promise<string> {
  return kind === 'cpuProfile' ? captureCpu(durationMs, signal) : captureAllocations(durationMs, signal);
}

async function captureCpu(durationMs: number, signal: AbortSignal): Promise<string> {
  const profile = await withSession(signal, async (post) => {
    await post('Profiler.enable');
    await post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US });
    await post('Profiler.start');
    await sleep(durationMs, undefined, { ref: false, signal });
    return (await post<{ profile: CpuProfile }>('Profiler.stop')).profile;
  });
  await nameCpuProfile(profile);
  return JSON.stringify(profile);
}

async function captureAllocations(durationMs: number, signal: AbortSignal): Promise<string> {
  requireInspector(signal);
  const sampling = HeapSampling.shared();
  if (sampling.isRecording) {
    throw new ProfileError('busy', 'Allocations of this process are being recorded already.');
  }
  const recording = await sampling.record({ intervalBytes: ALLOCATION_INTERVAL_BYTES });
  try {
    await sleep(durationMs, undefined, { ref: false, signal });
    const profile: AllocationProfile = await recording.end();
    await nameAllocationProfile(profile);
    return JSON.stringify(profile);
  } finally {
    await recording.cancel();
  }
}

/** Calls a function with a session of the inspector, which is disconnected whatever comes, and at once when the signal is aborted. */
async function withSession<T>(signal: AbortSignal, use: (post: Post) => Promise<T>): Promise<T> {
  requireInspector(signal);
  const session = new Session();
  session.connect();
  const disconnect = (): void => session.disconnect();
  signal.addEventListener('abort', disconnect, { once: true });
  try {
    return await use(
      <R>(method: string, params: object = {}) =>
        new Promise<R>((resolve, reject) => {
          session.post(method, params, (error, result) =>
            error === null ? resolve(result as R) : reject(new Error(error.message, { cause: error })),
          );
        }),
    );
  } finally {
    signal.removeEventListener('abort', disconnect);
    session.disconnect();
  }
}

/** @throws {unknown} if the signal is aborted, or the process must not use the inspector */
function requireInspector(signal: AbortSignal): void {
  signal.throwIfAborted();
  if (!mayInspect()) throw new ProfileError('failed', 'The permission model forbids the inspector.');
}

/** The parts of a diagnostic report that are read here; that of a process contains one of each of its workers. */
interface DiagnosticReport {
  header: { commandLine?: unknown; networkInterfaces?: unknown };
  environmentVariables?: unknown;
  workers?: DiagnosticReport[];
}

/** The switches of Node for what a report contains; older versions have only some of them. */
interface ReportSwitches {
  excludeNetwork?: boolean;
  excludeEnv?: boolean;
  getReport(): object;
}

/** Returns the diagnostic report of Node as JSON, without the environment, the arguments of the application and secrets. */
export function captureReport(): string {
  const node: ReportSwitches = process.report;
  const { excludeNetwork, excludeEnv } = node;
  try {
    // Node would look up the name of each remote address, which stops the process.
    if (excludeNetwork !== undefined) node.excludeNetwork = true;
    if (excludeEnv !== undefined) node.excludeEnv = true;
    return JSON.stringify(withoutSurroundings(node.getReport() as DiagnosticReport), hideSecrets, 2);
  } finally {
    if (excludeNetwork !== undefined) node.excludeNetwork = excludeNetwork;
    if (excludeEnv !== undefined) node.excludeEnv = excludeEnv;
  }
}

/** Returns a report, and those of its workers, without environment, arguments of the application and addresses. */
function withoutSurroundings(report: DiagnosticReport): DiagnosticReport {
  const { environmentVariables: _, ...rest } = report;
  const { networkInterfaces: __, ...header } = report.header;
  const commandLine = [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)];
  const workers = report.workers?.map(withoutSurroundings);
  return { ...rest, header: { ...header, commandLine }, ...(workers && { workers }) };
}

function hideSecrets(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? redactSecrets(value) : value;
}
