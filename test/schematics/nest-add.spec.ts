import { describe, expect, it } from '@jest/globals';
import { nestAdd, type NestAddOptions } from '../../lib/schematics/nest-add.js';

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(process.env.PORT ?? 3000);
}
bootstrap();
`;

/** Runs the schematic over these files. @returns the files, and the lines of its log */
function run(files: Readonly<Record<string, string>>, options: NestAddOptions = {}) {
  const all = { ...files };
  const log: string[] = [];
  const tree = {
    exists: (path: string) => path in all,
    readText: (path: string) => all[path] ?? '',
    overwrite: (path: string, content: string) => void (all[path] = content),
  };
  const write = (message: string): void => void log.push(message);
  nestAdd(options)(tree, { logger: { info: write, warn: write } });
  return { files: all, log };
}

/** The root module after the schematic, if before it this was its decorator. */
function decorated(decorator: string): string {
  const before = `import { Module } from '@nestjs/common';\nimport { A } from './a';\n\n${decorator}\nexport class AppModule {}\n`;
  const { files } = run({ 'src/app.module.ts': before });
  const after = files['src/app.module.ts'] ?? '';
  const head =
    "import { Module } from '@nestjs/common';\nimport { MonitoringModule } from 'nestjs-monitoring';\nimport { A } from './a';\n\n";
  expect(after.startsWith(head)).toBe(true);
  return after.slice(head.length).replace('\nexport class AppModule {}\n', '');
}

describe('nest add nestjs-monitoring', () => {
  it.each([
    [
      'an empty array',
      '@Module({\n  imports: [],\n})',
      '@Module({\n  imports: [MonitoringModule.forRoot()],\n})',
    ],
    ['one line', '@Module({ imports: [A, B] })', '@Module({ imports: [MonitoringModule.forRoot(), A, B] })'],
    ['spaces', '@Module({ imports: [ A ] })', '@Module({ imports: [ MonitoringModule.forRoot(), A ] })'],
    [
      'a line for each import, with comments and brackets in them',
      "@Module({\n  imports: [\n    // [the first\n    A.forRoot({ name: ']' }), /* ] */\n    B,\n  ],\n  controllers: [],\n})",
      "@Module({\n  imports: [\n    MonitoringModule.forRoot(),\n    // [the first\n    A.forRoot({ name: ']' }), /* ] */\n    B,\n  ],\n  controllers: [],\n})",
    ],
    [
      'tabs and the line ends of Windows',
      '@Module({\r\n\timports: [\r\n\t\tA,\r\n\t],\r\n})',
      '@Module({\r\n\timports: [\r\n\t\tMonitoringModule.forRoot(),\r\n\t\tA,\r\n\t],\r\n})',
    ],
    [
      'no imports, but an inner object with some',
      '@Module({\n  providers: [{ provide: A, imports: [1] }],\n})',
      '@Module({\n  imports: [MonitoringModule.forRoot()],\n  providers: [{ provide: A, imports: [1] }],\n})',
    ],
    ['an empty object', '@Module({})', '@Module({ imports: [MonitoringModule.forRoot()] })'],
    ['no argument', '@Module()', '@Module({ imports: [MonitoringModule.forRoot()] })'],
    [
      'a base that is spread, and imports of its own',
      '@Module({ ...base, imports: [A] })',
      '@Module({ ...base, imports: [MonitoringModule.forRoot(), A] })',
    ],
    [
      'another decorator',
      '@Module({ imports: [A] })\n@Global()',
      '@Module({ imports: [MonitoringModule.forRoot(), A] })\n@Global()',
    ],
  ])('imports the module into a root module with %s, and keeps its format', (_, before, after) => {
    expect(decorated(before)).toBe(after);
  });

  it('keeps double quotes, missing semicolons and the line ends of Windows', () => {
    const source =
      'import { Global, Module } from "@nestjs/common"\r\n\r\n@Module({ imports: [] })\r\nexport class AppModule {}\r\n';
    expect(run({ 'src/app.module.ts': source }).files['src/app.module.ts']).toBe(
      'import { Global, Module } from "@nestjs/common"\r\nimport { MonitoringModule } from "nestjs-monitoring"\r\n\r\n@Module({ imports: [MonitoringModule.forRoot()] })\r\nexport class AppModule {}\r\n',
    );
  });

  it('finds the module that main.ts starts', () => {
    const main = MAIN.replace('{ AppModule }', '{ OrdersModule as AppModule }')
      .replace('./app.module.js', './orders/orders.module.js')
      .replace('create(', 'create<NestFastifyApplication>(\n    ');
    const source =
      "import { Module } from '@nestjs/common';\n\n@Module({ imports: [] })\nclass Inner {}\n\n@Module({ imports: [Inner] })\nexport class OrdersModule {}\n";
    const { files, log } = run(
      { 'apps/shop/src/main.ts': main, 'apps/shop/src/orders/orders.module.ts': source },
      { sourceRoot: 'apps/shop/src' },
    );

    const changed = files['apps/shop/src/orders/orders.module.ts'];
    expect(changed).toContain('@Module({ imports: [] })\nclass Inner');
    expect(changed).toContain('@Module({ imports: [MonitoringModule.forRoot(), Inner] })');
    expect(log).toEqual([
      'apps/shop/src/orders/orders.module.ts imports MonitoringModule, which serves /metrics, /health and /metrics-dashboard.',
    ]);
  });

  it.each([
    ['is imported by default', "import AppModule from './root';"],
    ['has the extension of TypeScript', "import { AppModule } from './root.ts';"],
    ['is imported from the root folder', "import { AppModule } from 'src/root';"],
    ['is beside another import', "import config, { AppModule } from './root';"],
    [
      'was another one before',
      "/*\nimport { AppModule } from './old';\n*/\nimport { AppModule } from './root';",
    ],
  ])('finds a root module that %s', (_, statement) => {
    const main = MAIN.replace("import { AppModule } from './app.module.js';", statement);
    const source =
      "import { Module } from '@nestjs/common';\n\n@Module({})\nexport default class AppModule {}\n";
    const { files } = run({ 'src/main.ts': main, 'src/root.ts': source });

    expect(files['src/root.ts']).toContain('MonitoringModule.forRoot()');
  });

  it('writes no import statement into a comment', () => {
    const comment = "/*\nimport { Module } from '@nestjs/common';\n*/\n";
    const rest = "import { Module } from '@nestjs/common';\n\n@Module({})\nexport class AppModule {}\n";
    const { files } = run({ 'src/app.module.ts': comment + rest });

    expect(files['src/app.module.ts']).toBe(
      `${comment}import { Module } from '@nestjs/common';\nimport { MonitoringModule } from 'nestjs-monitoring';\n\n@Module({ imports: [MonitoringModule.forRoot()] })\nexport class AppModule {}\n`,
    );
  });

  it('adds the module where only its import statement is there', () => {
    const source =
      "import { Module } from '@nestjs/common';\nimport { MonitoringModule } from 'nestjs-monitoring';\n\n@Module({})\nexport class AppModule {}\n";
    const { files } = run({ 'src/app.module.ts': source });

    expect(files['src/app.module.ts']).toBe(
      source.replace('@Module({})', '@Module({ imports: [MonitoringModule.forRoot()] })'),
    );
  });

  it('changes nothing where the module has another name', () => {
    const source =
      "import { Module } from '@nestjs/common';\nimport { MonitoringModule as Monitoring } from 'nestjs-monitoring';\n\n@Module({ imports: [Monitoring.forRoot()] })\nexport class AppModule {}\n";
    const { files, log } = run({ 'src/app.module.ts': source });

    expect(files['src/app.module.ts']).toBe(source);
    expect(log).toEqual(['src/app.module.ts imports MonitoringModule already.']);
  });

  it('changes nothing the second time', () => {
    const source = "import { Module } from '@nestjs/common';\n\n@Module({})\nexport class AppModule {}\n";
    const { files } = run({ 'src/main.ts': MAIN, 'src/app.module.ts': source });
    const again = run(files);

    expect(files['src/app.module.ts']).not.toBe(source);
    expect(again.files).toEqual(files);
    expect(again.log).toEqual(['src/app.module.ts imports MonitoringModule already.']);
  });

  const head = "import { Module } from '@nestjs/common';\n";
  it.each([
    ['@Module(metadata)\nexport class AppModule {}', 'the argument of @Module() is not an object literal'],
    [
      '@Module({ imports: modules })\nexport class AppModule {}',
      'the imports of the module are not an array literal',
    ],
    [
      '@Module({ imports: [A].concat(b) })\nexport class AppModule {}',
      'the imports of the module are not an array literal',
    ],
    ['@Module({ imports })\nexport class AppModule {}', 'the imports of the module are not an array literal'],
    ['@Module({ ...base })\nexport class AppModule {}', 'the imports of the module cannot be determined'],
    [
      "@Module({ 'imports': [A] })\nexport class AppModule {}",
      'the imports of the module cannot be determined',
    ],
    ['@Module({})\nexport class OtherModule {}', 'it has no @Module() class AppModule'],
    ['@Module({\nexport class AppModule {}', 'it has no @Module() class AppModule'],
    ['', 'it has no @Module() class AppModule'],
    [
      "import { MonitoringModule } from './monitoring';\n@Module({})\nexport class AppModule {}",
      'the name MonitoringModule is in use',
    ],
  ])('says what to paste, and changes nothing, for %j', (body, reason) => {
    const { files, log } = run({ 'src/app.module.ts': head + body });

    expect(files['src/app.module.ts']).toBe(head + body);
    expect(log).toEqual([
      expect.stringContaining(`not imported into src/app.module.ts: ${reason}. Add it by hand:`),
    ]);
    expect(log[0]).toContain('imports: [MonitoringModule.forRoot()]');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['there is no root module', {}, 'there is no src/app.module.ts'],
    [
      'Module is imported in another way',
      {
        'src/app.module.ts':
          "import * as nest from '@nestjs/common';\n@Module({})\nexport class AppModule {}\n",
      },
      'it does not import Module from @nestjs/common',
    ],
  ])('says what to paste if %s', (_, files, reason) => {
    const result = run(files);

    expect(result.files).toEqual(files);
    expect(result.log[0]).toContain(reason);
    expect(result.log[0]).toContain('Add it by hand');
  });
});
