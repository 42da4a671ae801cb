import { renderLabel } from './labels.js';

/**
 * How the lines of a metric's series begin in an exposition, made of the labels of a series as text; see
 * `SeriesIdentities`. Joined of their pieces, not added up: what is kept should be one flat string.
 */
export function lineStarts(
  name: string,
  isHistogram: boolean,
  labelNames: readonly string[],
  defaultLabels: Readonly<Record<string, string>>,
): (labels: string) => string {
  const defaults = Object.entries(defaultLabels)
    .filter(([label]) => !labelNames.includes(label))
    .map(([label, value]) => renderLabel(label, value))
    .join(',');
  return (labels) => {
    const all = defaults === '' || labels === '' ? defaults + labels : `${defaults},${labels}`;
    if (isHistogram) return [name, '_bucket{', all, all === '' ? '' : ','].join('');
    return all === '' ? `${name} ` : [name, '{', all, '} '].join('');
  };
}
