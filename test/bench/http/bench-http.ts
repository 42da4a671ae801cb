import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { summary } from '../measure.js';
import { type AdapterName, baseline, type Subject, subjects } from './subjects.js';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    /** Only these adapters and subjects. */
    adapter: { type: 'string' },
    only: { type: 'string', default: '' },
    /** Only the comparisons within one process. */
    together: { type: 'boolean', default: false },
    /** The number of processes, or pairs of processes, that each comparison is made in. */
    processes: { type: 'string', default: '8' },
  },
});

const REQUESTS_PER_SLICE = flags.quick ? 40 : 400;
/** Slices of each application in one process. */
const SLICES = flags.quick ? 2 : 80;
/**
 * The state of the compiler differs from process to process by several percent, and the application that is first to start
 * and to answer is at an advantage of some percent on Express, even over itself: each of the two is so in every other one.
 */
const PROCESSES = flags.quick ? 1 : Number(flags.processes);

interface Slice {
  readonly cpuMicroseconds: number;
  readonly milliseconds: number;
}

interface HttpRow {
  readonly adapter: AdapterName;
  readonly subject: string;
  /** True if both applications ran in one process, with one state of the compiler. */
  readonly together: boolean;
  readonly slices: number;
  /** CPU time of one request in microseconds, bare and measured. */
  readonly bareCpu: number;
  readonly cpu: number;
  /** The median of the paired ratios less one, as the geometric mean over the processes. */
  readonly overhead: number;
  /** Half the 95 % interval of that mean, from how the processes differ. */
  readonly precision: number;
  /** The overhead in each process. */
  readonly overheads: readonly number[];
  readonly bareRequestsPerSecond: number;
  readonly requestsPerSecond: number;
}

const say = (text: string): void => void (flags.json ? process.stderr : process.stdout).write(`${text}\n`);

/** An application, and the process that it runs in. */
interface Server {
  readonly process: ChildProcess;
  readonly url: string;
}

/** Starts the applications of some subjects in one process. */
async function startServers(adapter: AdapterName, ...started: readonly Subject[]): Promise<Server[]> {
  const names = started.map(({ name }) => name);
  const child = fork(fileURLToPath(new URL('./server.js', import.meta.url)), [adapter, ...names]);
  const urls = await answerOf<string[]>(child);
  return started.map(({ path = '/users' }, i) => ({ process: child, url: `${urls[i]}${path}` }));
}

/** Two applications in one process or two: the one that a subject is compared with, and the one that is measured. */
async function startPair(
  adapter: AdapterName,
  subject: Subject,
  together: boolean,
  measuredFirst: boolean,
): Promise<Server[]> {
  const { against = baseline } = subject;
  const order = measuredFirst ? [subject, against] : [against, subject];
  const started = together
    ? await startServers(adapter, ...order)
    : (await Promise.all(order.map((each) => startServers(adapter, each)))).flat();
  return measuredFirst ? started.toReversed() : started;
}

/** What a process says next, asked something first if there is something to ask. */
async function answerOf<T>(child: ChildProcess, question?: object): Promise<T> {
  const answer = once(child, 'message') as Promise<[T]>;
  if (question !== undefined) child.send(question);
  return (await answer)[0];
}

async function sliceOf(client: ChildProcess, { process: server, url }: Server): Promise<Slice> {
  const before = await answerOf<NodeJS.CpuUsage>(server, {});
  const startedAt = performance.now();
  const { error } = await answerOf<{ error?: string }>(client, { url, count: REQUESTS_PER_SLICE });
  if (error !== undefined) throw new Error(error);
  const milliseconds = performance.now() - startedAt;
  const after = await answerOf<NodeJS.CpuUsage>(server, {});
  return { cpuMicroseconds: after.user - before.user + after.system - before.system, milliseconds };
}

/** Slices of the two applications in turn, and how they compare. */
interface Comparison {
  readonly bare: readonly Slice[];
  readonly measured: readonly Slice[];
  /** The logarithm of the median of the paired ratios. */
  readonly change: number;
}

