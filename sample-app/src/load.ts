import { runIncident } from './load/incident.js';
import { type LoadOptions, readOptions, USAGE } from './load/options.js';
import { reportJson, reportTable } from './load/report.js';
import { runLoad } from './load/run.js';
import { Statistics } from './load/statistics.js';
import { DEMO_API_KEY } from './settings/settings.js';

const PROGRESS_MS = 2_000;

try {
  const { PAYMENTS_API_KEY, MONITORING_TOKEN } = process.env;
  const options = readOptions(
    process.argv.slice(2),
    PAYMENTS_API_KEY || DEMO_API_KEY,
    MONITORING_TOKEN || undefined,
  );
  if (options === undefined) {
    console.log(USAGE);
    process.exit();
  }
  const statistics = new Statistics();
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  if (!options.json) console.log(`Load on ${options.url.origin} with seed ${options.seed}`);
  const say = (line: string): void => {
    if (!options.json) console.log(`${seconds().toFixed(0).padStart(4)} s  ${line}`);
  };
  let left = (): string => leftOf(options, statistics.total, seconds());
  const phase = (title: string, longest: number): void => {
    const end = seconds() + longest;
    left = () => `${title}, ${Math.max(0, end - seconds()).toFixed(0)} s more at most`;
    say(`${title}: ${longest} s at most`);
  };
  const progress = setInterval(() => say(`${statistics.total} requests; ${left()}`), PROGRESS_MS);
  const work =
    options.incident === undefined
      ? runLoad(options, statistics)
      : runIncident(options.incident, options, statistics, { say, phase });
  await work.finally(() => clearInterval(progress));
  console.log((options.json ? reportJson : reportTable)(statistics, seconds()));
  if (statistics.failed > 0)
    throw new Error(`some requests failed, the last one: ${reasonOf(statistics.lastFailure)}`);
} catch (error) {
  console.error(`The load did not go well: ${reasonOf(error)}`);
  process.exitCode = 1;
}

function leftOf({ requests, seconds }: LoadOptions, sent: number, passed: number): string {
  return requests === undefined
    ? `${Math.max(0, seconds - passed).toFixed(0)} s more`
    : `${Math.max(0, requests - sent)} more`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const refused = 'code' in error && error.code === 'ECONNREFUSED';
  return refused ? `${error.message}. Is the application running? Start it with "npm start".` : error.message;
}
