// Lists are spread where they would take a line for each of their texts.
/* oxlint-disable unicorn/no-useless-spread */
import { describe, expect, it } from '@jest/globals';
import { PrometheusExporter, MetricsRegistry } from 'nestjs-monitoring';
import { readSeries } from '../../lib/testing/rules/series-notation.js';
import { Template } from '../../lib/alerting/rules/template.js';
import { parseMountInfo } from '../../lib/collectors/system/mounts.js';
import { datadogName, datadogTags } from '../../lib/exporters/datadog/datadog-names.js';
import { negotiateFormat } from '../../lib/exporters/prometheus/format-negotiation.js';
import { acceptsGzip } from '../../lib/http/accept-encoding.js';
import { redactResponse } from '../../lib/exporters/push/redact-response.js';
import { outcomeOfError } from '../../lib/health/check-outcome.js';
import { errorClass } from '../../lib/instrumentation/error-class.js';
import { formatPattern } from '../../lib/instrumentation/messages/message-pattern.js';
import { classifyScript } from '../../lib/integrations/queries/query-class.js';
import { dialectOf } from '../../lib/integrations/queries/sql-dialect.js';
import { queryErrorClass } from '../../lib/integrations/queries/query-error.js';
import { parseRedisInfo } from '../../lib/integrations/redis/redis-info.js';
import { toLabelString } from '../../lib/metrics/labels.js';
import { nearestName } from '../../lib/primitives/nearest-name.js';
import { PortableRegExp } from '../../lib/primitives/portable-regexp.js';
import { BoundedLabelValues } from '../../lib/primitives/bounded-label-values.js';
import { requestAddress } from '../../lib/primitives/request-address.js';
import { parseRetryAfter } from '../../lib/primitives/retry-after.js';
import { unreachable } from '../support/expectations.js';

/** Everything that reads a text which somebody else may have written; a refusal is an answer, too. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  Accept: negotiateFormat,
  'Accept-Encoding': acceptsGzip,
  'Retry-After': (text) => parseRetryAfter(text, 0),
  'the answer of a remote': (text) => redactResponse(text, { authorization: 'Bearer abcdefgh' }),
  'the answer of a remote, with what it was sent': (text) =>
    redactResponse(text, { authorization: text.slice(0, 4_000) }),
  'the address of a request': (text) => requestAddress(`http://${text}@host/${text}`),
  'the value of a label': (text) => new BoundedLabelValues(1).of(toLabelString(text)),
  'a label in the exposition': (text) => {
    const registry = new MetricsRegistry({
      labelValueLengthLimit: 10_000_000,
      logger: { warn: () => undefined },
    });
    registry.counter('a_total', 'A.', { labelNames: ['b'] }).inc({ b: text });
    return new PrometheusExporter(registry).generateText();
  },
  'a pattern of a message': (text) => formatPattern({ [text]: text }),
  'tags of Datadog': (text) => datadogTags({ [text]: text }),
  'a name of Datadog': datadogName,
  'the class of an error': (text) => errorClass(Object.assign(new Error(text), { name: text })),
  'the error of a statement': (text) => queryErrorClass({ code: text, sqlState: text, message: text }),
  'the error of a health check': (text) => outcomeOfError(new Error(text)),
  'the INFO of Redis': parseRedisInfo,
  'the mounts of the machine': parseMountInfo,
  'a statement': (text) => classifyScript(text, dialectOf('mysql')),
  'a name that is like others': (text) => nearestName(text, ['http_requests_total', 'route']),
  'a regular expression of a rule': (text) => new PortableRegExp(text),
  'the message of a rule': (text) => new Template('a test', text),
  'a series in a test of rules': (text) => readSeries(text, text),
  'the labels of a series in a test of rules': (text) => readSeries(`a{${text}}`, '1'),
};

/** What the worst inputs are made of: the beginnings of what does not end, and what separates. */
const UNITS = [
  ...['a', ' ', '"', "'", '\\', ',', ';', ';q=', '*/*,', 'gzip,', 'text/plain;version="', '=', ':'],
  ...[
    'a="b",',
    'a="',
    '{{',
    '{{ ',
    '}}',
    '{{}',
    '(',
    '(?:',
    '[',
    '[^',
    'a{1,',
    'a*',
    '\\p{',
    '|',
    '/*',
    '--',
  ],
  ...[
    '\n',
    '\r\n',
    ' - ',
    '1',
    '1.',
    'a:b\r\n',
    '@',
    '://',
    '%',
    '%zz',
    '\u{1f600}',
    '\ud800',
    '\u0000',
    'é',
  ],
];
/**
 * Four times what the slowest takes for a character on a busy machine, and a garbage collection of what other tests have
 * left; a square of 100 kB takes ten times as much.
 */
const LIMIT_MS = (length: number): number => 200 + length * 0.004;

function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  try {
    work();
  } catch (error) {
    // Too many arguments, or too deep a recursion.
    if (error instanceof RangeError) throw error;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The longest of the texts for which it takes too long, if there is one. */
function tooSlow(read: (text: string) => unknown, unit: string): string | undefined {
  for (const length of [10_000, 100_000, 1_000_000]) {
    const text = unit.repeat(Math.ceil(length / unit.length));
    for (const given of [text, `x ${text}x`]) {
      const isSlow = [1, 2, 3].every(() => cpuMs(() => read(given)) > LIMIT_MS(length));
      if (isSlow) return `${length} of ${JSON.stringify(unit)}`;
    }
  }
  return undefined;
}

describe('whatever is read takes time in proportion to its length, of 10 kB, 100 kB and 1 MB', () => {
  it.each(Object.keys(READERS))(
    '%s',
    (name) => {
      const read = READERS[name] ?? unreachable();
      expect(UNITS.map((unit) => tooSlow(read, unit)).filter((slow) => slow !== undefined)).toEqual([]);
    },
    300_000,
  );
});
