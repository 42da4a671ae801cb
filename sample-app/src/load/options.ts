import { isIPv4 } from 'node:net';
import { parseArgs } from 'node:util';
import { INCIDENT_NAMES, type IncidentName } from './incidents.js';

export interface LoadOptions {
  readonly url: URL;
  readonly concurrency: number;
  /** When to stop; with a number of requests, time does not matter. */
  readonly seconds: number;
  readonly requests: number | undefined;
  readonly seed: number;
  readonly json: boolean;
  /** The incident, which lasts until an alert fires and is over again. */
  readonly incident: IncidentName | undefined;
  /** True if an incident ends as soon as its alert fires. */
  readonly untilAlert: boolean;
  readonly apiKey: string;
  /** Address of the monitoring endpoints, which an incident asks for its alert. */
  readonly monitoringUrl: URL;
  readonly token: string | undefined;
}

export const USAGE = `Usage: npm run load -- [options]

  --url URL          where the sample application is; loopback only   (http://127.0.0.1:3000)
  --seconds N        how long to go on                                (30)
  --requests N       stop after N requests instead
  --concurrency N    how many clients there are                       (8)
  --seed N           the same number gives the same mix               (random)
  --api-key KEY      what payments want                               ($PAYMENTS_API_KEY or demo-api-key)
  --incident NAME    let something go wrong until an alert fires, then wait until it is over;
                     one of ${INCIDENT_NAMES.join(', ')}   (${INCIDENT_NAMES[0]})
  --until-alert      let an incident end as soon as its alert fires, to look at it
  --monitoring-url URL  where its monitoring endpoints are, if MONITORING_PORT is set   (that of --url)
  --token TOKEN      what they ask for                                ($MONITORING_TOKEN)
  --json             print one JSON object instead of a table
  --help             print this`;

/** @throws {Error} saying which option is wrong; undefined if help is wanted */
export function readOptions(
  args: string[],
  defaultApiKey: string,
  defaultToken?: string,
): LoadOptions | undefined {
  const { values } = parseArgs({
    args: withIncidentName(args),
    options: {
      url: { type: 'string', default: 'http://127.0.0.1:3000' },
      seconds: { type: 'string', default: '30' },
      requests: { type: 'string' },
      concurrency: { type: 'string', default: '8' },
      seed: { type: 'string' },
      'api-key': { type: 'string', default: defaultApiKey },
      json: { type: 'boolean', default: false },
      incident: { type: 'string' },
      'until-alert': { type: 'boolean', default: false },
      'monitoring-url': { type: 'string' },
      token: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    url: readUrl('url', values.url),
    monitoringUrl: readUrl('monitoring-url', values['monitoring-url'] ?? values.url),
    token: values.token ?? defaultToken,
    seconds: wholeNumber('seconds', values.seconds, 1, 86_400),
    requests:
      values.requests === undefined ? undefined : wholeNumber('requests', values.requests, 1, 100_000_000),
    concurrency: wholeNumber('concurrency', values.concurrency, 1, 256),
    seed:
      values.seed === undefined
        ? Math.floor(Math.random() * 2 ** 32)
        : wholeNumber('seed', values.seed, 0, 2 ** 32 - 1),
    apiKey: values['api-key'],
    untilAlert: values['until-alert'],
    json: values.json,
    incident: values.incident === undefined ? undefined : incidentName(values.incident),
  };
}

/** Gives `--incident` its default, if the next argument is not its name. */
function withIncidentName(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1];
    const isAlone = arg === '--incident' && (next === undefined || next.startsWith('-'));
    return isAlone ? [arg, INCIDENT_NAMES[0]] : [arg];
  });
}

function incidentName(value: string): IncidentName {
  const name = INCIDENT_NAMES.find((each) => each === value);
  if (name === undefined) {
    throw new Error(`expected --incident to be one of ${INCIDENT_NAMES.join(', ')}, got "${value}".`);
  }
  return name;
}

function readUrl(option: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' || !isLoopback(url.hostname)) {
    throw new Error(`expected --${option} to be an http address of this machine, got "${value}".`);
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

function wholeNumber(option: string, value: string, min: number, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new Error(`expected --${option} to be a whole number from ${min} to ${max}, got "${value}".`);
  }
  return number;
}
