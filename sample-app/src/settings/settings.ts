import { createRequire } from 'node:module';

export const ADAPTERS = ['express', 'fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

export const DEMO_API_KEY = 'demo-api-key';

/** Everything that the environment decides, read once and checked. */
export abstract class Settings {
  abstract readonly host: string;
  abstract readonly port: number;
  abstract readonly adapter: Adapter;
  /** Where PostgreSQL is; without it, the embedded database is used. */
  abstract readonly databaseUrl: string | undefined;
  /** Where Redis is; without it, the cache and the queue of receipts are in memory. */
  abstract readonly redisUrl: string | undefined;
  abstract readonly paymentsApiKey: string;
}

/** @throws {Error} saying which variable is wrong, what it is and what it should be */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    host: env['HOST'] || '127.0.0.1',
    port: readPort(env['PORT'] || '3000'),
    adapter: readAdapter(env['ADAPTER'] || 'express'),
    databaseUrl: readDatabaseUrl(env['DATABASE_URL'] || undefined),
    redisUrl: readRedisUrl(env['REDIS_URL'] || undefined),
    paymentsApiKey: env['PAYMENTS_API_KEY'] || DEMO_API_KEY,
  };
}

function readPort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) {
    throw new Error(`expected PORT to be a whole number from 0 to 65535, got "${value}".`);
  }
  return port;
}

function readAdapter(value: string): Adapter {
  const adapter = ADAPTERS.find((name) => name === value);
  if (adapter === undefined) {
    throw new Error(`expected ADAPTER to be ${ADAPTERS.join(' or ')}, got "${value}".`);
  }
  return adapter;
}

function readDatabaseUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  // The value is not repeated: it may hold a password.
  if (!URL.canParse(value) || !['postgres:', 'postgresql:'].includes(new URL(value).protocol)) {
    throw new Error('expected DATABASE_URL to look like postgres://user:password@host:5432/database.');
  }
  if (!isInstalled('pg')) throw new Error('DATABASE_URL needs the package pg. Run "npm install pg".');
  return value;
}

function readRedisUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  // The value is not repeated: it may hold a password.
  if (!URL.canParse(value) || !['redis:', 'rediss:'].includes(new URL(value).protocol)) {
    throw new Error('expected REDIS_URL to look like redis://user:password@host:6379.');
  }
  if (!isInstalled('@keyv/redis')) {
    throw new Error('REDIS_URL needs the package @keyv/redis. Run "npm install @keyv/redis".');
  }
  return value;
}

function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(packageName);
    return true;
  } catch {
    return false;
  }
}
