import { describe, expect, it } from '@jest/globals';
import fastify, { type FastifyRequest } from 'fastify';
import { FastifyRoutes, type FastifyRequestLike } from '../../../lib/instrumentation/http/fastify-routes.js';

function templateOf(routes: FastifyRoutes, request: FastifyRequest): string {
  return routes.templateOf(request as unknown as FastifyRequestLike);
}

describe('the routes of Fastify', () => {
  it('are told by their templates, also after a hook has passed a request to the handler of unknown routes', async () => {
    const routes = new FastifyRoutes();
    const seen: string[] = [];
    const app = fastify({ exposeHeadRoutes: true });
    app.addHook('onResponse', async (request) => void seen.push(templateOf(routes, request)));
    app.get('/users/:id', async () => 'user');
    app.get('/users/:id', { constraints: { version: '2.0.0' } }, async () => 'user of version 2');
    app.get('/gone', (_request, reply) => reply.callNotFound());
    app.get('/', async () => 'root');
    const asked = ['/users/1', '/users/2', '/', '/none', '/gone', '/users/3'];
    for (const url of asked) await app.inject(url);
    await app.inject({ url: '/users/4', headers: { 'accept-version': '2.0.0' } });
    await app.inject({ url: '/users/5', method: 'HEAD' });
    expect(seen).toEqual(['/users/:id', '/users/:id', '/', '', '', '/users/:id', '/users/:id', '/users/:id']);
    await app.close();
  });

  it('are read once for each route', async () => {
    const routes = new FastifyRoutes();
    const app = fastify();
    let reads = 0;
    app.get('/users/:id', async (request) => {
      const counting = new Proxy(request, {
        get(target, key) {
          if (key === 'routeOptions') reads++;
          return Reflect.get(target, key, target) as unknown;
        },
      });
      return templateOf(routes, counting);
    });
    for (let i = 0; i < 3; i++) expect((await app.inject(`/users/${i}`)).body).toBe('/users/:id');
    expect(reads).toBe(1);
    await app.close();
  });

  it('are read each time from a version of Fastify that keeps them elsewhere, or has none', () => {
    const routes = new FastifyRoutes();
    expect(routes.templateOf({ routeOptions: { url: '/a' } })).toBe('/a');
    expect(routes.templateOf({ routeOptions: { url: '/b' } })).toBe('/b');
    expect(routes.templateOf({})).toBe('');
    expect(routes.templateOf({ routeOptions: {}, [Symbol('fastify.context')]: 'text' })).toBe('');
  });
});
