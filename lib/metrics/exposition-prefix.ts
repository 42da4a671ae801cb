import { renderLabel } from './label-escaping.js';

/**
 * Returns a function that makes the exposition prefix of a series from its rendered labels; see
 * `SeriesIdentities`. It joins pieces instead of adding strings, since a prefix is kept and should be one flat
 * string.
 */
export function expositionPrefixes(
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
