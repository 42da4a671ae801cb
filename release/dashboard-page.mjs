import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { minify } from '@swc/core';
import { ROOT } from './locked-packages.mjs';

const SOURCES = join(ROOT, 'lib/dashboard/page');
/** A chunk that is smaller is joined with another one: each request costs more than its bytes. */
const MIN_CHUNK_BYTES = 1_500;
/** Chunks that the browser requests together with the page. */
const PRELOADED = ['charts.js', 'now.area.js'];

/**
 * The page of the dashboard, for rollup: its modules bundled by what is loaded together, without comments and long names,
 * its style sheets and pictures, and each file compressed as well. Without a build, the same page is served module by module.
 *
 * @param {string} dir the folder for the files
 * @returns {import('rollup').RollupOptions}
 */
export function dashboardPage(dir) {
  return {
    input: join(SOURCES, 'dashboard.js'),
    plugins: [minified(), otherFiles(dir), compressed(dir)],
    output: {
      dir,
      format: 'es',
      entryFileNames: '[name].js',
      chunkFileNames: '[name].js',
      experimentalMinChunkSize: MIN_CHUNK_BYTES,
      manualChunks: (id) =>
        /\/page\/(?:charts|colors|copies|panels\.view)\.js$/.test(id) ? 'charts' : undefined,
    },
  };
}

function minified() {
  return {
    name: 'minified',
    renderChunk: async (code) => ({
      code: (await minify(code, { module: true, compress: { passes: 3 }, mangle: true })).code,
      map: null,
    }),
  };
}

/** Writes what is no module of JavaScript. */
function otherFiles(dir) {
  return {
    name: 'other-files',
    generateBundle() {
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir, { recursive: true });
      for (const name of readdirSync(SOURCES)) {
        if (name.endsWith('.js')) continue;
        const text = readFileSync(join(SOURCES, name), 'utf8');
        writeFileSync(join(dir, name), (SHORTENED[name.slice(name.lastIndexOf('.'))] ?? same)(text));
      }
    },
  };
}

const same = (text) => text;

const SHORTENED = { '.css': shortStyle, '.html': withPreloads };

/** Returns a style sheet without comments and the space that means nothing. Its strings stay as they are. */
export function shortStyle(text) {
  return text
    .replace(/\/\*[^]*?\*\//g, '')
    .split(/('[^']*'|"[^"]*")/)
    .map((part, i) => (i % 2 === 1 ? part : shortRules(part)))
    .join('')
    .trim();
}

function shortRules(text) {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .replace(/: /g, ':')
    .replaceAll(';}', '}');
}

/** Returns the page with what it loads later named in its head, so that no request waits for a script to ask for it. */
function withPreloads(html) {
  const links = PRELOADED.map((name) => `<link rel="modulepreload" href="{{base}}${name}" />`).join('');
  return html.replace(/>\s+</g, '><').replace('<script', `${links}<script`);
}

/** Writes each file as Brotli as well: its best quality takes longer than a request should. */
function compressed(dir) {
  const brotli = promisify(brotliCompress);
  return {
    name: 'compressed',
    async writeBundle() {
      for (const name of readdirSync(dir)) {
        if (!/\.(?:js|css)$/.test(name)) continue;
        const bytes = readFileSync(join(dir, name));
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
        };
        writeFileSync(join(dir, `${name}.br`), await brotli(bytes, { params }));
      }
    },
  };
}
