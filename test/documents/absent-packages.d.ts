// As much as the snippets of the documents use of packages that this repository does not install.

declare module '@prisma/adapter-pg' {
  export class PrismaPg {
    readonly provider: 'postgres';
    constructor(options: { connectionString?: string | undefined });
  }
}

declare module '*/generated/prisma/client' {
  export { PrismaClient } from '*/generated/prisma/client.js';
}

declare module '*/generated/prisma/client.js' {
  export class PrismaClient {
    constructor(options: {
      adapter: { readonly provider: 'postgres' };
      log?: readonly { emit: 'event' | 'stdout'; level: 'query' | 'info' | 'warn' | 'error' }[];
    });
    $connect(): Promise<void>;
  }
}

declare module '@nestjs/mongoose' {
  import type { DynamicModule } from '@nestjs/common';
  import type { ConnectOptions } from 'mongoose';

  export class MongooseModule {
    static forRoot(uri: string, options?: ConnectOptions): DynamicModule;
  }
}

declare module 'aws-lambda' {
  export interface Context {
    readonly awsRequestId: string;
    getRemainingTimeInMillis(): number;
  }
  export type Callback<R> = (error?: Error | string | null, result?: R) => void;
  export type Handler<E = any, R = any> = (
    event: E,
    context: Context,
    callback: Callback<R>,
  ) => void | Promise<R>;
}
