import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type CanActivate, type ExecutionContext, HttpException, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { firstValueFrom, isObservable } from 'rxjs';
import { type EndpointReply, errorReply } from './endpoint.js';

/** Protection of the metrics, the dashboard and the health details: a bearer token, basic authentication or a guard. */
export type EndpointAuth =
  | { readonly bearerToken: string; readonly basic?: never; readonly guard?: never }
  | {
      readonly basic: { readonly username: string; readonly password: string };
      readonly bearerToken?: never;
      readonly guard?: never;
    }
  | {
      /** Guard of the application, as an instance or a class; a class is instantiated with its dependencies. */
      readonly guard: Type<CanActivate> | CanActivate;
      readonly bearerToken?: never;
      readonly basic?: never;
    };

/** The authorization of requests, by the credentials in the options or a guard of the application. */
export class EndpointAuthorizer {
  private guard: CanActivate | undefined;

  constructor(
    private readonly auth: EndpointAuth | undefined,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** True if a guard of the application decides. */
  get usesGuard(): boolean {
    return this.auth?.guard !== undefined;
  }

  /** Instantiates a guard that was given as a class. */
  async prepare(): Promise<void> {
    const given = this.auth?.guard;
    if (given === undefined) return;
    this.guard = typeof given === 'function' ? await this.guardOf(given) : given;
  }

  /** Checks a request. @returns the reply to an unauthorized request; undefined if it is authorized */
  async refusal(headers: IncomingHttpHeaders, context: ExecutionContext): Promise<EndpointReply | undefined> {
    const { auth } = this;
    if (auth === undefined) return undefined;
    if (auth.guard !== undefined) return this.refusalByGuard(context);
    const expected = auth.basic === undefined ? `Bearer ${auth.bearerToken}` : basicCredentials(auth.basic);
    if (sameSecret(headers.authorization ?? '', expected)) return undefined;
    const challenge =
      auth.basic === undefined ? 'Bearer realm="monitoring"' : 'Basic realm="monitoring", charset="UTF-8"';
    return withHeader(errorReply(401, 'Unauthorized'), 'www-authenticate', challenge);
  }

  private async refusalByGuard(context: ExecutionContext): Promise<EndpointReply | undefined> {
    try {
      const result = await this.guard?.canActivate(context);
      const allowed = isObservable(result) ? await firstValueFrom(result) : result;
      return allowed === true ? undefined : errorReply(403, 'Forbidden');
    } catch (error) {
      return replyTo(error);
    }
  }

  private async guardOf(guard: Type<CanActivate>): Promise<CanActivate> {
    try {
      return this.moduleRef.get(guard, { strict: false });
    } catch {
      // No module provides the guard, so it is instantiated here with its dependencies.
      return this.moduleRef.create(guard);
    }
  }
}

function basicCredentials({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Compares two secrets in constant time, regardless of their lengths. */
function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digestOf(canonicalScheme(given)), digestOf(expected));
}

/** Normalizes the scheme, which is case-insensitive. */
function canonicalScheme(authorization: string): string {
  return authorization.replace(/^bearer +/i, 'Bearer ').replace(/^basic +/i, 'Basic ');
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Returns the reply to an error of a guard: the status of an HTTP exception, 500 for any other error. */
function replyTo(error: unknown): EndpointReply {
  if (!(error instanceof HttpException)) return errorReply(500, 'Internal Server Error');
  const status: unknown = error.getStatus();
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599) {
    return errorReply(500, 'Internal Server Error');
  }
  const reply = errorReply(status, error.message);
  return status === 401 ? withHeader(reply, 'www-authenticate', 'Bearer') : reply;
}

function withHeader(reply: EndpointReply, name: string, value: string): EndpointReply {
  return { ...reply, headers: { ...reply.headers, [name]: value } };
}
