import {
  ProfileError,
  type ProfileFormat,
  type ProfileKind,
  type ProfileRefusal,
} from '../diagnostics/profiles/profile.js';
import type { Profiles } from '../diagnostics/profiles/profiles.js';
import type { Endpoint } from '../http/endpoint.js';
import { StreamBody } from '../http/stream-body.js';
import {
  ApiError,
  DashboardActionEndpoint,
  type DashboardFile,
  DashboardFileEndpoint,
  DashboardReadEndpoint,
} from './dashboard-api.endpoints.js';

const STATUS: Readonly<Record<ProfileRefusal, number>> = {
  invalid: 400,
  disabled: 403,
  unknown: 404,
  busy: 409,
  failed: 500,
  closed: 503,
  'no headroom': 507,
};

/** Returns the endpoints that list, capture and return profiles. */
export function profileEndpoints(
  path: string,
  overridable: boolean,
  profiles: Profiles,
  hasAuth: boolean,
): Endpoint[] {
  const all = `${path}/api/diagnostics/profiles`;
  const list = async (): Promise<unknown> => {
    const overview = await answered(profiles.overview());
    return { ...overview, canCapture: hasAuth && overview.isEnabled };
  };
  const start = async ({ kind, seconds, reason }: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const { running } = await profiles.start(kind as ProfileKind, {
      ...(seconds !== undefined && { seconds: seconds as number }),
      ...(reason !== undefined && { reason: reason as string }),
    });
    return running;
  };
  const read = async (query: URLSearchParams): Promise<DashboardFile> => {
    const format = (query.get('format') as ProfileFormat | null) ?? undefined;
    const { name, contentType, bytes, open } = await profiles.read(query.get('name') ?? '', {
      ...(format !== undefined && { format }),
    });
    return { name, contentType, body: new StreamBody(bytes, open, profiles.signal) };
  };
  return [
    new DashboardReadEndpoint(all, overridable, list),
    new DashboardActionEndpoint(all, overridable, hasAuth, (body) => answered(start(body))),
    new DashboardFileEndpoint(`${path}/api/diagnostics/profile`, overridable, hasAuth, (query) =>
      answered(read(query)),
    ),
  ];
}

/** Returns the answer; the refusal of a profile becomes an error of the API. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProfileError) throw new ApiError(STATUS[error.refusal], error.message);
    throw error;
  }
}
