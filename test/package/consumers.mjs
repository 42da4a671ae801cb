import { COMMONJS_COMPILATIONS, ESM_COMPILATIONS } from './compilers.mjs';

/** The major versions of Node that the applications start on, beside the one that runs the checks. */
export const OTHER_NODES = [22, 24];

/** @type {import('./start.mjs').Start[]} */
const STARTS = [
  { title: 'Express', script: 'built/main.js', env: { ADAPTER: 'express' } },
  { title: 'Fastify', script: 'built/main.js', env: { ADAPTER: 'fastify' } },
];
/** @type {import('./start.mjs').Start[]} */
const COMMONJS_STARTS = [...STARTS, { title: 'plain require', script: 'main.cjs' }];

/** @type {import('./start.mjs').Start[]} */
const SLASH_STARTS = [
  {
    title: 'Fastify with ignoreTrailingSlash',
    script: 'built/main.js',
    env: {
      ADAPTER: 'fastify',
      FASTIFY: '{"ignoreTrailingSlash":true}',
      // Fastify would rather have it among `routerOptions`.
      NODE_OPTIONS: '--disable-warning=FSTDEP022',
    },
    ignoresTrailingSlash: true,
    onEveryNode: false,
  },
  {
    title: 'Fastify with routerOptions',
    script: 'built/main.js',
    env: { ADAPTER: 'fastify', FASTIFY: '{"routerOptions":{"ignoreTrailingSlash":true}}' },
    ignoresTrailingSlash: true,
    onEveryNode: false,
  },
];

/**
 * The applications that the package is installed into.
 *
 * @type {import('./consumer.mjs').Consumer[]}
 */
export const CONSUMERS = [
  {
    name: 'nest-12-esm',
    sources: 'esm',
    type: 'module',
    dependencies: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/microservices': '12.1.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/platform-fastify': '12.5.0',
      // The declarations of Nest's Express adapter import it.
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      typescript: '6.0.3',
    },
    compilations: ESM_COMPILATIONS,
    starts: [...STARTS, ...SLASH_STARTS],
    withoutHttp: true,
    reloads: 'built/main.js',
  },
  {
    name: 'nest-12-commonjs',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '12.5.1',
      '@nestjs/core': '12.5.1',
      '@nestjs/platform-express': '12.5.1',
      '@nestjs/platform-fastify': '12.5.0',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      typescript: '5.9.3',
    },
    starts: COMMONJS_STARTS,
  },
  {
    name: 'nest-11-commonjs',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/microservices': '11.2.6',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/platform-fastify': '11.2.8',
      '@nestjs/testing': '11.2.6',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      jest: '30.5.2',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      'ts-jest': '29.4.15',
      typescript: '5.9.3',
    },
    jest: true,
    compilations: COMMONJS_COMPILATIONS,
    withoutHttp: true,
    starts: [...COMMONJS_STARTS, ...SLASH_STARTS],
  },
  {
    name: 'nest-11-pnpm',
    manager: 'pnpm',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@jest/globals': '30.5.2',
      '@nestjs/common': '11.2.10',
      '@nestjs/core': '11.2.10',
      '@nestjs/platform-express': '11.2.10',
      '@nestjs/platform-fastify': '11.2.8',
      '@nestjs/testing': '11.2.6',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      jest: '30.5.2',
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
      'ts-jest': '29.4.15',
      typescript: '5.9.3',
    },
    jest: true,
    forBundlers: false,
    starts: COMMONJS_STARTS.map((start) => ({ ...start, onEveryNode: false })),
  },
  {
    // The oldest of everything that the package says it works with.
    name: 'nest-11-oldest',
    sources: 'commonjs',
    type: 'commonjs',
    dependencies: {
      '@nestjs/common': '11.0.0',
      '@nestjs/core': '11.0.0',
      '@nestjs/platform-express': '11.0.0',
      '@nestjs/platform-fastify': '11.0.3',
      '@types/express': '5.0.6',
      '@types/node': '20.19.43',
      'reflect-metadata': '0.1.12',
      rxjs: '7.1.0',
      typescript: '5.9.3',
    },
    // The oldest rxjs has no types for them.
    forBundlers: false,
    starts: COMMONJS_STARTS,
  },
];
