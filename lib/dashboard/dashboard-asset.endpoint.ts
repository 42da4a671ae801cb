import { gzipSync } from 'node:zlib';
import type { Endpoint, EndpointReply, EndpointRequest } from '../http/endpoint.js';

/** A policy that allows no foreign and no inline resources. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A static file of the page. It needs no credentials, since it contains no data of the application. */
export class DashboardAssetEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = false;
  private readonly compressed: Buffer;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly content: string,
    private readonly contentType: string,
  ) {
    this.compressed = gzipSync(content);
  }

  handle({ headers }: EndpointRequest): EndpointReply {
    const acceptsGzip = /\bgzip\b/.test(headers['accept-encoding']?.toString() ?? '');
    return {
      status: 200,
      headers: {
        'content-type': this.contentType,
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
        ...(acceptsGzip && { 'content-encoding': 'gzip' }),
      },
      body: acceptsGzip ? this.compressed : this.content,
    };
  }
}
