import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as names from '../../lib/metrics/metric-names.js';

const LIB = resolve(import.meta.dirname, '../../lib');
const HOME = 'metrics/metric-names.ts';
const all = Object.values(names).flatMap((group) => Object.values<string>(group));

describe('the names that several rooms share', () => {
  it('are valid, and each is there once', () => {
    expect(all.filter((name) => !/^[a-z][a-z0-9_]*[a-z0-9]$/.test(name))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('are imported, and written as a string nowhere else', () => {
    const written = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && path !== HOME && !path.includes('/page/'))
      .flatMap((path) => {
        const text = readFileSync(join(LIB, path), 'utf8');
        return all.filter((name) => text.includes(`'${name}'`)).map((name) => `${path} ${name}`);
      });
    expect(written).toEqual([]);
  });
});
