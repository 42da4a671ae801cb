import type { TypeOrmModuleOptions } from '@nestjs/typeorm';

const SHARED = {
  autoLoadEntities: true,
  // A demonstration makes its own tables; a real application has migrations.
  synchronize: true,
  retryAttempts: 3,
  retryDelay: 1_000,
};

/** An embedded database that lives as long as the process, or PostgreSQL if there is an address. */
export function databaseOptions(databaseUrl: string | undefined): TypeOrmModuleOptions {
  return databaseUrl === undefined
    ? { ...SHARED, type: 'sqljs' }
    : { ...SHARED, type: 'postgres', url: databaseUrl };
}
