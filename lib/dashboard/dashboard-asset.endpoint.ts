import { gzipSync } from 'node:zlib';
import type { Endpoint, EndpointReply, EndpointRequest } from '../http/endpoint.js';

/** A policy that allows no foreign and no inline resources. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A static file of the page. It needs no credentials, since it contains no data of the application. */
export class DashboardAssetEndpoint implements Endpoint {
  readonly option = 'dashboard';
  readonly restricted = false;
  private content: string | undefined;
  private compressed: Buffer | undefined;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly read: () => string,
    private readonly contentType: string,
  ) {}

  handle({ headers }: EndpointRequest): EndpointReply {
    const content = (this.content ??= this.read());
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
      body: acceptsGzip ? (this.compressed ??= gzipSync(content)) : content,
    };
  }
}
