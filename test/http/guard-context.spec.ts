import { describe, expect, it } from '@jest/globals';
import { type CanActivate, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';

const ROLES = 'roles';

describe.each(ADAPTERS)('the execution context of a guard for our endpoints on %s', (adapter) => {
  /** What the guard sees of a request for the metrics. */
  async function seen<T>(look: (context: ExecutionContext) => T): Promise<T> {
    const found: T[] = [];
    const guard: CanActivate = {
      canActivate(context) {
        found.push(look(context));
        return true;
      },
    };
    const app = await startApp(
      adapter,
      FixtureModule.with({ ...WITHOUT_COLLECTORS, endpoints: { auth: { guard } } }),
    );
    const { status } = await app.get('/metrics?a=1', { headers: { 'x-who': 'me' } });
    await app.close();
    const [first] = found;
    if (status !== 200 || first === undefined) throw new Error(`the guard failed: ${status}`);
    return first;
  }

  it('has the request of the framework, as for a route of the application', async () => {
    const said = await seen((context) => {
      const http = context.switchToHttp();
      const request = http.getRequest<{ headers: object; url: string; query: object }>();
      return {
        type: context.getType(),
        headers: request.headers,
        url: request.url,
        query: { ...request.query },
        same: context.getArgByIndex(0) === request && context.getArgs()[0] === request,
        hasResponse: typeof http.getResponse<{ send: unknown }>().send,
      };
    });

    expect(said).toMatchObject({
      type: 'http',
      headers: { 'x-who': 'me' },
      url: '/metrics?a=1',
      query: { a: '1' },
      same: true,
      hasResponse: 'function',
    });
  });

  it('has a class and a handler without metadata, so that a guard by roles finds none', async () => {
    const roles = await seen(
      (context) =>
        new Reflector().getAllAndOverride<string[] | undefined>(ROLES, [
          context.getHandler(),
          context.getClass(),
        ]) ?? 'none',
    );

    expect(roles).toBe('none');
    class Routed {}
    SetMetadata(ROLES, ['admin'])(Routed);
    expect(new Reflector().get<string[]>(ROLES, Routed)).toEqual(['admin']);
  });

  it('throws on switchToRpc() and switchToWs()', async () => {
    const refusals = await seen((context) =>
      [() => context.switchToRpc(), () => context.switchToWs()].map((use) => {
        try {
          return String(use());
        } catch (error) {
          return error instanceof Error ? error.message : 'no error';
        }
      }),
    );

    const refusal = 'The endpoints of nestjs-monitoring are HTTP endpoints; use switchToHttp().';
    expect(refusals).toEqual([refusal, refusal]);
  });
});
