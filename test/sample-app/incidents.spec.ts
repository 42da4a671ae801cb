import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { INCIDENT_NAMES, INCIDENTS } from '../../sample-app/src/load/incidents.js';
import { readOptions, USAGE } from '../../sample-app/src/load/options.js';
import { alertRules } from '../../sample-app/src/monitoring/alert-rules.js';
import { ROOT } from '../documents/documents.js';

const readme = readFileSync(join(ROOT, 'sample-app/README.md'), 'utf8');

describe.each(INCIDENT_NAMES)('the incident %s', (name) => {
  const { rule, route, metrics } = INCIDENTS[name];

  it('is noticed by a rule of the application, by route if it has routes', () => {
    const found = alertRules.find((each) => each.name === rule);
    const groupBy =
      found !== undefined && 'condition' in found ? (found.condition as { groupBy?: string[] }).groupBy : [];
    expect(found).toBeDefined();
    expect(groupBy?.includes('route') ?? false).toBe(route !== undefined);
  });

  it('is in the README and in the usage, with its rule', () => {
    expect(readme).toMatch(new RegExp(`\\| \`${name}\` .*\\| \`${rule}\` +\\|`));
    expect(readme).toContain(`--incident ${name}`);
    expect(USAGE).toContain(name);
  });

  it('names metrics of the library or of the application to look at', () => {
    expect(metrics.length).toBeGreaterThan(0);
    for (const metric of metrics) expect(metric).toMatch(/^[a-z]+(_[a-z0-9]+)+$/);
  });
});

describe('the option --incident', () => {
  const incidentOf = (...args: string[]) => readOptions(args, 'key')?.incident;

  it('has a name, or the first of them', () => {
    expect(incidentOf()).toBeUndefined();
    expect(incidentOf('--incident', 'slow-query', '--seed', '1')).toBe('slow-query');
    expect(incidentOf('--incident=exception')).toBe('exception');
    expect(incidentOf('--incident')).toBe('failing-remote');
    expect(incidentOf('--incident', '--until-alert')).toBe('failing-remote');
  });

  it('asks where the monitoring endpoints are, with their token', () => {
    const optionsOf = (...args: string[]) => readOptions(args, 'key', 'T0ken');
    expect(optionsOf()).toMatchObject({
      monitoringUrl: new URL('http://127.0.0.1:3000'),
      token: 'T0ken',
    });
    expect(optionsOf('--monitoring-url', 'http://127.0.0.1:9464', '--token', 'other')).toMatchObject({
      url: new URL('http://127.0.0.1:3000'),
      monitoringUrl: new URL('http://127.0.0.1:9464'),
      token: 'other',
    });
    expect(() => optionsOf('--monitoring-url', 'http://example.com')).toThrow(
      'expected --monitoring-url to be an http address of this machine, got "http://example.com".',
    );
  });

  it('refuses another name and says which there are', () => {
    expect(() => incidentOf('--incident', 'fire')).toThrow(
      'expected --incident to be one of failing-remote, slow-query, exception, blocked-loop, got "fire".',
    );
  });
});
