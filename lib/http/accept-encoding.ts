/**
 * Returns true if an `Accept-Encoding` header allows gzip.
 *
 * @see RFC 9110, section 12.5.3
 */
export function acceptsGzip(header: string | undefined): boolean {
  const qualities = qualitiesOf(header);
  return (qualities.get('gzip') ?? qualities.get('x-gzip') ?? qualities.get('*') ?? 0) > 0;
}

/** Returns true if an `Accept-Encoding` header names Brotli and allows it. */
export function acceptsBrotli(header: string | undefined): boolean {
  return (qualitiesOf(header).get('br') ?? 0) > 0;
}

/** Returns the quality of each coding of a header; the highest, if a coding is named twice. */
function qualitiesOf(header = ''): ReadonlyMap<string, number> {
  const qualities = new Map<string, number>();
  for (const part of header.split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const text = parameters.find((parameter) => parameter.startsWith('q='))?.slice('q='.length);
    const q = Number(text?.replace(/^"(.*)"$/, '$1') ?? 1);
    qualities.set(coding, Math.max(q >= 0 && q <= 1 ? q : 0, qualities.get(coding) ?? 0));
  }
  return qualities;
}
