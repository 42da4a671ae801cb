import type { ExportersOptions } from 'nestjs-monitoring';

/**
 * Which remotes this application tells: each is switched on by the variable that it cannot do without. None is on
 * otherwise.
 */
export function exportersFrom(environment: NodeJS.ProcessEnv): ExportersOptions {
  const { METRICS_FILE, CLOUDWATCH_NAMESPACE, DD_API_KEY, DD_URL } = environment;
  const { OTEL_EXPORTER_OTLP_ENDPOINT, PUSHGATEWAY_URL, REMOTE_WRITE_URL } = environment;
  const { LAST_PUSH_TIMEOUT_MS } = environment;
  const push = LAST_PUSH_TIMEOUT_MS ? { shutdownTimeoutMs: Number(LAST_PUSH_TIMEOUT_MS) } : {};
  return {
    ...(PUSHGATEWAY_URL && { pushgateway: { ...push, url: PUSHGATEWAY_URL, jobName: 'enterprise-land' } }),
    ...(REMOTE_WRITE_URL && {
      remoteWrite: { ...push, url: REMOTE_WRITE_URL, labels: { job: 'enterprise-land' } },
    }),
    ...(METRICS_FILE && { json: { ...push, outputFile: METRICS_FILE } }),
    // The region and the credentials are found by the AWS SDK.
    ...(CLOUDWATCH_NAMESPACE && {
      cloudWatch: { ...push, namespace: CLOUDWATCH_NAMESPACE, costPreview: true },
    }),
    // By a proxy of one's own, if DD_URL says so.
    ...(DD_API_KEY && { datadog: { ...push, apiKey: DD_API_KEY, ...(DD_URL && { url: DD_URL }) } }),
    ...(OTEL_EXPORTER_OTLP_ENDPOINT && { otlp: { ...push, serviceName: 'enterprise-land' } }),
  };
}
