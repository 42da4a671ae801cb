import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const PAGE = new URL('../../../lib/dashboard/page/', import.meta.url);
const THEMES = ['light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const { colorsOf, statusClassOf, SERIES_COLORS, STATUS_COLORS } = (await import(
  String(new URL('colors.js', PAGE))
)) as {
  readonly colorsOf: (names: readonly string[], theme: Theme) => string[];
  readonly statusClassOf: (name: string) => number | undefined;
  readonly SERIES_COLORS: Readonly<Record<Theme, readonly string[]>>;
  readonly STATUS_COLORS: Readonly<Record<Theme, Readonly<Record<string, string>>>>;
};

/** The surfaces of the style sheet, on which charts are drawn. */
const [, light = '', dark = ''] =
  /--surface: light-dark\((#\w{6}), (#\w{6})\)/.exec(readFileSync(new URL('dashboard.css', PAGE), 'utf8')) ??
  [];
const SURFACES: Readonly<Record<Theme, string>> = { light, dark };

/** Relative luminance of the WCAG. */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [brighter = 0, darker = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (brighter + 0.05) / (darker + 0.05);
}

describe.each(THEMES)('the colors of lines in the %s theme', (theme) => {
  it('have a contrast of at least 3:1, those of many failures too', () => {
    const failures = colorsOf(
      Array.from({ length: 40 }, (_, i) => `GET /route-${i} ${i % 2 ? 404 : 503}`),
      theme,
    );
    const all = [...SERIES_COLORS[theme], ...Object.values(STATUS_COLORS[theme]), ...failures];
    for (const color of all) expect([color, contrast(color, SURFACES[theme]) >= 3]).toEqual([color, true]);
  });

  it('are the same for a name in every chart, and different within one', () => {
    const names = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'BEGIN', 'COMMIT'];
    expect(new Set(colorsOf(names, theme)).size).toBe(names.length);
    for (const name of names) expect(colorsOf([name], theme)).toEqual(colorsOf([name], theme));
    expect(colorsOf(['deals', 'users'], theme)[0]).toBe(colorsOf(['deals'], theme)[0]);
  });

  it('are neutral for successes, amber for 4xx and red for 5xx', () => {
    const names = ['successful (1xx–3xx)', 'client errors (4xx)', 'server errors (5xx)'];
    const { 1: neutral, 4: amber, 5: red } = STATUS_COLORS[theme];
    expect(colorsOf(names, theme)).toEqual([neutral, amber, red]);
    const [ok, missing, failed] = colorsOf(['200', '404', '503'], theme);
    expect([missing, failed]).toEqual([amber, red]);
    expect([amber, red]).not.toContain(ok);
  });
});

describe('a status code', () => {
  it.each([
    ['503', 5],
    ['GET /deals/:id 404', 4],
    ['server errors (5xx)', 5],
    ['p500', undefined],
    ['5000', undefined],
    ['heap 2000', undefined],
    ['/v2/200items', undefined],
  ])('is known in the name %s as %s', (name, status) => {
    expect(statusClassOf(name)).toBe(status);
  });
});
