import { applicationTime, zone } from './chart-context.js';

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 3 });
const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

function plain(value) {
  return Math.abs(value) >= 10_000 ? compact.format(value) : number.format(value);
}

function seconds(value) {
  const size = Math.abs(value);
  if (size === 0) return '0 s';
  if (size < 1e-3) return `${number.format(value * 1e6)} µs`;
  if (size < 1) return `${number.format(value * 1e3)} ms`;
  if (size < 120) return `${number.format(value)} s`;
  if (size < 7_200) return `${number.format(value / 60)} min`;
  if (size < 172_800) return `${number.format(value / 3_600)} h`;
  return `${number.format(value / 86_400)} d`;
}

function bytes(value) {
  const size = Math.abs(value);
  const step = size < 1 ? 0 : Math.min(Math.floor(Math.log2(size) / 10), BYTES.length - 1);
  return `${number.format(value / 1024 ** step)} ${BYTES[step]}`;
}

const FORMATS = {
  number: plain,
  seconds,
  milliseconds: (value) => seconds(value / 1000),
  bytes,
  percent: (value) => `${number.format(value)} %`,
  ratio: (value) => `${number.format(value * 100)} %`,
  'per second': (value) => `${plain(value)}/s`,
  'bytes per second': (value) => `${bytes(value)}/s`,
  timestamp: (value) => new Date(value * 1000).toLocaleString(undefined, zone()),
};

/** Returns a value with its unit; a dash if it is unknown. */
export function formatted(value, unit = 'number') {
  return typeof value === 'number' && Number.isFinite(value) ? (FORMATS[unit] ?? plain)(value) : '–';
}

/** Returns the time of day. */
export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString(undefined, { hourCycle: 'h23', ...zone() });
}

function dayOf(date) {
  return date.toLocaleDateString(undefined, zone());
}

/** Returns the time of day, with the date if it is not of today. */
export function dateAndTime(milliseconds) {
  const date = new Date(milliseconds);
  const isToday = dayOf(date) === dayOf(new Date(applicationTime()));
  return isToday ? clock(milliseconds) : date.toLocaleString(undefined, { hourCycle: 'h23', ...zone() });
}

/** Returns hours and minutes. */
export function shortClock(milliseconds) {
  const options = { hourCycle: 'h23', hour: '2-digit', minute: '2-digit', ...zone() };
  return new Date(milliseconds).toLocaleTimeString(undefined, options);
}

/** Returns the approximate age of a timestamp. */
export function ago(milliseconds, now = applicationTime()) {
  const age = Math.max(1, (now - milliseconds) / 1000);
  const [unit, size] = AGE_UNITS.find(([, each]) => age >= 2 * each) ?? ['s', 1];
  return `${Math.round(age / size)} ${unit} ago`;
}

const AGE_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
];

/** Returns labels in PromQL syntax, without braces. */
export function labelText(labels) {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ');
}
