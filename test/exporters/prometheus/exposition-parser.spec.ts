import { describe, expect, it } from '@jest/globals';
import type { TextFormat } from 'nestjs-monitoring/metrics';
import { parseExposition } from './exposition-parser.js';

// The other tests are only as good as this parser is strict.

describe('the strict parser', () => {
  it('reads names, labels, values and metadata', () => {
    const text =
      '# HELP a_total One \\\\ two\\n\n# TYPE a_total counter\na_total{x="\\"\\n\\\\",y=""} 1e+21\n';
    expect([...parseExposition(text, 'prometheus').values()]).toEqual([
      {
        name: 'a_total',
        type: 'counter',
        help: 'One \\ two\n',
        unit: undefined,
        samples: [{ name: 'a_total', labels: { x: '"\n\\', y: '' }, value: 1e21 }],
      },
    ]);
  });

  it.each<[TextFormat, string, string]>([
    ['prometheus', 'no line feed at the end', '# TYPE a gauge\na 1'],
    ['prometheus', 'a blank line', '# TYPE a gauge\n\na 1\n'],
    ['prometheus', 'a sample before its TYPE', 'a 1\n# TYPE a gauge\n'],
    [
      'prometheus',
      'a family in two places',
      '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na{x="1"} 1\n',
    ],
    ['prometheus', 'a sample of another family', '# TYPE a gauge\na 1\n# TYPE b gauge\na{x="1"} 1\n'],
    ['prometheus', 'a series twice', '# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 1\n'],
    ['prometheus', 'a label twice', '# TYPE a gauge\na{x="1",x="2"} 1\n'],
    ['prometheus', 'an unknown escape', '# TYPE a gauge\na{x="\\t"} 1\n'],
    ['prometheus', 'a quote in a label value', '# TYPE a gauge\na{x="""} 1\n'],
    ['prometheus', 'a number of JavaScript', '# TYPE a gauge\na Infinity\n'],
    ['prometheus', 'buckets that go down', histogram(['1', 2], ['+Inf', 1])],
    ['prometheus', 'bounds that go down', histogram(['2', 1], ['1', 1], ['+Inf', 1])],
    ['prometheus', 'no +Inf bucket', histogram(['1', 1])],
    ['prometheus', 'a count that differs', histogram(['1', 1], ['+Inf', 2]).replace('_count 2', '_count 1')],
    ['prometheus', 'an exemplar', '# TYPE a_total counter\na_total 1 # {t="1"} 1 1\n'],
    ['openmetrics', 'no EOF', '# TYPE a gauge\na 1\n'],
    ['openmetrics', 'something after EOF', '# EOF\n# TYPE a gauge\na 1\n'],
    ['openmetrics', 'a counter family with _total', '# TYPE a_total counter\na_total_total 1\n# EOF\n'],
    ['openmetrics', 'a counter sample without _total', '# TYPE a counter\na 1\n# EOF\n'],
    ['openmetrics', 'a unit that is not in the name', '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n'],
    ['openmetrics', 'an exemplar of a gauge', '# TYPE a gauge\na 1 # {t="1"} 1 1\n# EOF\n'],
    ['openmetrics', 'a bound that is not canonical', `${histogram(['1', 1], ['+Inf', 1])}# EOF\n`],
    ['openmetrics', 'a sum with negative bounds', `${histogram(['-1.0', 1], ['+Inf', 1])}# EOF\n`],
  ])('rejects in %s %s', (format, _, text) => {
    expect(() => parseExposition(text, format)).toThrow(/: /);
  });
});

function histogram(...buckets: [le: string, count: number][]): string {
  const lines = buckets.map(([le, count]) => `h_bucket{le="${le}"} ${count}\n`);
  return `# TYPE h histogram\n${lines.join('')}h_sum 1\nh_count ${buckets.at(-1)?.[1]}\n`;
}
