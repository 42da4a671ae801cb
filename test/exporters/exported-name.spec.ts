import { describe, expect, it } from '@jest/globals';
import { exportedName } from '../../lib/exporters/exported-name.js';

describe('the name of a label that another one replaces', () => {
  it('has the prefix of Prometheus', () => {
    expect(exportedName('job', new Set(['job']))).toBe('exported_job');
  });

  it('is different for each label, also where the application has such a name itself', () => {
    const used = new Set(['job', 'exported_job']);
    expect(exportedName('job', used)).toBe('exported_exported_job');
    expect(exportedName('exported_job', used)).toBe('exported_exported_exported_job');
  });
});
