/**
 * Measures the package: the tarball, and what an application loads that imports one of its subpaths. Needs `npm run build`.
 *
 *     node release/sizes.mjs           # compares the table of docs/package.md, with a tolerance of a tenth
 *     node release/sizes.mjs --write   # writes it
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from './locked-packages.mjs';
import { markdownTable } from './markdown-table.mjs';

const PAGE = join(ROOT, 'docs/package.md');
const TABLE = /(?<=<!-- sizes -->\n)[^]*?(?=<!-- end of sizes -->)/;
/** A difference that is no reason to write the table again. */
const TOLERANCE = 0.1;
/** The import and export of another file of dist, which is loaded at once; `import()` is loaded when it is used. */
const STATIC_IMPORT = /\b(?:from|import)\s*["']\.\/([\w.-]+)["']/g;

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const table = tableOf(rows());
const page = readFileSync(PAGE, 'utf8');
if (process.argv.includes('--write')) {
  writeFileSync(PAGE, page.replace(TABLE, `\n${table}\n`));
} else {
  const written = TABLE.exec(page)?.[0] ?? '';
  const faults = differences(numbersOf(written), numbersOf(table));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error('The sizes in docs/package.md are old: npm run build && npm run sizes');
    process.exitCode = 1;
  }
}
console.log(table);

/** @returns {[string, ...(number | undefined)[]][]} of each subpath: kB of code, compressed, and of declarations */
function rows() {
  const doors = Object.entries(manifest.exports).filter(([, target]) => typeof target === 'object');
  const [{ size, unpackedSize }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  return [
    ...doors.map(([path, { import: target }]) => {
      const code = closureOf(target.default).map(contentOf);
      const types = closureOf(target.types).map(contentOf);
      return [
        `\`${manifest.name}${path.slice(1)}\``,
        sum(code, ({ length }) => length),
        sum(code, (each) => gzipSync(each).length),
        sum(types, ({ length }) => length),
      ];
    }),
    ['the package, unpacked and packed', unpackedSize, size, undefined],
  ];
}

/** @returns {string[]} a file with all others that it imports at once */
function closureOf(entry) {
  const found = new Set();
  const waiting = [entry.replace('./dist/', '')];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    const isType = file.endsWith('.d.ts');
    for (const [, imported] of contentOf(file).toString().matchAll(STATIC_IMPORT)) {
      waiting.push(isType ? imported.replace(/\.js$/, '.d.ts') : imported);
    }
  }
  return [...found];
}

function contentOf(file) {
  return readFileSync(join(ROOT, 'dist', file));
}

function sum(files, sizeOf) {
  return files.reduce((total, each) => total + sizeOf(each), 0);
}

function tableOf(all) {
  const cells = [
    ['imported', 'code, kB', 'compressed, kB', 'declarations, kB'],
    ...all.map(([title, ...bytes]) => [title, ...bytes.map(inKilobytes)]),
  ];
  return markdownTable(cells);
}

function inKilobytes(bytes) {
  return bytes === undefined ? '' : String(Math.max(1, Math.round(bytes / 1000)));
}

/** @returns {Map<string, number[]>} the numbers of each line of a table, by its title */
function numbersOf(text) {
  const lines = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    lines.map(([, title, ...cells]) => [title, cells.filter((cell) => /^\d+$/.test(cell)).map(Number)]),
  );
}

function differences(written, measured) {
  return [...measured].flatMap(([title, numbers]) => {
    const old = written.get(title) ?? [];
    const isClose = numbers.every(
      (number, index) => Math.abs(number - (old[index] ?? Infinity)) <= Math.max(1, number * TOLERANCE),
    );
    return isClose ? [] : [`${title}: ${old.join(', ')} kB are written, ${numbers.join(', ')} measured.`];
  });
}
