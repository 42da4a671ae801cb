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
  ])('are switched on by %j, each for itself', (variables, exporters) => {
    expect(exportersFrom(variables)).toEqual(exporters);
  });
});
