import { describe, expect, it } from '@jest/globals';
import { CONTENT_TYPES, negotiateFormat } from '../../../lib/exporters/prometheus/format-negotiation.js';

const OM = 'application/openmetrics-text';
const PROTO = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily';
const DELIMITED = `${PROTO};encoding=delimited`;
const LONG = 100_000;

describe('the negotiated format', () => {
  it.each([
    [
      'Prometheus 2.42',
      `${OM};version=1.0.0,${OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    ],
    [
      'Prometheus 3',
      `${OM};version=1.0.0;escaping=allow-utf-8;q=0.5,${OM};version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    ],
    ['one who names nothing else', OM],
    ['one who does not mind the spelling', ` Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.5 `],
    ['one who likes both alike', `text/plain, ${OM}`],
    ['one who likes it a little, and nothing else', `${OM};q=0.001`],
    ['one who likes protobuf as much', `${DELIMITED},${OM};version=1.0.0`],
    ['one who rules protobuf out', `${DELIMITED};q=0,${OM};q=0.1`],
    ['one who wants protobuf as text', `${PROTO};encoding=text,${OM};q=0.5`],
    ['one who wants protobuf as compact text', `${PROTO};encoding=compact-text,${OM};q=0.5`],
    ['one who wants messages without their lengths', `${PROTO},${OM};q=0.5`],
    [
      'one who wants other messages',
      `application/vnd.google.protobuf;proto=Other;encoding=delimited,${OM};q=0.5`,
    ],
    ['one who has much else to say first', `${'text/html;q=0.1,'.repeat(LONG / 16)}${OM}`],
  ])('is OpenMetrics for %s', (_, accept) => {
    expect(negotiateFormat(accept)).toBe('openmetrics');
  });

  it.each([
    [
      'Prometheus 2.42 with native histograms',
      `${DELIMITED},${OM};version=1.0.0;q=0.8,${OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    ],
    [
      'Prometheus 3 with native histograms',
      `${DELIMITED};q=0.6,${OM};version=1.0.0;escaping=allow-utf-8;q=0.5,${OM};version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
    ],
    ['one who names nothing else', DELIMITED],
    ['one who prefers it to anything else', `*/*;q=0.5,${DELIMITED}`],
    [
      'one who does not mind the spelling',
      ' Application/VND.Google.Protobuf ; Encoding="delimited" ; Proto=io.prometheus.client.MetricFamily ; Q=0.1 ',
    ],
    ['one who wants it as text too', `${PROTO};encoding=text;q=0.9,${DELIMITED};q=0.4,${OM};q=0.3`],
  ])('is protobuf for %s', (_, accept) => {
    expect(negotiateFormat(accept)).toBe('protobuf');
  });

  it.each([
    ['one who sends no header', undefined],
    ['one who sends an empty one', ''],
    ['curl', '*/*'],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
    ['Prometheus 1', 'text/plain;version=0.0.4;q=1,*/*;q=0.1'],
    ['one who prefers text', `${OM};q=0.5,text/plain`],
    ['one who prefers any text', `${OM};q=0.5,text/*;q=0.6`],
    ['one who prefers anything else', `${OM};q=0.5,*/*`],
    ['one who rules OpenMetrics out', `${OM};q=0,*/*`],
    ['one who rules everything out', '*/*;q=0'],
    ['one who wants a version of OpenMetrics that we do not have', `${OM};version=2.0.0`],
    ['one whose quality is no number', `${OM};q=much`],
    ['one whose quality is too good', `${OM};q=2`],
    ['one whose quality is negative', `${OM};q=-1`],
    ['one who wants JSON, which is answered elsewhere', 'application/json'],
    ['one who likes protobuf as much as text', `text/plain,${DELIMITED}`],
    ['one who prefers text to protobuf', `text/plain,${DELIMITED};q=0.9`],
    ['one who wants protobuf and anything else', `${DELIMITED},*/*`],
    ['one who rules protobuf out', `${DELIMITED};q=0`],
    ['one whose protobuf is of no known kind', 'application/vnd.google.protobuf'],
    ['one who talks nonsense', ';;;,,,q=;=;"\u0000,/'],
    ['a hundred thousand commas', ','.repeat(LONG)],
    ['a hundred thousand semicolons', ';'.repeat(LONG)],
    ['a hundred thousand quotes', `${OM};q="${'"'.repeat(LONG)}`],
  ])('is text 0.0.4 for %s', (_, accept) => {
    expect(negotiateFormat(accept)).toBe('prometheus');
  });

  it('has a content type that Prometheus accepts', () => {
    expect(CONTENT_TYPES).toEqual({
      prometheus: 'text/plain; version=0.0.4; charset=utf-8',
      openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      protobuf:
        'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    });
  });
});
