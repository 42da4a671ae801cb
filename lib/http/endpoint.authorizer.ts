import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type CanActivate, type ExecutionContext, HttpException, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { firstValueFrom, isObservable } from 'rxjs';
import { type EndpointReply, jsonReply } from './endpoint.js';

/** Who may see the metrics, the dashboard and the details of health: one of three ways. */
export type EndpointAuth =
  | { readonly bearerToken: string; readonly basic?: never; readonly guard?: never }
  | {
      readonly basic: { readonly username: string; readonly password: string };
      readonly bearerToken?: never;
      readonly guard?: never;
    }
  | {
      /** A guard of the application: a class, made with its dependencies, or an instance. */
      readonly guard: Type<CanActivate> | CanActivate;
      readonly bearerToken?: never;
      readonly basic?: never;
    };

/** Decides whether a request may pass, by the credentials in the options or a guard of the application. */
export class EndpointAuthorizer {
  private guard: CanActivate | undefined;

  constructor(
    private readonly auth: EndpointAuth | undefined,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** Whether a guard decides, by whatever it looks at. */
  get asksGuard(): boolean {
    return this.auth?.guard !== undefined;
  }

  /** Makes the guard, if one was given as a class. */
  async prepare(): Promise<void> {
    const given = this.auth?.guard;
    if (given === undefined) return;
    this.guard = typeof given === 'function' ? await this.guardOf(given) : given;
  }

  /** @returns what to answer instead; undefined if the request may pass */
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
      const answer = await this.guard?.canActivate(context);
      const allowed = isObservable(answer) ? await firstValueFrom(answer) : answer;
      return allowed === true ? undefined : errorReply(403, 'Forbidden');
    } catch (error) {
      return replyTo(error);
    }
  }

  private async guardOf(guard: Type<CanActivate>): Promise<CanActivate> {
    try {
      return this.moduleRef.get(guard, { strict: false });
    } catch {
      // No module provides it: it is made here, with whatever it asks for.
      return this.moduleRef.create(guard);
    }
  }
}

function basicCredentials({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Compares in a time that tells nothing of where the two differ, nor of their lengths. */
function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digestOf(canonicalScheme(given)), digestOf(expected));
}

/** The name of the scheme is the same in any case. */
function canonicalScheme(authorization: string): string {
  return authorization.replace(/^bearer +/i, 'Bearer ').replace(/^basic +/i, 'Basic ');
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The answer to what a guard threw; what is not an HTTP error of the client or the server is an internal one. */
function replyTo(error: unknown): EndpointReply {
  if (!(error instanceof HttpException)) return errorReply(500, 'Internal Server Error');
  const status: unknown = error.getStatus();
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599) {
    return errorReply(500, 'Internal Server Error');
  }
  const reply = errorReply(status, error.message);
  return status === 401 ? withHeader(reply, 'www-authenticate', 'Bearer') : reply;
}

function errorReply(statusCode: number, message: string): EndpointReply {
  return jsonReply(statusCode, { statusCode, message });
}

function withHeader(reply: EndpointReply, name: string, value: string): EndpointReply {
  return { ...reply, headers: { ...reply.headers, [name]: value } };
}
