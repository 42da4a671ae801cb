/** The colors of lines: each has a contrast of at least 3:1 to the surface of its theme. */
export const SERIES_COLORS = {
  light: [
    '#1f6fd0',
    '#b3590a',
    '#0f7f5f',
    '#b03a86',
    '#6c52c9',
    '#7a6800',
    '#0b7f93',
    '#8d4a2b',
    '#52701a',
    '#8a2fb0',
    '#3f6b8f',
    '#a0486a',
  ],
  dark: [
    '#62a8ff',
    '#f0a35a',
    '#3fc79b',
    '#e57fc0',
    '#a994f5',
    '#cdb93a',
    '#45c3d8',
    '#d69273',
    '#9dc155',
    '#cf8cf0',
    '#8fb6d3',
    '#ec8fae',
  ],
};

/** The colors of status codes: successes are neutral, so that failures stand out. */
export const STATUS_COLORS = {
  light: { 1: '#7a8594', 2: '#5b6775', 3: '#7a8594', 4: '#b06a00', 5: '#c81e2e' },
  dark: { 1: '#8791a0', 2: '#a9b3c0', 3: '#8791a0', 4: '#f2b13c', 5: '#ff6b72' },
};

/** Returns the class of the status code that a line is about, from its name: `404`, `GET 404`, `server errors (5xx)`. */
export function statusClassOf(name) {
  const [, code] = /(?:^|[\s(])([1-5])(?:\d\d|xx)(?:$|[\s)–-])/.exec(name) ?? [];
  return code === undefined ? undefined : Number(code);
}

/** Returns a number that is equal for equal texts, in every browser. */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/**
 * Returns the colors of lines by their names. A name has the same color in every chart; two names of one chart have
 * different ones as far as there are enough.
 *
 * @param {string[]} names
 * @param {'light' | 'dark'} theme
 */
export function colorsOf(names, theme) {
  const palette = SERIES_COLORS[theme];
  const taken = new Set();
  const classes = names.map(statusClassOf);
  return names.map((name, i) => {
    const status = classes[i];
    const isFailure = status === 4 || status === 5;
    const isAlone = classes.filter((each) => each === status).length === 1;
    // Several failures are all amber or red, in different shades; several successes need to be told apart.
    if (status !== undefined && isAlone) return STATUS_COLORS[theme][status];
    if (isFailure) return shaded(STATUS_COLORS[theme][status], hashOf(name), theme);
    let index = hashOf(name) % palette.length;
    for (let tries = 0; tries < palette.length && taken.has(index); tries++)
      index = (index + 1) % palette.length;
    taken.add(index);
    return palette[index];
  });
}

/** Returns a color a little further from the surface: it never loses contrast. */
function shaded(color, hash, theme) {
  const target = theme === 'light' ? 0 : 255;
  const share = 0.2 + (hash % 3) * 0.12;
  const parts = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16);
    return Math.round(part + (target - part) * share)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${parts.join('')}`;
}
