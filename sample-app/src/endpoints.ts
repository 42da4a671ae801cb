import type { EndpointsOptions } from 'nestjs-monitoring';

/** Where the monitoring endpoints are: beside the application, or apart from it, and who may see them. */
export function endpointsFrom(env: NodeJS.ProcessEnv): EndpointsOptions {
  const port = env['MONITORING_PORT'];
  const bearerToken = env['MONITORING_TOKEN'];
  return {
    ...(port && { listen: { port: Number(port), host: env['MONITORING_HOST'] || '127.0.0.1' } }),
    ...(bearerToken && { auth: { bearerToken } }),
  };
}
