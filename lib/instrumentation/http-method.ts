import { OTHER_METHOD } from '../metrics/label-values.js';

/** Methods with a label value of their own: those of RFC 9110 and PATCH. */
const KNOWN_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'];

/** Returns the label value of an HTTP method. */
export function methodLabel(method: string): string {
  return KNOWN_METHODS.includes(method) ? method : OTHER_METHOD;
}
