import { element, graphic } from './elements.js';
import { formatted } from './format.js';

/** The size of a trend, in units of its view box. */
const TREND = { width: 120, height: 32 };

/** Returns the rates of all requests and of those that failed, as two lines of one scale. */
export function requestTrend({ requests, failures }) {
  const { width, height } = TREND;
  const top = Math.max(Number.MIN_VALUE, ...requests.map((value) => value ?? 0)) * 1.05;
  return graphic(
    'svg',
    {
      class: 'sparkline',
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    graphic('path', { d: lineOf(requests, top) }),
    failures.length > 0 && graphic('path', { class: 'failed', d: lineOf(failures, top) }),
  );
}

function lineOf(values, top) {
  const { width, height } = TREND;
  const x = (i) => ((i / Math.max(1, values.length - 1)) * width).toFixed(1);
  const y = (value) => (height - 1 - (value / top) * (height - 2)).toFixed(1);
  let path = '';
  values.forEach((value, i) => {
    if (value === null) return;
    path += `${path === '' || values[i - 1] === null ? 'M' : 'L'}${x(i)} ${y(value)}`;
  });
  return path;
}

/** The status classes in the order of their importance. */
const CLASSES = ['5xx', '4xx', '3xx', '2xx', '1xx', 'other'];

/** Returns the value of the window before. */
export function changeText(before, unit) {
  return `before: ${formatted(before, unit)}`;
}

/** Returns a change as a multiple; undefined if there is none worth telling. */
export function times(ratio) {
  if (ratio === undefined || (ratio > 0.8 && ratio < 1.25)) return undefined;
  return ratio === 0 ? 'none any more' : `${formatted(ratio)} × before`;
}

/** Returns a bar for a share in percent. */
export function shareBar(percent) {
  return element('progress', { max: 100, value: Math.min(100, percent), 'aria-hidden': 'true' });
}

/**
 * Returns the responses by status class, as a bar and in words.
 *
 * @param {number} [limit] the most statuses in words; the title has all
 */
export function statusBar({ requests, classes, statuses }, limit = 3) {
  const words = Object.entries(statuses).map(([status, count]) => `${status}: ${formatted(count)}`);
  const parts = CLASSES.filter((name) => classes[name] > 0).map((name) => {
    const part = element('span', { 'data-class': name });
    // A style attribute in markup would be against the policy; a property is not.
    part.style.flexGrow = String(classes[name] / Math.max(1, requests));
    return part;
  });
  return element(
    'span',
    { class: 'statuses', title: words.join(', ') },
    element('span', { class: 'status-bar', 'aria-hidden': 'true' }, ...parts),
    element('small', {}, words.length > limit ? `${words.slice(0, limit).join(', ')}, …` : words.join(', ')),
  );
}
