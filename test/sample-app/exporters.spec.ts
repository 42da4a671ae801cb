import { describe, expect, it } from '@jest/globals';
import { exportersFrom } from '../../sample-app/src/exporters.js';

describe('the exporters of the sample application', () => {
  it('are all off without variables', () => {
    expect(exportersFrom({})).toEqual({});
  });

  it.each([
    [{ METRICS_FILE: 'm.json' }, { json: { outputFile: 'm.json' } }],
    [{ CLOUDWATCH_NAMESPACE: 'E' }, { cloudWatch: { namespace: 'E', costPreview: true } }],
    [{ DD_API_KEY: 'k' }, { datadog: { apiKey: 'k' } }],
    [{ DD_API_KEY: 'k', DD_URL: 'http://proxy' }, { datadog: { apiKey: 'k', url: 'http://proxy' } }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { otlp: { serviceName: 'enterprise-land' } }],
    [{ PUSHGATEWAY_URL: 'http://p' }, { pushgateway: { url: 'http://p', jobName: 'enterprise-land' } }],
    [
      { METRICS_FILE: 'm.json', PUSHGATEWAY_URL: 'http://p', LAST_PUSH_TIMEOUT_MS: '60000' },
      {
        json: { outputFile: 'm.json', shutdownTimeoutMs: 60_000 },
        pushgateway: { url: 'http://p', jobName: 'enterprise-land', shutdownTimeoutMs: 60_000 },
      },
    ],
  ])('are switched on by %j, each for itself', (variables, exporters) => {
    expect(exportersFrom(variables)).toEqual(exporters);
  });
});
