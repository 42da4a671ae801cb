import { cpSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';
import manifest from './package.json' with { type: 'json' };
import { dashboardPage } from './release/dashboard-page.mjs';
import { lateUnicodeClasses } from './release/late-unicode-classes.mjs';
import { withoutPrivateMembers } from './release/structural-types.mjs';

/** The doors of the package: each subpath of its exports that is a module. */
const DOORS = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => (path === '.' ? 'index' : path.slice('./'.length)));

const FORMATS = [
  { format: 'es', extension: 'js', types: 'd.ts' },
  { format: 'cjs', extension: 'cjs', types: 'd.cts' },
];

/** Everything but the files of this package is for the application to install. */
const external = (id) => !/^[./]/.test(id);

/** What `nest build` has left in build/, bundled: an application that imports one file instead of 500 starts sooner. */
const doors = FORMATS.flatMap(({ format, extension, types }) => [
  {
    input: inputs('js'),
    external,
    treeshake: { moduleSideEffects: false },
    plugins: [commonjsImportMeta(), compact(), freshFolder(format)],
    // TypeScript's helpers of decorators look for `this` of their module.
    onLog: (level, log, handle) => log.code !== 'THIS_IS_UNDEFINED' && handle(level, log),
    output: {
      dir: 'dist',
      format,
      exports: 'named',
      hoistTransitiveImports: false,
      entryFileNames: `[name].${extension}`,
      chunkFileNames: `[name].${extension}`,
      manualChunks,
      // A smaller chunk becomes part of another one, where nothing more is loaded because of that.
      experimentalMinChunkSize: 1_000,
    },
  },
  {
    input: inputs('d.ts'),
    external,
    plugins: [dts(), structuralTypes()],
    // It names types that two doors share and none exports: a user has no reason to write them.
    onLog: (level, log, handle) => log.plugin !== 'dts' && handle(level, log),
    output: {
      dir: 'dist',
      format: 'es',
      entryFileNames: `[name].${types}`,
      chunkFileNames: ({ name }) => `${name.replace(/\.d$/, '')}.${types}`,
    },
  },
]);

/** The schematic, which the CLI of Nest requires: by itself, since no application loads it. */
const schematic = {
  input: 'build/schematics/nest-add.js',
  external,
  plugins: [compact(), copy('build/schematics/collection.json', 'dist/schematics/collection.json')],
  output: { file: 'dist/schematics/nest-add.cjs', format: 'cjs' },
};

// The files of the dashboard are read next to the module that serves them.
export default [...doors, schematic, dashboardPage('dist/page')];

function inputs(extension) {
  return Object.fromEntries(DOORS.map((door) => [door, `build/${door}.${extension}`]));
}

/**
 * Puts what every door needs into one file: to find, read and link a file takes an application longer than what it does
 * not use of a larger one. What is loaded only if an option or a request asks for it, by `import()`, stays apart.
 */
function manualChunks(id, { getModuleInfo }) {
  if (/\/diagnostics\/blocked-loop\/(?:block\.recorder|blocked-loop\.lifecycle)\.js$/.test(id))
    return 'blocked-loop';
  const isOfCore = /\/build\/(?:primitives|options|metrics|exporters\/prometheus)\//.test(id);
  return isOfCore && loadedAtOnce(getModuleInfo).has(id) ? 'core' : undefined;
}

const atOnce = new WeakMap();

/** Returns the modules that the main door loads by itself. */
function loadedAtOnce(getModuleInfo) {
  let found = atOnce.get(getModuleInfo);
  if (found === undefined) {
    found = new Set([resolve('build/index.js')]);
    // A set visits what is added meanwhile, too.
    for (const id of found) for (const imported of getModuleInfo(id)?.importedIds ?? []) found.add(imported);
    atOnce.set(getModuleInfo, found);
  }
  return found;
}

/** CommonJS has no `import.meta`. */
function commonjsImportMeta() {
  const equivalents = { dirname: '__dirname', url: "require('node:url').pathToFileURL(__filename).href" };
  return {
    name: 'commonjs-import-meta',
    resolveImportMeta: (property, { format }) => (format === 'cjs' ? equivalents[property] : undefined),
  };
}

/**
 * Removes the comments, which the declarations have, and writes every other letter in ASCII: a module with a single letter
 * beyond it takes two bytes a letter of the memory of the application, and more time to parse.
 */
function compact() {
  const { ESNext } = ts.ScriptTarget;
  const compilerOptions = { removeComments: true, target: ESNext, module: ts.ModuleKind.ESNext };
  return {
    name: 'compact',
    renderChunk: (code) => ({
      code: ts
        .transpileModule(code, { compilerOptions, transformers: { before: [lateUnicodeClasses] } })
        .outputText.replace(/[^\0-\x7f]/g, unicodeEscape),
      map: null,
    }),
  };
}

/** Makes both copies of a class, that for ES modules and that in CommonJS, the same to the compiler. */
function structuralTypes() {
  return {
    name: 'structural-types',
    renderChunk: (code) => ({ code: withoutPrivateMembers(code), map: null }),
  };
}

function unicodeEscape(letter) {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Empties dist/ before the first of the formats is written into it. */
function freshFolder(format) {
  return {
    name: 'fresh-folder',
    buildStart: () => format === FORMATS[0].format && rmSync('dist', { recursive: true, force: true }),
  };
}

/** Copies what is no module. */
function copy(from, to) {
  return { name: 'copy', writeBundle: () => cpSync(from, to, { recursive: true }) };
}
