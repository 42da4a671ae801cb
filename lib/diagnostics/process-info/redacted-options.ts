import { isOptionName } from '../../options/option-table.js';
import { isObject } from '../../primitives/is-object.js';

/** The replacement of a text, which may be a secret. */
const SET = '(set)';
const MAX_DEPTH = 8;
const MAX_ITEMS = 20;
const MAX_KEYS = 100;
/** Upper limit for the values of all options together. */
const MAX_VALUES = 2_000;

/** Names of options whose values are never shown, whatever their type. */
const SECRET_NAME =
  /pass|secret|token|key|credential|(?<!failed)auth|cookie|session|signature|salt|^(?:pin|pwd|user|username)$/i;
/** Names of options whose values are objects of the application or of another library. */
const FOREIGN = /^(?:client|exporter|promClient|clock|handler)$/;
/** Names of options whose keys are given by the application. */
const FREE_KEYS = /headers|labels|attributes|annotations|grouping|metadata|tags/i;
/** Names of options that no table has. Any other name may be given by the application. */
const FURTHER_NAMES: ReadonlySet<string> = new Set(
  (
    'paths path given metrics health readiness liveness startup dashboard alerts isDashboardWithheld ' +
    'controllers useGlobalPrefix auth failedAuth listen port host cpu memory fileSystems network ' +
    'diskIo processes prices customMetrics thousandCalls apiKey appKey tags histograms site ' +
    'transport url headers protocol compression temporality resourceAttributes serviceName defaults ' +
    'httpStatus healthy degraded unhealthy critical builtIn redis disk checks groups drain delayMs ' +
    'timeoutMs ignoresLocalProbes cpu_percent memory_percent disk_percent response_time_ms ' +
    'error_rate_percent cache_hit_rate_percent rules handlers handler condition severity slo forMs ' +
    'labels annotations name now monotonic isLoopUnwatched'
  ).split(' '),
);

/** The texts that are shown: values that options of this library can be chosen from. */
const SHOWN_TEXTS: ReadonlySet<string> = new Set([
  'values',
  'statistics',
  'distributions',
  'counts',
  'explicit',
  'exponential',
  'client',
  'fetch',
  'otel',
  'prometheus',
  'both',
  'sum',
  'min',
  'max',
  'avg',
  'warning',
  'critical',
  'info',
  'error',
  'cumulative',
  'delta',
  'gzip',
  'none',
  'json',
  'grpc',
  'http/json',
  'http/protobuf',
]);

/**
 * Returns options without secrets. What is shown is known to be harmless: numbers, switches, names of options, and texts
 * that an option can be chosen from. Of anything else only its kind is shown. No getter is called.
 */
export function redactedOptions(options: object): Readonly<Record<string, unknown>> {
  const budget = { left: MAX_VALUES };
  return redactedObject(options, 0, budget);
}

interface Budget {
  left: number;
}

function redacted(value: unknown, depth: number, budget: Budget): unknown {
  if (--budget.left < 0) return '(more)';
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      // JSON has no number for it.
      return Number.isFinite(value) ? value : String(value);
    case 'string':
      return SHOWN_TEXTS.has(value) ? value : SET;
    case 'function':
      return '(function)';
    case 'object':
      return value === null ? null : redactedComposite(value, depth, budget);
    default:
      return SET;
  }
}

function redactedComposite(value: object, depth: number, budget: Budget): unknown {
  if (depth >= MAX_DEPTH) return '(object)';
  try {
    if (Array.isArray(value)) return redactedList(value, depth, budget);
    if (value instanceof RegExp) return '(regular expression)';
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === null || prototype === Object.prototype;
    return isPlain ? redactedObject(value, depth, budget) : '(object)';
  } catch {
    // A proxy of the application.
    return '(object)';
  }
}

function redactedList(list: readonly unknown[], depth: number, budget: Budget): unknown[] {
  const items: unknown[] = [];
  const { length } = list;
  for (let i = 0; i < Math.min(length, MAX_ITEMS); i++) {
    items.push(redacted(Object.getOwnPropertyDescriptor(list, i)?.value, depth + 1, budget));
  }
  if (length > MAX_ITEMS) items.push(`(${length - MAX_ITEMS} more)`);
  return items;
}

function redactedObject(object: object, depth: number, budget: Budget): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const names = Object.keys(object);
  const known = names.slice(0, MAX_KEYS).filter((name) => isOptionName(name) || FURTHER_NAMES.has(name));
  for (const name of known) {
    // A getter is not called.
    const property = Object.getOwnPropertyDescriptor(object, name);
    const hasValue = property !== undefined && 'value' in property;
    shown[name] = hasValue ? redactedProperty(name, property.value, depth, budget) : SET;
  }
  const others = names.length - known.length;
  if (others > 0) shown['(other)'] = others;
  return shown;
}

function redactedProperty(name: string, value: unknown, depth: number, budget: Budget): unknown {
  if (value === undefined || value === null || value === false) return value ?? null;
  if (SECRET_NAME.test(name)) return SET;
  if (FREE_KEYS.test(name) && isObject(value)) return SET;
  if (FOREIGN.test(name) && typeof value === 'object') return '(object)';
  return redacted(value, depth + 1, budget);
}
