import { describe, expect, it } from '@jest/globals';
import { remedyFor } from '../../../lib/exporters/push/status-remedy.js';

describe('the reaction to a status', () => {
  it.each([
    ['stop', [301, 307, 401, 403, 407]],
    ['retry', [100, 408, 429, 500, 502, 503, 504, 599]],
    ['drop', [400, 404, 405, 413, 422]],
  ])('is %s for %j', (remedy, statuses) => {
    expect(statuses.map(remedyFor)).toEqual(statuses.map(() => remedy));
  });
});
