/**
 * The state of the page, which is in the fragment of its address: `#/area/item/item?name=value`. It has no credentials and
 * no data, so an address can be sent to somebody else, who then sees the same.
 *
 * @typedef {{ area: string, items: string[], parameters: URLSearchParams }} Address
 */

/** The parameters that a link to another area keeps. */
const KEPT = ['range', 'from', 'to', 'compare', 'utc', 'instance', 'kiosk'];

/** The value of the parameter `instance` that asks for the process that serves the page. */
export const THIS_PROCESS = '@process';

/** Returns the address of a fragment such as `#/routes/GET/%2Fdeals?range=300000`. */
export function addressOf(fragment) {
  const [path = '', query = ''] = splitAt(fragment.replace(/^#?\/?/, ''), '?');
  const [area = 'now', ...items] = path.split('/').filter(Boolean).map(decoded);
  return { area, items, parameters: new URLSearchParams(query) };
}

/** Returns the fragment of an address, for `href` and `location.hash`. */
export function fragmentOf({ area, items, parameters }) {
  const query = String(parameters);
  return `#/${[area, ...items].map(encodeURIComponent).join('/')}${query === '' ? '' : `?${query}`}`;
}

/** Returns the fragment of a place without parameters, for `href`. */
export function hrefOf(area, ...items) {
  return fragmentOf({ area, items, parameters: '' });
}

/** Returns the fragment of a place in which all figures are those of one instance, for `href`. */
export function instanceHref(instance, area, ...items) {
  return fragmentOf({ area, items, parameters: new URLSearchParams({ instance }) });
}

/** Returns the parameters that a link to another place keeps. */
export function keptParameters(parameters) {
  return new URLSearchParams([...parameters].filter(([name]) => KEPT.includes(name)));
}

/** The name of an operation that is a request. */
const REQUEST = /^([A-Z][A-Z-]*) (\/.*|<\w+>)$/;

/** Returns the method and the route of a request by the name of its operation; undefined for any other operation. */
export function routeOf(name) {
  const [, method, route] = REQUEST.exec(name) ?? [];
  return method === undefined ? undefined : { method, route };
}

/** Returns the fragment of the page of a route. */
export function routeHref({ method, route }) {
  return hrefOf('routes', method, route);
}

/** Returns the fragment of the place with the records of an operation: the page of its route, or the list of all. */
export function operationHref(name) {
  const route = routeOf(name);
  return route === undefined ? hrefOf('errors', 'operations') : routeHref(route);
}

function splitAt(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** Returns the decoded text; the text itself if it is not encoded well. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