/** Compares two applications by slices that take turns. */
async function compareServers(
  servers: Server[],
  measuredFirst: boolean,
  client: ChildProcess,
): Promise<Comparison> {
  const [bareServer, server] = servers as [Server, Server];
  const inOrder = measuredFirst ? [server, bareServer] : [bareServer, server];
  for (let i = 0; i < (flags.quick ? 1 : 10); i++) for (const each of inOrder) await sliceOf(client, each);
  const bare: Slice[] = [];
  const measured: Slice[] = [];
  const ratios: number[] = [];
  while (ratios.length < SLICES) {
    // Each goes first as often as the other.
    const bareFirst = (ratios.length % 2 === 0) !== measuredFirst;
    const first = await sliceOf(client, bareFirst ? bareServer : server);
    const second = await sliceOf(client, bareFirst ? server : bareServer);
    const [bareSlice, slice] = bareFirst ? [first, second] : [second, first];
    bare.push(bareSlice);
    measured.push(slice);
    ratios.push(slice.cpuMicroseconds / bareSlice.cpuMicroseconds);
  }
  for (const started of new Set([server.process, bareServer.process])) started.disconnect();
  return { bare, measured, change: Math.log(summary(ratios).median) };
}

async function compare(
  adapter: AdapterName,
  subject: Subject,
  together: boolean,
  client: ChildProcess,
): Promise<HttpRow> {
  const comparisons: Comparison[] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const measuredFirst = flags.quick ? together : i % 2 === 1;
    const servers = await startPair(adapter, subject, together, measuredFirst);
    comparisons.push(await compareServers(servers, measuredFirst, client));
  }
  const bare = comparisons.flatMap((each) => each.bare);
  const measured = comparisons.flatMap((each) => each.measured);
  const cpuOf = (slices: readonly Slice[]): number =>
    summary(slices.map(({ cpuMicroseconds }) => cpuMicroseconds / REQUESTS_PER_SLICE)).median;
  const rateOf = (slices: readonly Slice[]): number =>
    summary(slices.map(({ milliseconds }) => (REQUESTS_PER_SLICE / milliseconds) * 1000)).median;
  const changes = comparisons.map(({ change }) => change);
  const change = changes.reduce((a, b) => a + b, 0) / PROCESSES;
  const variance = changes.reduce((sum, each) => sum + (each - change) ** 2, 0) / Math.max(1, PROCESSES - 1);
  return {
    adapter,
    subject: subject.name,
    together,
    slices: bare.length,
    bareCpu: cpuOf(bare),
    cpu: cpuOf(measured),
    overhead: Math.expm1(change),
    precision: 1.96 * Math.sqrt(variance / PROCESSES),
    overheads: changes.map(Math.expm1),
    bareRequestsPerSecond: rateOf(bare),
    requestsPerSecond: rateOf(measured),
  };
}

function formatRow(row: HttpRow): string {
  return [
    row.adapter.padEnd(8),
    row.subject.padEnd(32),
    row.together ? 'one process' : 'two        ',
    `${row.bareCpu.toFixed(1)} → ${row.cpu.toFixed(1)} µs`.padStart(18),
    `${row.overhead >= 0 ? '+' : ''}${percent(row.overhead)} ± ${percent(row.precision)}`.padStart(18),
    `${row.bareRequestsPerSecond.toFixed(0)} → ${row.requestsPerSecond.toFixed(0)}/s`.padStart(18),
    `${row.slices} slices`.padStart(12),
    row.overheads.map(percent).join(', '),
  ].join('  ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

say(
  'CPU time per request over a bare Nest app, in turns of ' +
    `${REQUESTS_PER_SLICE} requests, and throughput.\n`,
);
const client = fork(fileURLToPath(new URL('./client.js', import.meta.url)));
const rows: HttpRow[] = [];
for (const adapter of ['express', 'fastify'] as const) {
  if (flags.adapter !== undefined && flags.adapter !== adapter) continue;
  for (const subject of subjects) {
    if (!subject.adapters.includes(adapter) || !subject.name.includes(flags.only)) continue;
    for (const together of [true, false]) {
      if (flags.together && !together) continue;
      // How applications are started in two processes is the same for all of them.
      if (flags.quick && !together && subject !== baseline) continue;
      const row = await compare(adapter, subject, together, client);
      rows.push(row);
      say(formatRow(row));
    }
  }
}
client.disconnect();
if (flags.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
