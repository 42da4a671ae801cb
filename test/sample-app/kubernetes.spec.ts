import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';

const FOLDER = new URL('../../sample-app/deploy/kubernetes/', import.meta.url);

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly timeoutSeconds: number;
}

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [
          {
            readonly ports: readonly { readonly name: string }[];
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
    expect(manifests.map(({ name }) => name)).toHaveLength(6);
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

  it('give the application the time that its drain takes', () => {
    const { terminationGracePeriodSeconds, containers } =
      manifest<Deployment>('deployment').spec.template.spec;
    const preStop = Number(containers[0].lifecycle.preStop.exec.command.at(-1));
    expect(terminationGracePeriodSeconds).toBeGreaterThan(preStop + 5 + 10);
  });
});
