import { describe, expect, it } from '@jest/globals';
import { DashboardPageEndpoint } from '../../lib/dashboard/dashboard-page.endpoint.js';
import { readPage } from '../../lib/dashboard/page-files.js';
import { type EndpointReply, type EndpointRequest, jsonReply } from '../../lib/http/endpoint.js';

function open(path: string, refusal?: EndpointReply): Promise<EndpointReply> {
  const request = { path, refusal: () => Promise.resolve(refusal) } as unknown as EndpointRequest;
  return new DashboardPageEndpoint('dashboard', false, readPage).handle(request);
}

describe('the document of the dashboard', () => {
  it.each([
    ['/metrics-dashboard', 'metrics-dashboard/'],
    ['/metrics-dashboard/', './'],
    ['/shop/ops/dashboard', 'dashboard/'],
  ])('names its files and its first data relative to %s', async (path, base) => {
    const { status, body } = await open(path);
    expect(status).toBe(200);
    expect(body).toContain(`src="${base}dashboard.js"`);
    expect(body).toContain(
      `<link id="first" rel="preload" href="${base}api/overview" as="fetch" crossorigin="anonymous" />`,
    );
    expect(body).not.toContain('{{');
  });

  it('asks for no data of somebody who has to sign in first', async () => {
    const refusal = { ...jsonReply(401, {}), headers: { 'www-authenticate': 'Bearer' } };
    const { status, headers, body } = await open('/metrics-dashboard', refusal);
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).not.toContain('preload');
    expect(body).not.toContain('{{');
  });
});
