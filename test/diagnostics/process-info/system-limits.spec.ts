import { describe, expect, it } from '@jest/globals';
import { parseLimits, systemLimits } from '../../../lib/diagnostics/process-info/system-limits.js';

describe('the limits of the operating system', () => {
  it('are read from the lines of Linux', () => {
    const text = [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max cpu time              unlimited            unlimited            seconds   ',
      'Max open files            1024                 1048576              files     ',
      'Max nice priority         0                    0                    ',
      'Max strange                what',
    ].join('\n');
    expect(parseLimits(text)).toEqual({
      cpuSeconds: { soft: null, hard: null },
      openFiles: { soft: 1024, hard: 1_048_576 },
    });
  });

  it('are none without the file', async () => {
    expect(await systemLimits('/nowhere/limits')).toEqual({});
  });
});
