import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';

const FOLDER = new URL('../../sample-app/deploy/kubernetes/', import.meta.url);

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly timeoutSeconds: number;
}

type Labels = Readonly<Record<string, string>>;

interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: object;
        readonly volumes: readonly { readonly name: string }[];
        readonly containers: readonly [
          {
            readonly ports: readonly { readonly name: string }[];
            readonly securityContext: object;
            readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
            readonly startupProbe: Probe;
            readonly readinessProbe: Probe;
            readonly livenessProbe: Probe;
            readonly lifecycle: { readonly preStop: { readonly exec: { readonly command: string[] } } };
          },
        ];
      };
    };
  };
}

const manifests = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => ({
    name,
    documents: parseAllDocuments(readFileSync(new URL(name, FOLDER), 'utf8'), {
      strict: true,
      uniqueKeys: true,
    }),
  }));

function manifest<T>(name: string): T {
  const found = manifests.find((candidate) => candidate.name === `${name}.yaml`);
  return found?.documents[0]?.toJS() as T;
}

describe('the manifests for Kubernetes', () => {
  it('are strict YAML, each one object with the kind that its file is called by', () => {
    expect(manifests.map(({ name }) => name)).toHaveLength(7);
    for (const { name, documents } of manifests) {
      expect(documents).toHaveLength(1);
      expect(documents[0]?.errors).toEqual([]);
      expect(documents[0]?.warnings).toEqual([]);
      const { apiVersion, kind } = (documents[0]?.toJS() ?? {}) as Record<string, string>;
      expect(apiVersion).toMatch(/^(v1|[a-z.]+\/v\d)$/);
      const file = kind?.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
      expect(`${file}.yaml`).toBe(name);
    }
  });

  it('probe where the application answers, and wait longer than a check may take', () => {
    const [container] = manifest<Deployment>('deployment').spec.template.spec.containers;
    const { startupProbe, readinessProbe, livenessProbe, ports } = container;
    expect(startupProbe.httpGet.path).toBe('/startup');
    expect(readinessProbe.httpGet.path).toBe('/ready');
    expect(livenessProbe.httpGet.path).toBe('/alive');
    for (const { httpGet } of [startupProbe, readinessProbe, livenessProbe]) {
      expect(ports.map(({ name }) => name)).toContain(httpGet.port);
    }
    expect(readinessProbe.timeoutSeconds).toBeGreaterThan(3);
  });

  it('name each other: labels, ports, the target of the autoscaler and volumes', () => {
    const { metadata, spec } = manifest<Deployment>('deployment');
    const { labels } = spec.template.metadata;
    const { volumes, containers } = spec.template.spec;
    const [{ ports, volumeMounts }] = containers;
    const names = ports.map(({ name }) => name);
    expect(labels).toMatchObject(spec.selector.matchLabels);

    const service = manifest<{
      metadata: { labels: Labels };
      spec: { selector: Labels; ports: { targetPort: string }[] };
    }>('service');
    expect(labels).toMatchObject(service.spec.selector);
    for (const { targetPort } of service.spec.ports) expect(names).toContain(targetPort);

    const budget = manifest<{ spec: { selector: { matchLabels: Labels } } }>('pod-disruption-budget').spec;
    expect(labels).toMatchObject(budget.selector.matchLabels);

    const pods = manifest<{
      spec: { selector: { matchLabels: Labels }; podMetricsEndpoints: { port: string }[] };
    }>('pod-monitor').spec;
    expect(labels).toMatchObject(pods.selector.matchLabels);
    for (const { port } of pods.podMetricsEndpoints) expect(names).toContain(port);

    const services = manifest<{
      spec: { selector: { matchLabels: Labels }; endpoints: { targetPort: string }[] };
    }>('service-monitor').spec;
    expect(service.metadata.labels).toMatchObject(services.selector.matchLabels);
    for (const { targetPort } of services.endpoints) expect(names).toContain(targetPort);

    const scaler = manifest<{ spec: { scaleTargetRef: object } }>('horizontal-pod-autoscaler').spec;
    expect(scaler.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name });
    expect(volumes.map(({ name }) => name)).toEqual(volumeMounts.map(({ name }) => name));
  });

  it('are what the Pod Security Standard "restricted" wants, with a place for temporary files', () => {
    const { securityContext, containers } = manifest<Deployment>('deployment').spec.template.spec;
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containers[0].securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
    expect(containers[0].volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/tmp']);
  });

  it('alert by expressions about this application only', () => {
    const { spec } = manifest<{ spec: { groups: { rules: { alert: string; expr: string }[] }[] } }>(
      'prometheus-rule',
    );
    const expressions = spec.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
    expect(expressions).toHaveLength(4);
    const selectors = expressions.flatMap(
      (expr) => expr.match(/\b(?:up|monitoring_\w+)(?:\{[^}]*\})?/g) ?? [],
    );
    expect(selectors).toHaveLength(4);
    const { name } = manifest<Deployment>('deployment').metadata;
    for (const selector of selectors) expect(selector).toContain(`{job=~"(.+/)?${name}"}`);
  });

  it('give the application the time that its drain takes', () => {
    const { terminationGracePeriodSeconds, containers } =
      manifest<Deployment>('deployment').spec.template.spec;
    const preStop = Number(containers[0].lifecycle.preStop.exec.command.at(-1));
    expect(terminationGracePeriodSeconds).toBeGreaterThan(preStop + 5 + 10);
  });
});
