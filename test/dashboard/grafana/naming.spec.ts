import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { grafanaDashboards, type GrafanaDashboardsOptions } from 'nestjs-monitoring/grafana';
import { labelOf, type Naming, targetQuery } from '../../../lib/dashboard/grafana/naming.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';
import { exportedLabel } from '../../../lib/query/target-labels.js';

/** The labels that the Prometheus Operator gives to a target. */
const OPERATOR = ['job', 'instance', 'namespace', 'service', 'pod', 'container', 'endpoint'];

function naming(targetLabels: readonly string[], more: Partial<Naming> = {}): Naming {
  return {
    names: new ConventionalNames(conventionOfAll('prometheus')),
    prefix: '',
    jobLabel: 'job',
    instanceLabel: 'instance',
    matchers: '',
    exported: exportedLabel(targetLabels),
    histograms: 'classic',
    ...more,
  };
}

function exprOf(expr: string, targetLabels: readonly string[], more: Partial<Naming> = {}): string {
  return targetQuery({ expr, legend: '' }, naming(targetLabels, more)).expr;
}

describe('a query for Grafana', () => {
  it('has the labels of metrics as Prometheus calls them beside those of the target', () => {
    const own = {
      expr: 'sum by (instance, endpoint) (x_total{endpoint!="a"})',
      legend: '{{instance}} {{endpoint}}',
    };
    expect(targetQuery(own, naming(['job', 'instance']))).toEqual({
      expr: 'sum by (instance, endpoint) (x_total{job=~"$job", instance=~"$instance", endpoint!="a"})',
      legend: '{{instance}} {{endpoint}}',
    });
    expect(targetQuery(own, naming(OPERATOR))).toEqual({
      expr: 'sum by (instance, exported_endpoint) (x_total{job=~"$job", instance=~"$instance", exported_endpoint!="a"})',
      legend: '{{instance}} {{exported_endpoint}}',
    });
  });

  it('selects by the labels of the target, whatever they are called', () => {
    const more = { jobLabel: 'service', instanceLabel: 'pod', matchers: 'namespace="shop"' };
    expect(exprOf('max by (job, service) (x{pod="a"})', OPERATOR, more)).toBe(
      'max by (service, exported_service) (x{service=~"$job", pod=~"$instance", namespace="shop", exported_pod="a"})',
    );
  });

  it('has the values of its labels as they are', () => {
    const more = { jobLabel: 'service' };
    expect(exprOf('x{x!="a job=b", y="\\"job=", job="c"}', ['service', 'instance'], more)).toBe(
      'x{service=~"$job", instance=~"$instance", x!="a job=b", y="\\"job=", service="c"}',
    );
    const conventional = 'http_request_duration_seconds_count{route="/a?status_code=b", status_code="200"}';
    const names = new ConventionalNames(conventionOfAll('otel'));
    expect(exprOf(conventional, ['job', 'instance'], { names })).toContain(
      'http_route="/a?status_code=b", http_response_status_code="200"',
    );
  });

  it('has the job of a metric as it is with honor_labels', () => {
    const expr = 'sum by (queue, exported_job) (x_total{})';
    expect(exprOf(expr, ['job', 'instance'])).toContain('by (queue, exported_job)');
    expect(exprOf(expr, [])).toContain('by (queue, job)');
    expect(labelOf('exported_job', expr, naming([]))).toBe('job');
  });

  it('replaces labels from and to those that are there', () => {
    const expr = 'sum by (class) (label_replace(x_total{}, "class", "${1}xx", "status_code", "(.).."))';
    expect(exprOf(expr, ['class', 'status_code'])).toBe(
      'sum by (exported_class) (label_replace(x_total{job=~"$job", instance=~"$instance"}, "exported_class", "${1}xx", "exported_status_code", "(.).."))',
    );
  });
});

describe('the options of the dashboards', () => {
  it('give a metric of the application the label that it has in Prometheus', async () => {
    const registry = new MetricsRegistry();
    registry
      .counter('calls_total', 'Calls.', { labelNames: ['endpoint', 'job'] })
      .inc({ endpoint: '/a', job: 'b' });
    const business = async (options: GrafanaDashboardsOptions): Promise<string> =>
      JSON.stringify((await grafanaDashboards(registry, options))['business-metrics']);
    expect(await business({})).toContain('sum by (endpoint, exported_job) (increase(calls_total{');
    expect(await business({ targetLabels: OPERATOR })).toContain(
      'sum by (exported_endpoint, exported_job) (increase(calls_total{',
    );
  });

  it.each<[object, RegExp]>([
    [{ targetLabels: 'job' }, /`targetLabels` must be a list of label names.*got the string "job"/],
    [{ targetLabels: ['a-b'] }, /`targetLabels` must be a list of label names/],
    [{ matcher: 'a="b"' }, /Unknown key `matcher`.*Did you mean `matchers`/],
  ])('are refused if they are wrong: %j', async (options, message) => {
    await expect(grafanaDashboards(new MetricsRegistry(), options)).rejects.toThrow(message);
  });
});
