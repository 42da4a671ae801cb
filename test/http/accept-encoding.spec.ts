import { describe, expect, it } from '@jest/globals';
import { acceptsBrotli, acceptsGzip } from '../../lib/http/accept-encoding.js';

const LONG = 100_000;

describe('gzip', () => {
  it.each([
    'gzip',
    'deflate, gzip;q=0.5, br',
    'GZIP',
    'x-gzip',
    '*',
    'br;q=1.0, *;q=0.1',
    'identity;q=0, gzip',
  ])('is used with Accept-Encoding: %s', (header) => {
    expect(acceptsGzip(header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'identity',
    'br',
    'gzip;q=0',
    '*;q=0',
    'gzip;q=0, *',
    'gzipped',
    'gzip;q=x',
    ','.repeat(LONG),
  ])('is not used with Accept-Encoding: %.40s', (header) => {
    expect(acceptsGzip(header)).toBe(false);
  });
});

describe('Brotli', () => {
  it.each(['br', 'gzip, deflate, br, zstd', 'BR;q=0.1', 'gzip;q=0, br'])(
    'is used with Accept-Encoding: %s',
    (header) => {
      expect(acceptsBrotli(header)).toBe(true);
    },
  );

  // A client that takes anything has not said that it can read it.
  it.each([undefined, '', '*', 'gzip, deflate', 'br;q=0', 'brotli', 'br;q=-1', ','.repeat(LONG)])(
    'is not used with Accept-Encoding: %.40s',
    (header) => {
      expect(acceptsBrotli(header)).toBe(false);
    },
  );
});
